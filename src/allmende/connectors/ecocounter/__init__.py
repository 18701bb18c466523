"""Bicycle counters of Eco-Counter."""
