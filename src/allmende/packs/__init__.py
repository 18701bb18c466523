"""One folder for each city."""
