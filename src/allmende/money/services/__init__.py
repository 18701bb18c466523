"""Writes of money: actor first, one transaction, one audit entry."""
