"""Short codes for signs: of a sensor from its short name, so that they stay as long as it does."""

import hashlib
from collections.abc import Iterable

from allmende.register.around import LETTERS

LENGTH = 7


def code_of(slug: str) -> str:
    """Give the code of a sensor: seven letters and figures that are not mistaken for others."""
    number = int.from_bytes(hashlib.sha256(f"sensor/{slug}".encode()).digest()[:8])
    return "".join(LETTERS[number >> (5 * place) & 31] for place in range(LENGTH))


def slug_of(code: str, slugs: Iterable[str]) -> str | None:
    """Give the sensor that a code means, as people type it; None where there is none."""
    wanted = code.lower().replace("o", "0").replace("i", "1").replace("l", "1")
    return next((slug for slug in slugs if code_of(slug) == wanted), None)
