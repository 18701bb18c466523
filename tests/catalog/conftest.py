"""The office's city, for the catalogue."""

from tests.office.conftest import city, content, empty_store, gate, programme

__all__ = ["city", "content", "empty_store", "gate", "programme"]
