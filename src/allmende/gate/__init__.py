"""The one door to observations: decide, act, record."""
