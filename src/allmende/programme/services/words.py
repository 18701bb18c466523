"""Texts as pairs of columns."""

from allmende.kernel.text import Text


def pairs(**texts: Text | None) -> dict[str, str]:
    """Give the columns for texts; an unknown one is empty."""
    found: dict[str, str] = {}
    for name, text in texts.items():
        found |= {f"{name}_de": text.de if text else "", f"{name}_en": text.en if text else ""}
    return found
