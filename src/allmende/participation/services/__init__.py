"""Writes of the participation, one module for each part."""
