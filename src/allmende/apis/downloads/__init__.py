"""Data sets to download: all series of one data set as CSV, Parquet, GeoJSON and Data Package."""
