"""Effects: indicators with their definitions, values, targets and causes, and the city's statistics."""
