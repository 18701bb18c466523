"""How sources are: one word and the figures behind it."""

import datetime as dt
from pathlib import Path

import msgspec

from allmende.families.manifest import Finding
from allmende.kernel.clock import instant_from_micros, utc_now
from allmende.kernel.text import Text
from allmende.sources.definition import connectors
from allmende.sources.run import House
from allmende.sources.state import State

LATE_CADENCES = 3

WORDS: dict[str, Text] = {
    "ok": Text("in Ordnung", "ok"),
    "late": Text("verspätet", "late"),
    "retrying": Text("versucht es wieder", "retrying"),
    "ill": Text("braucht jemanden", "needs somebody"),
    "new": Text("noch nie gelaufen", "never run"),
    "broken": Text("Dateien fehlerhaft", "files are broken"),
}


class Health(msgspec.Struct, frozen=True):
    """A source, the word for its state, and its figures; ``lag`` is the age of the newest value in seconds."""

    name: str
    kind: str
    word: str
    state: State = msgspec.field(default_factory=State)
    lag: float | None = None
    why: Text | None = None


def health(house: House, now: dt.datetime | None = None) -> list[Health]:
    """Look at all sources of the city."""
    moment = now or utc_now()
    found = []
    for one in connectors(house.home):
        if isinstance(one, Finding):
            found.append(Health(one.file.rpartition("/")[2], "", "broken", why=one.reason))
            continue
        state = house.state(one.name).read()
        lag = None
        if state.last_value is not None:
            lag = (moment - instant_from_micros(state.last_value)).total_seconds()
        cadence = one.manifest.data.cadence_seconds if one.manifest.data else 0
        why = state.trouble.what if state.trouble else None
        found.append(Health(one.name, one.manifest.kind, _word(state, lag, cadence), state, lag, why))
    return found


def _word(state: State, lag: float | None, cadence: int) -> str:
    if state.trouble is not None:
        return "retrying" if state.trouble.transient else "ill"
    if state.last_run is None:
        return "new"
    return "late" if cadence and lag is not None and lag > LATE_CADENCES * cadence else "ok"


def summary(home: Path) -> str:
    """Say in one line how the sources are; ``ok`` when nobody needs to look."""
    wrong = [f"{one.name}: {one.word}" for one in health(House(home)) if one.word not in ("ok", "new")]
    return "; ".join(wrong) or "ok"
