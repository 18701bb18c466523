"""Votes on projects within a budget, by greedy choice and by the Method of Equal Shares."""
