"""Participation: processes, contributions, votes, answers, and the methods that evaluate them."""
