"""When an alert begins and ends, as plain values."""

from collections.abc import Iterable

import msgspec

from allmende.kernel.text import Text

KINDS: dict[str, Text] = {
    "above": Text("über der Schwelle", "above the threshold"),
    "below": Text("unter der Schwelle", "below the threshold"),
    "silent": Text("keine neuen Werte", "no new values"),
}
TURNS: dict[str, Text] = {"raised": Text("Warnung", "alert"), "cleared": Text("Entwarnung", "all clear")}
SECOND = 1_000_000
# How long a message is tried again: after 1, 2, 4 … minutes, for seventeen hours in all.
MOST_ATTEMPTS = 11


class Condition(msgspec.Struct, frozen=True):
    """What a rule says: the threshold, where it ends to hold (hysteresis), and for how long it has to hold.

    For silence only ``silent_seconds`` counts: how old the newest value may become.
    """

    kind: str
    threshold: float = 0.0
    release: float | None = None
    lasting_seconds: int = 0
    silent_seconds: int = 0

    def beyond(self, value: float) -> bool:
        """Tell whether a value is one to warn of."""
        return value > self.threshold if self.kind == "above" else value < self.threshold

    def back(self, value: float) -> bool:
        """Tell whether a value ends an alert."""
        limit = self.threshold if self.release is None else self.release
        return value <= limit if self.kind == "above" else value >= limit


class Standing(msgspec.Struct, frozen=True):
    """How a rule stands for one datastream; times of values in microseconds, ``seen`` is the newest one judged."""

    raised: bool = False
    beyond_since: int | None = None
    seen: int | None = None


class Turn(msgspec.Struct, frozen=True):
    """An alert that begins (``raised``) or ends (``cleared``), by which value; silence has none."""

    kind: str
    at: int
    value: float | None


def judge(condition: Condition, standing: Standing, values: Iterable[tuple[int, float]]) -> tuple[Standing, list[Turn]]:
    """Judge values in order of their time; those that are not newer than the last judged are left aside."""
    turns: list[Turn] = []
    raised, since, seen = standing.raised, standing.beyond_since, standing.seen
    for at, value in values:
        if seen is not None and at <= seen:
            continue
        seen = at
        if raised:
            if condition.back(value):
                raised, since = False, None
                turns.append(Turn("cleared", at, value))
        elif condition.beyond(value):
            since = at if since is None else since
            if at - since >= condition.lasting_seconds * SECOND:
                raised = True
                turns.append(Turn("raised", at, value))
        else:
            since = None
    return Standing(raised, since, seen), turns


def judge_silence(
    condition: Condition, standing: Standing, newest: int | None, now: int
) -> tuple[Standing, list[Turn]]:
    """Judge how old the newest value is; a datastream that never had one is not known to have fallen silent."""
    if newest is None:
        return standing, []
    silent = now - newest > condition.silent_seconds * SECOND
    if silent == standing.raised:
        return msgspec.structs.replace(standing, seen=newest), []
    turn = Turn("raised", now, None) if silent else Turn("cleared", newest, None)
    return Standing(silent, None, newest), [turn]


def pause_after(attempts: int) -> int:
    """Give the seconds until a message is tried again."""
    return int(60 * 2 ** max(0, min(attempts, MOST_ATTEMPTS) - 1))
