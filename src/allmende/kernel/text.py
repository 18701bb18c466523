"""A sentence that exists in German and in English."""

from typing import Literal

import msgspec

Language = Literal["de", "en"]
LANGUAGES: tuple[Language, ...] = ("de", "en")


class Text(msgspec.Struct, frozen=True):
    """Hold the same statement in both languages; both are mandatory."""

    de: str
    en: str

    def __post_init__(self) -> None:
        """Refuse a half-translated text."""
        if not self.de.strip() or not self.en.strip():
            raise ValueError("a text needs both languages, German and English")

    def within(self, language: str) -> str:
        """Give the wording for a language code such as ``de``, ``en`` or ``en-gb``; German otherwise."""
        return self.en if language.startswith("en") else self.de

    def filled(self, **params: object) -> "Text":
        """Give a copy with ``{name}`` places filled; a parameter that is a text is put in by its language."""
        return Text(
            self.de.format(**{name: value.de if isinstance(value, Text) else value for name, value in params.items()}),
            self.en.format(**{name: value.en if isinstance(value, Text) else value for name, value in params.items()}),
        )
