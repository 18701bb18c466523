"""A small city pack of another package, for tests."""
