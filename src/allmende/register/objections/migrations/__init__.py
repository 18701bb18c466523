"""Migrations of the objections."""
