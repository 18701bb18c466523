"""Writes of the programme."""

from allmende.programme.services.load import load_programme

__all__ = ["load_programme"]
