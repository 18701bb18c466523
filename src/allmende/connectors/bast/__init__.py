"""Hourly counts of road traffic of the BASt."""
