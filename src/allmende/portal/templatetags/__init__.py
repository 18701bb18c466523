"""Filters of the portal's own pages."""
