"""One folder for each kind of data source."""
