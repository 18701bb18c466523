"""Figures that are computed from observations, each with its method and source."""
