"""One folder for each public standard that the data process speaks."""
