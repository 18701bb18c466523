"""The form of a transfer package: pure functions over bytes, without database."""
