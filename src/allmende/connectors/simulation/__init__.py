"""Simulated weather stations for demonstration, marked as simulated wherever they show."""
