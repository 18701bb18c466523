"""Money as whole cents, and shares that add up to the cent."""

import re
from fractions import Fraction
from typing import Self

import msgspec

from allmende.kernel.errors import ErrorCode, Invalid
from allmende.kernel.text import Text

BAD_AMOUNT = ErrorCode(
    "money.bad_amount",
    Text("„{value}“ ist kein Geldbetrag.", "“{value}” is not an amount of money."),
    Text(
        "Schreiben Sie zum Beispiel 1234567.89 oder 1.234.567,89.",
        "Write for example 1234567.89 or 1,234,567.89.",
    ),
)
BAD_SHARES = ErrorCode(
    "money.bad_shares",
    Text("Die Anteile ergeben zusammen nicht eins.", "The shares do not add up to one."),
    Text("Prüfen Sie die Anteile.", "Check the shares."),
)

_GERMAN = re.compile(r"[+-]?\d{1,3}(\.\d{3})*(,\d{1,2})?|[+-]?\d+,\d{1,2}")
_PLAIN = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d{1,2})?|[+-]?\d+(\.\d{1,2})?")


class Money(msgspec.Struct, frozen=True, order=True):
    """An amount in euro cents."""

    cents: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``1234.5``, ``1,234.50`` or the German ``1.234,50``; ``1.234`` is German for 1234 euros."""
        value = text.strip().removesuffix("€").removesuffix("EUR").strip()
        if _GERMAN.fullmatch(value) and ("," in value or "." in value):
            value = value.replace(".", "").replace(",", ".")
        elif _PLAIN.fullmatch(value):
            value = value.replace(",", "")
        else:
            raise Invalid(BAD_AMOUNT, value=text[:40])
        return cls(int(Fraction(value) * 100))

    def __add__(self, other: "Money") -> "Money":
        """Add two amounts."""
        return Money(self.cents + other.cents)

    def __sub__(self, other: "Money") -> "Money":
        """Subtract an amount."""
        return Money(self.cents - other.cents)

    def split(self, shares: list[Fraction]) -> list["Money"]:
        """Split by shares that add up to one, so that the parts add up to the cent (largest remainder).

        Ties go to the earlier share.
        """
        if sum(shares) != 1:
            raise Invalid(BAD_SHARES)
        exact = [self.cents * share for share in shares]
        floors = [value.numerator // value.denominator for value in exact]
        order = sorted(range(len(shares)), key=lambda i: (floors[i] - exact[i], i))
        for i in order[: self.cents - sum(floors)]:
            floors[i] += 1
        return [Money(cents) for cents in floors]

    def written(self, language: str) -> str:
        """Write with two decimals and the euro sign as the language does."""
        whole, cents = divmod(abs(self.cents), 100)
        sign = "−" if self.cents < 0 else ""
        grouped = f"{whole:,}"
        if language.startswith("en"):
            return f"{sign}€{grouped}.{cents:02d}"
        return f"{sign}{grouped.replace(',', '.')},{cents:02d} €"

    def in_millions(self, language: str, digits: int = 1) -> str:
        """Write as millions, rounded half up, for example ``14,6 Mio. €`` or ``€14.6 million``."""
        unit = 10 ** (8 - digits)
        scaled = (2 * abs(self.cents) + unit) // (2 * unit)
        whole, part = divmod(scaled, 10**digits)
        sign = "−" if self.cents < 0 else ""
        number = f"{whole}.{part:0{digits}d}" if digits else str(whole)
        if language.startswith("en"):
            return f"{sign}€{number} million"
        return f"{sign}{number.replace('.', ',')} Mio. €"
