"""What the formats allow in which phase, and the pure decisions."""

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allmende.kernel.clock import UTC
from allmende.kernel.errors import AllmendeError
from allmende.participation.difference import difference
from allmende.participation.formats import check_formats, format_of, formats
from allmende.participation.rules import (
    ACTIONS,
    PROCESS_STATES,
    STATES,
    Share,
    Span,
    cleaned,
    consensus,
    is_conflict,
    require_action,
    require_step,
)
from allmende.participation.text_queries import citing, sentences

START = dt.datetime(2026, 1, 1, tzinfo=UTC)
CASES = [
    (name, phase.slug, action, state)
    for name in formats()
    for phase in format_of(name).phases
    for action in ACTIONS
    for state in PROCESS_STATES
]


@pytest.mark.parametrize(("name", "phase", "action", "state"), CASES)
def test_an_action_works_in_the_phases_of_an_open_process_that_allow_it(
    name: str, phase: str, action: str, state: str
) -> None:
    since, spans = START, []
    for one in format_of(name).phases:
        spans.append(Span(one.slug, since, since + dt.timedelta(days=one.days), one.allows))
        since = spans[-1].until
    here = next(span for span in spans if span.slug == phase)
    for moment in (here.since, here.until - dt.timedelta(microseconds=1)):
        expected = state == "open" and action in here.allows
        try:
            require_action(state, spans, action, moment)
        except AllmendeError:
            assert not expected
        else:
            assert expected


def test_every_format_is_sound() -> None:
    assert check_formats() == []
    assert {"ideas", "text-work", "charter", "survey", "workshop"} <= set(formats())


@pytest.mark.parametrize("to", list(STATES))
@pytest.mark.parametrize("outcome", ["", "accepted", "partly", "declined", "elsewhere"])
@pytest.mark.parametrize("state", list(STATES))
def test_a_journey_goes_ahead_only_and_into_a_project_only_what_was_accepted(state: str, outcome: str, to: str) -> None:
    order = list(STATES)
    ahead = to != "received" and order.index(to) >= order.index(state)
    allowed = ahead and (order.index(to) <= 2 or outcome in ("accepted", "partly"))
    try:
        require_step("1", state, outcome, to)
    except AllmendeError:
        assert not allowed
    else:
        assert allowed


WORDS = st.lists(st.sampled_from(["die", "Stadt", "misst,", "nie.", "wer", "mag"]), max_size=30).map(" ".join)


@settings(max_examples=60, deadline=None)
@given(WORDS, WORDS)
def test_a_difference_contains_both_wordings_word_for_word(before: str, after: str) -> None:
    parts = difference(before, after)
    assert "".join(part.text for part in parts if part.kind != "out").split() == after.split()
    assert "".join(part.text for part in parts if part.kind != "in").split() == before.split()


def test_invisible_signs_go_and_all_scripts_stay() -> None:
    assert cleaned("gut\u202e\u0000\u2066 🌳 مرحبا שלום\n\tja") == "gut 🌳 مرحبا שלום\n\tja"


def test_agreement_is_the_product_over_the_groups_and_a_conflict_needs_two_clear_views() -> None:
    for_it, against, mixed = Share(9, 1, 0), Share(1, 9, 0), Share(5, 5, 0)
    assert consensus([for_it, against]) == pytest.approx(10 / 12 * 2 / 12)
    assert is_conflict([for_it, mixed, against])
    assert not is_conflict([for_it, mixed])


def test_a_rule_cites_a_sentence_of_exactly_this_paragraph() -> None:
    sources = [
        ("a", "Beschluss; Kodex, § 1 Satz 2"),
        ("b", "Kodex § 12 Satz 1"),
        ("c", "Kodex, § 1"),
        ("d", "§ 1 Satz 2"),
    ]
    assert citing("Kodex", 1, sources) == [("a", 2), ("c", 0)]
    assert citing("", 1, sources) == []
    assert sentences("Eins. Zwei nach § 2 gilt. Drei!") == ["Eins.", "Zwei nach § 2 gilt.", "Drei!"]
