"""Parking by the interface ParkAPI."""
