"""Entities and observations; only the gate may import it."""
