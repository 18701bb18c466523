"""English as it is written in Europe: the day first, 24 hours."""
