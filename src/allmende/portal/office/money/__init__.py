"""Pages of the staff room about money."""
