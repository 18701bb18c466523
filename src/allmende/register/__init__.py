"""Data ethics as people see it: principles, purposes, rules, data uses."""
