"""Numbers in addresses: no greater than a database can look for, so that what is greater is simply not there."""

from django.urls.converters import IntConverter

KIND, DIGITS = "number", 18


class NumberConverter(IntConverter):
    """A whole number of so many digits at most."""

    regex = f"[0-9]{{1,{DIGITS}}}"
