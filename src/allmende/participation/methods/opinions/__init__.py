"""Opinion groups among votes on statements, after the method of Polis."""
