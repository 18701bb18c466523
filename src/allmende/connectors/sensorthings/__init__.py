"""Observations of other SensorThings servers."""
