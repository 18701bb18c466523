"""The written method of a computed indicator, and the limit values with which its newest value is compared."""

from typing import Any

from allmende.effects.content import Computed
from allmende.effects.queries import IndicatorView
from allmende.indicators.air import Kept, against
from allmende.indicators.method import Method, method

AVERAGING = {"mean": "year", "days-above": "day", "hours-above": "hour"}


def _source(view: IndicatorView) -> Computed | None:
    origin: Any = view.current.definition.origin
    return origin if isinstance(origin, Computed) else None


def written_method(view: IndicatorView) -> Method | None:
    """Give the method; None where values are not computed from datastreams."""
    source = _source(view)
    return None if source is None else method(source.method)


def limits_of(view: IndicatorView) -> list[Kept]:
    """Compare the newest value with the limits for its substance, averaging time and threshold."""
    source, newest = _source(view), view.current.newest
    if source is None or not source.observed or source.part not in AVERAGING:
        return []
    limits = [
        limit for limit in method(source.method).limits if source.threshold is None or limit.value == source.threshold
    ]
    value = float(newest.value) if newest else None
    return against(limits, source.observed[0], AVERAGING[source.part], value)
