"""The gate of this process, for slices and pages."""

from functools import cache

from django.conf import settings

from allmende.gate.door import Gate, open_gate


@cache
def gate() -> Gate:
    """Open the gate at first use, once in each process."""
    return open_gate(settings.ALLMENDE.store_url)
