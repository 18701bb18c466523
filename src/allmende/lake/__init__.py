"""The lake: what the rules open for a class of recipients, as sorted Parquet files in an open layout."""
