"""Which state of a project may follow which: every history that the table allows is taken, every other is refused."""

import datetime as dt

from hypothesis import given, settings
from hypothesis import strategies as st

from allmende.programme.rules.facts import Happening, state_on
from allmende.programme.rules.states import FIRST, NEXT, allowed_after, broken_step, may_follow

DAY = dt.date(2024, 1, 1)
STATES = sorted(NEXT)
histories = st.lists(st.sampled_from([*STATES, "note"]), max_size=8)


def _events(states: list[str]) -> list[Happening]:
    return [Happening(DAY + dt.timedelta(days=index), state) for index, state in enumerate(states)]


@settings(max_examples=60, deadline=None)
@given(histories)
def test_the_first_forbidden_step_is_found_and_what_is_before_it_may_be(states: list[str]) -> None:
    events = _events(states)
    broken = broken_step(events)
    if broken is None:
        known = [state for state in states if state != "note"]
        for before, after in zip([None, *known], known, strict=False):
            assert before == after or may_follow(before, after)
        return
    before, after, day = broken
    assert not may_follow(before, after)
    assert broken_step([event for event in events if event.day < day]) is None
    assert state_on(events, day - dt.timedelta(days=1)) == before


def test_the_way_from_idea_to_each_end_is_open() -> None:
    for end in ("permanent", "transferred", "ended", "dropped"):
        assert broken_step(_events(["idea", "decided", "running", "pilot-finished", end])) is None


def test_what_is_over_stays_over_and_nothing_begins_at_its_end() -> None:
    assert allowed_after("ended") == []
    assert allowed_after("dropped") == ["idea-store"]
    assert not {"permanent", "transferred", "pilot-finished", "ended"} & FIRST
    assert broken_step(_events(["decided", "ended", "running"])) == ("ended", "running", DAY + dt.timedelta(days=2))
