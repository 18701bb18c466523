"""Numbers in addresses of pages: what is greater than a database can look for is simply not there."""

from django.urls.converters import IntConverter

from allmende.kernel.ids import WHOLE

KIND = "number"


class NumberConverter(IntConverter):
    """A whole number of so many digits at most."""

    regex = WHOLE.pattern
