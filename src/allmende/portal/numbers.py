"""Numbers in addresses and forms: no greater than a database can look for; what is greater is simply not there."""

import re

from django.urls.converters import IntConverter

KIND, DIGITS = "number", 18
# Not isdigit(): that takes figures such as ², which are no number.
WHOLE = re.compile(f"[0-9]{{1,{DIGITS}}}")


class NumberConverter(IntConverter):
    """A whole number of so many digits at most."""

    regex = WHOLE.pattern


def number_of(text: str) -> int | None:
    """Give the number that a text writes; None when it is none."""
    return int(text) if WHOLE.fullmatch(text) else None
