"""OGC API Features 1.0 and EDR 1.1 over stations and observations."""
