"""Shared vehicles by the General Bikeshare Feed Specification, as counts."""
