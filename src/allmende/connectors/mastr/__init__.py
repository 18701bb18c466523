"""Units of the core energy market register, as sums."""
