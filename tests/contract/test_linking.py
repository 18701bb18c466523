"""One answer does not read together what the rules keep apart, on any way; one category alone is read as ever."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from allmende.ethics.model import Category, Rule, Rulebook
from allmende.gate.door import Ask, Asker, Gate, Grant
from allmende.gate.query import Arrival, Compare, Constant, Grouping, Path, Query, Within
from allmende.kernel.errors import Denied
from tests.contract.conftest import NOON, book, rule, text

Maker = Callable[..., int]
USE = Ask(Asker("staff:1"), "use", "climate", "city")
RULES = (
    rule("collect-all", "collect", "*", "climate"),
    rule("use-all", "use", "weather coarse late", "climate", recipients=("city",)),
)
LINK = rule("link", "link", "profiles", "climate", recipients=("city",))
NEVER = rule("never-link", "link", "profiles", "good", "prohibit")


def rules(*more: Rule) -> Rulebook:
    """Let profiles arise from weather and coarse; late has nothing to do with it."""
    base = book(*RULES, *more)
    profiles = Category("profiles", text("profiles"), "none", ("weather", "coarse"))
    return msgspec.structs.replace(base, categories=(*base.categories, profiles))


@pytest.fixture
def streams(gate: Gate, collect: Grant, stream: Maker) -> list[int]:
    """Fill a datastream of each category, all of one thing."""
    numbers = [stream("weather"), *(stream(category, thing_id=1) for category in ("coarse", "late"))]
    for number in numbers:
        gate.append(collect, [Arrival(datastream_id=number, phenomenon_start=NOON, result=20.0)])
    return numbers


def together(gate: Gate, read: Grant, ids: list[int] | None) -> dict[str, Callable[[], Any]]:
    """Give the ways to read values of several datastreams at once."""
    first, last = dt.date(2024, 1, 1), dt.date(2025, 1, 1)
    warm = Compare("gt", Path(("Observations", "result")), Constant(1))
    ways: dict[str, Callable[[], Any]] = {
        "latest": lambda: gate.latest(read, ids),
        "$apply": lambda: gate.aggregate(read, ids, Grouping(unit="day")),
        "days": lambda: gate.days(read, ids or [1, 2, 3], first, last),
        "link": lambda: gate.related(read, "Datastreams", "Observations", ids or [1, 2, 3]),
    }
    if ids is None:
        ways |= {
            "page": lambda: gate.page(read, Query(kind="Observations")),
            "columns": lambda: gate.columns(read, Query(kind="Observations")),
            "of a place": lambda: gate.page(read, Query(kind="Observations", within=Within("FeaturesOfInterest", 1))),
            "condition": lambda: gate.page(read, Query(kind="Datastreams", where=warm)),
        }
    return ways


def refused(deed: Callable[[], Any]) -> bool:
    """Do it; tell whether it was refused for linking."""
    try:
        deed()
    except Denied as error:
        return error.code.code == "gate.linked"
    return False


def test_values_of_parts_are_not_read_together(gate: Gate, streams: list[int]) -> None:
    weather, coarse, late = streams
    gate.publish(rules(NEVER), "tests")
    read = gate.grant(USE)
    assert set(read.categories) == {"weather", "coarse", "late"}
    for ids, closed in ((None, True), ([weather, coarse], True), ([weather, late], False), ([coarse], False)):
        ways = together(gate, read, ids)
        assert {way for way, deed in ways.items() if refused(deed)} == (set(ways) if closed else set()), ids
    for number in streams:
        near = Query(kind="Observations", within=Within("Datastreams", number))
        assert len(gate.page(read, near).records) == 1
    assert len(gate.page(read, Query(kind="Datastreams")).records) == len(gate.summary(read)) == 3
    with pytest.raises(Denied, match="never-link"):
        gate.latest(read)
    told = [(row.category, row.allowed, row.rules) for row in gate.decisions() if row.verb == "link"]
    assert set(told) == {("profiles", False, ("never-link",))}


def test_an_answer_of_several_steps_is_one(gate: Gate, streams: list[int]) -> None:
    gate.publish(rules(), "tests")
    read = gate.grant(USE)
    weather, coarse, late = streams

    def answer(*numbers: int) -> None:
        with gate.view():
            for number in numbers:
                gate.series(read, number, 0, 2 * NOON)

    assert refused(lambda: answer(weather, late, coarse))
    for numbers in ((weather, late), (coarse, coarse), (late, coarse)):
        answer(*numbers)


def test_former_states_count_as_read_in_the_answer(gate: Gate, streams: list[int]) -> None:
    gate.publish(rules(), "tests")
    read = gate.grant(USE)
    weather, coarse, late = streams

    def answer(first: int, second: int) -> None:
        with gate.view():
            gate.former(read, first << 32 | 1)
            gate.former(read, second << 32 | 1)

    assert refused(lambda: answer(weather, coarse))
    assert refused(lambda: answer(coarse, weather))
    assert not refused(lambda: answer(weather, late))


def test_a_rule_that_permits_linking_opens_both(gate: Gate, streams: list[int]) -> None:
    gate.publish(rules(LINK), "tests")
    read = gate.grant(USE)
    assert not any(refused(deed) for deed in together(gate, read, None).values())
    assert len(gate.page(read, Query(kind="Observations")).records) == 3
    gate.publish(rules(LINK, NEVER), "tests")
    assert refused(lambda: gate.latest(read)), "an old grant follows new rules"
