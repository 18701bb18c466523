"""What runs connectors: reads their recipes, fetches, keeps raw replies, writes through the gate."""
