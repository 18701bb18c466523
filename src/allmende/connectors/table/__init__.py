"""Measurements from CSV tables, wide or long, described by a mapping."""
