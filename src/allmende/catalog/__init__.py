"""Datasets, licences, publishers and stations."""
