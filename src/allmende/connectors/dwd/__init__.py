"""Observations of the German weather service."""
