"""ChirpStack v4."""
