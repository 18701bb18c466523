"""Composition roots: settings, web, data, work and the tree of all three."""
