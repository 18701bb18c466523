"""Formats of participation: one folder each, with its phases and what people may do in them."""
