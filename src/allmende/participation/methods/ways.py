"""What people said online beside what they said on site or on paper, and whether the difference is more than chance."""

from collections.abc import Mapping
from statistics import NormalDist

import msgspec

from allmende.participation.methods.least import LEAST_GROUP, enough

SURE = 0.95


class Side(msgspec.Struct, frozen=True):
    """How many people judged something by one way, and how many of them said yes to it."""

    people: int
    said: int

    @property
    def share(self) -> float:
        """Give the share that said yes, 0 to 1."""
        return self.said / self.people

    @property
    def percent(self) -> int:
        """Give it in percent."""
        return round(100 * self.share)


class Beside(msgspec.Struct, frozen=True):
    """Both ways side by side; difference and its range are on site less online, -1 to 1."""

    name: str
    online: Side
    onsite: Side
    difference: float
    low: float
    high: float

    @property
    def sure(self) -> bool:
        """Tell whether the range leaves out nought."""
        return self.low > 0 or self.high < 0

    @property
    def points(self) -> str:
        """Write the difference in percentage points, with its sign."""
        return f"{100 * self.difference:+.0f}".replace("-", "−")

    @property
    def span(self) -> tuple[str, str]:
        """Write the ends of its range."""
        low, high = (f"{100 * end:+.0f}".replace("-", "−") for end in (self.low, self.high))
        return low, high


def beside(rows: Mapping[str, tuple[Side, Side]], *, few: bool = False) -> tuple[Beside, ...]:
    """Set both ways side by side where ten people judged by each; the sums of both ways may be known.

    With ``few``, only where those who said yes are nobody or ten by each way, as the sum would tell the other. The
    ranges hold all together with 95 % (Bonferroni), so that of many none is taken for a difference by chance.
    """
    shown = {name: both for name, both in rows.items() if all(_told(side, few=few) for side in both)}
    sure = 1 - (1 - SURE) / max(1, len(shown))
    return tuple(
        Beside(name, online, onsite, onsite.share - online.share, *newcombe(onsite, online, sure))
        for name, (online, onsite) in shown.items()
    )


def _told(side: Side, *, few: bool) -> bool:
    return side.people >= LEAST_GROUP and (not few or enough(side.said))


def newcombe(one: Side, other: Side, sure: float) -> tuple[float, float]:
    """Give the range of the difference of two shares (Newcombe 1998, method 10: from Wilson's ranges of both)."""
    (low, high), (other_low, other_high) = wilson(one, sure), wilson(other, sure)
    difference = one.share - other.share
    below = ((one.share - low) ** 2 + (other_high - other.share) ** 2) ** 0.5
    above = ((high - one.share) ** 2 + (other.share - other_low) ** 2) ** 0.5
    return max(-1.0, difference - below), min(1.0, difference + above)


def wilson(side: Side, sure: float) -> tuple[float, float]:
    """Give Wilson's range (1927) of a share."""
    z, n, share = NormalDist().inv_cdf((1 + sure) / 2), side.people, side.share
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * (share * (1 - share) / n + z * z / (4 * n * n)) ** 0.5
    return middle - half, middle + half
