"""What a project teaches, and how another city takes it over."""
