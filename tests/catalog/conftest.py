"""The office's city, for the catalogue."""

from tests.office.conftest import city, content, empty_store, gate, programme, sign_in

__all__ = ["city", "content", "empty_store", "gate", "programme", "sign_in"]
