"""Objections to a use of data and reports of breaches: filed without an account, answered in public."""
