"""The public log of what was decided about data: hashes, tiles, proofs, signatures; from bytes alone, no database."""
