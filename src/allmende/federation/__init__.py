"""Cities that show each other what they learned: what we offer, whom we follow, and what came of it."""
