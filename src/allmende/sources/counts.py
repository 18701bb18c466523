"""How many values of today (UTC) the sources have: what page and figures both tell."""

from collections.abc import Iterable

from allmende.gate.door import Ask, Gate, Grant
from allmende.gate.query import Grouping
from allmende.kernel.clock import DAY_MICROSECONDS, micros_from_instant, utc_now
from allmende.kernel.errors import AllmendeError
from allmende.sources.definition import Connector
from allmende.sources.streams import slugs_of


class Counts:
    """Counts for one process; a datastream that was found once keeps its number."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._numbers: dict[str, int] = {}

    def today(self, several: Iterable[Connector], ask: Ask) -> dict[str, int]:
        """Count by source; one whose values may not be looked at is missing. The purpose is that of each source."""
        found: dict[str, int] = {}
        grants: dict[str, dict[int, int]] = {}
        for one in several:
            purpose = one.recipe.purpose
            if purpose not in grants:
                grants[purpose] = self._counted(Ask(ask.asker, ask.verb, purpose, ask.recipient))
            counts = grants[purpose]
            if counts is not REFUSED:
                found[one.name] = sum(counts.get(number, 0) for number in self._streams(one))
        return found

    def _counted(self, ask: Ask) -> dict[int, int]:
        try:
            grant = self._gate.grant(ask)
            return self._by_stream(grant)
        except AllmendeError:
            return REFUSED

    def _by_stream(self, grant: Grant) -> dict[int, int]:
        begin = micros_from_instant(utc_now()) // DAY_MICROSECONDS * DAY_MICROSECONDS
        grouping = Grouping(unit="day", since=begin, until=begin + DAY_MICROSECONDS, extremes=False)
        groups = self._gate.aggregate(grant, None, grouping)
        return dict(zip(groups.datastream.tolist(), groups.count.tolist(), strict=True))

    def _streams(self, one: Connector) -> list[int]:
        for slug in slugs_of(one):
            if slug not in self._numbers:
                number = self._gate.find("Datastreams", slug)
                if number is not None:
                    self._numbers[slug] = number
        return [self._numbers[slug] for slug in slugs_of(one) if slug in self._numbers]


REFUSED: dict[int, int] = {}
