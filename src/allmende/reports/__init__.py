"""Reports: drafted, approved by a second person, then frozen with their hash."""
