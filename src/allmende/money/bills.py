"""Which bills are there already: one that still stands is not entered again, one that was taken back may be."""

from collections.abc import Collection

import msgspec

from allmende.money.models import Invoice

AT_ONCE = 5_000


class Entered(msgspec.Struct, frozen=True):
    """How often a bill was entered, and whether it still stands."""

    times: int
    stands: bool


def entered(keys: Collection[str]) -> dict[str, Entered]:
    """Give which of some bills are there; ``keys`` are those of ``same_bill``."""
    wanted, found = sorted(set(keys)), dict[str, Entered]()
    for start in range(0, len(wanted), AT_ONCE):
        rows = Invoice.objects.filter(key__in=wanted[start : start + AT_ONCE], reverses=None).order_by()
        for key, counter in rows.values_list("key", "reversed_by"):
            before = found.get(key, Entered(0, stands=False))
            found[key] = Entered(before.times + 1, before.stands or counter is None)
    return found
