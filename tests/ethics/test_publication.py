"""What may not be published is refused with its reason; what is odd is found over the whole decision space."""

import datetime as dt
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allmende.ethics.decide import compile_rulebook
from allmende.ethics.findings import findings
from allmende.ethics.model import (
    EVERY,
    VERBS,
    Category,
    Duties,
    Principle,
    Purpose,
    Recipient,
    Rule,
    Rulebook,
)
from allmende.ethics.publication import hindrances, require_publishable
from allmende.kernel.errors import Invalid
from allmende.kernel.text import Text
from tests.ethics.books import CATEGORIES, DAYS, LEAVES, RECIPIENTS, TREE, WORD, book, rule, rules

OPEN = {"verbs": ("publish",), "recipients": ("public",)}


def hindered(entries: list[Rule], **more: Any) -> list[str]:
    """Say in English what stands against a book."""
    return [text.en for text in hindrances(book(entries, **more), DAYS[2])]


def found(entries: list[Rule], **more: Any) -> set[tuple[str, str]]:
    """Give what is odd, without that which is odd in every book of these tests."""
    always = {"unmapped", "ended"}
    return {
        (str(one.kind), one.text.en) for one in findings(book(entries, **more), DAYS[2]) if one.kind not in always
    } - IN_THE_EMPTY_BOOK


IN_THE_EMPTY_BOOK: set[tuple[str, str]] = set()
IN_THE_EMPTY_BOOK = found([])


def test_two_rules_that_rule_the_same_at_the_same_time_are_refused() -> None:
    one = rule("one", "permit", "a1", until=DAYS[2])
    other = rule("other", "permit", "a1", since=DAYS[2], duties=Duties(delay_seconds=60))
    assert hindered([one, other]) == ["the rules one and other rule the same, and their validity overlaps"]
    assert hindered([one, msgspec.structs.replace(other, since=DAYS[3])]) == []
    assert hindered([one, msgspec.structs.replace(other, effect="prohibit")]) == []
    with pytest.raises(Invalid, match="their validity overlaps"):
        require_publishable(book([one, other]), DAYS[2])


@pytest.mark.parametrize(
    ("one", "other", "crossing"),
    [
        (Duties(time_grid_seconds=3600, minimum_group=5), Duties(time_grid_seconds=7200), True),
        (Duties(time_grid_seconds=3600, count_noise=5), Duties(time_grid_seconds=86400, count_noise=5), True),
        (Duties(time_grid_seconds=3600, count_noise=5), Duties(time_grid_seconds=3600, count_noise=6), True),
        (Duties(time_grid_seconds=3600), Duties(time_grid_seconds=5400), True),
        (Duties(time_grid_seconds=3600), Duties(time_grid_seconds=7200, minimum_group=5), False),
        (Duties(time_grid_seconds=3600, minimum_group=5), Duties(time_grid_seconds=3600, minimum_persons=9), False),
        (Duties(), Duties(time_grid_seconds=3600, count_noise=5), False),
    ],
)
def test_cells_that_cross_may_not_both_be_open(one: Duties, other: Duties, crossing: bool) -> None:
    """Ten values in two hours and nine in the first of them are one value in the second."""
    public = rule("public", "permit", "a1", verbs=("publish",), until=DAYS[2], duties=one)
    inside = rule("inside", "permit", "b1", categories=(EVERY,), since=DAYS[2], duties=other)
    told = (
        "the rules public and inside give weather in different cells; "
        "their difference would tell what one of them withholds"
    )
    assert hindered([public, inside]) == ([told] if crossing else [])
    for apart in ({"since": DAYS[3]}, {"verbs": ("collect",)}, {"effect": "prohibit"}, {"categories": ("movement",)}):
        assert told not in hindered([public, msgspec.structs.replace(inside, **apart)]), apart


@pytest.mark.parametrize("personal", ["pseudonymous", "personal", "special"])
def test_data_about_persons_needs_a_legal_basis_and_special_data_an_assessment(personal: Any) -> None:
    categories = (Category("weather", WORD, personal), Category("movement", WORD, "none"))
    opening = rule("opening", "permit", "a1")
    basis = "rule opening opens data about persons without a legal basis"
    assessed = "rule opening opens specially protected data without an assessment"
    special = [assessed] if personal == "special" else []
    legal = [text for text in hindered([opening], categories=categories) if "covering" not in text]
    assert legal == [basis, *special]
    founded = msgspec.structs.replace(opening, legal_basis=WORD)
    assert hindered([founded], categories=categories) == special
    assert hindered([msgspec.structs.replace(founded, assessment="DSFA 7")], categories=categories) == []
    assert hindered([rule("no", "prohibit", "a1")], categories=categories) == []


def test_a_rule_must_name_known_principles_and_a_purpose_known_terms() -> None:
    principle = Principle("known", WORD, WORD, "tests")
    assert hindered([rule("one", "permit", "a1", principles=("known",))], principles=(principle,)) == []
    assert hindered([rule("one", "permit", "a1", principles=("other",))], principles=(principle,)) == [
        "rule one: unknown principle other"
    ]
    purposes = [Purpose(slug, WORD, WORD, parent) for slug, parent in TREE.items()]
    purposes[0] = msgspec.structs.replace(purposes[0], dpv="https://example.org/#Fun", dtpr="purpose__fun")
    assert hindered([], purposes=tuple(purposes)) == [
        "purpose root: https://example.org/#Fun is no term of DPV",
        "purpose root: purpose__fun is no purpose of DTPR",
    ]


def portal(*entries: Rule) -> Rulebook:
    """Give a book with the names that the portal uses."""
    return book(
        list(entries),
        purposes=(
            Purpose("good", WORD, WORD),
            Purpose("a1", WORD, WORD, "good"),
            Purpose("open-data", WORD, WORD, "good"),
        ),
    )


def test_a_prohibition_that_would_shut_the_portal_is_refused_also_for_a_single_day() -> None:
    opening = rule("opening", "permit", "open-data", categories=(EVERY,), **OPEN)
    weather = rule("no-weather", "prohibit", "good", verbs=(EVERY,))
    weather = msgspec.structs.replace(weather, recipients=(EVERY,))
    movement = rule(
        "no-movement", "prohibit", "open-data", categories=("movement",), **OPEN, since=DAYS[3], until=DAYS[3]
    )
    assert hindrances(portal(opening, weather), DAYS[0]) == []
    assert [text.en for text in hindrances(portal(opening, weather, movement), DAYS[0])] == [
        "from 2024-01-04 the portal of open data would be shut by no-weather, no-movement"
    ]
    assert hindrances(portal(opening, weather, movement), DAYS[4]) == [], "what is over shuts nothing"
    assert hindrances(portal(weather, movement), DAYS[0]) == [], "what nothing opens cannot be shut"
    hidden = [one.text.en for one in findings(portal(opening, weather), DAYS[0]) if one.kind == "portal"]
    assert hidden == ["weather stays hidden by no-weather"]


def test_a_permission_that_a_prohibition_covers_contradicts_it() -> None:
    use, ban = rule("use-b", "permit", "b11"), rule("no-b", "prohibit", "b")
    assert ("contradiction", "rule use-b never holds because of no-b") in found([use, ban])
    two = [rule("no-1", "prohibit", "b", until=DAYS[2]), rule("no-2", "prohibit", "b", since=DAYS[3])]
    assert ("contradiction", "rule use-b never holds because of no-1, no-2") in found([use, *two])
    assert not [kind for kind, _ in found([use, two[0]]) if kind == "contradiction"], "it holds later"
    wide = rule("use-root", "permit", "root")
    assert ("limited", "no-b: takes a part from rule use-root") in found([wide, ban])


def test_a_rule_that_never_decides_is_shadowed() -> None:
    wide = rule("wide", "permit", "a", verbs=(EVERY,))
    narrow = rule("narrow", "permit", "a1", duties=Duties(delay_seconds=5))
    assert ("shadowed", "rule narrow never decides because wide stands before it") in found([wide, narrow])
    assert not [kind for kind, _ in found([narrow, wide]) if kind == "shadowed"]
    halves = [rule("one", "permit", "a1"), rule("two", "permit", "a2"), rule("both", "permit", "a")]
    assert ("shadowed", "rule both never decides because one, two stands before it") in found(halves)
    bans = [rule("use", "permit", "a"), rule("no-a", "prohibit", "a"), rule("no-a1", "prohibit", "a1")]
    assert ("shadowed", "prohibition no-a1 stands in no-a already") in found(bans)


def test_a_prohibition_of_what_nobody_permits_is_idle() -> None:
    assert ("idle", "prohibition no-b forbids only what no rule permits anyway") in found(
        [rule("no-b", "prohibit", "b")]
    )


def test_purposes_and_categories_that_no_permission_reaches_are_named() -> None:
    names = {text for kind, text in found([rule("use", "permit", "b"), rule("no", "prohibit", "a1")])}
    everywhere = {text for _, text in IN_THE_EMPTY_BOOK} | names
    assert "no rule reaches the purpose a2" in everywhere
    assert "nothing is permitted with movement" in everywhere
    open_now = [one.text.en for one in findings(book([rule("use", "permit", "b")]), DAYS[2])]
    assert "no rule reaches the purpose b11" not in open_now
    assert "nothing is permitted with weather" not in open_now


def test_an_ended_rule_is_named_and_counts_no_more() -> None:
    ended = rule("old", "permit", "a1", until=DAYS[0])
    texts = [one.text.en for one in findings(book([ended]), DAYS[2])]
    assert "rule old ended on 2024-01-01" in texts
    assert "no rule reaches the purpose a1" in texts


def answers(entries: list[Rule]) -> list[tuple[bool, Duties]]:
    """Give every answer of a book, from its third day on."""
    compiled = compile_rulebook(book(entries))
    return [
        (decision.allowed, decision.duties)
        for verb in VERBS
        for purpose in LEAVES
        for category in CATEGORIES
        for recipient in RECIPIENTS
        for day in DAYS[2:]
        for decision in [compiled.decide(verb, purpose, category, recipient, day)]
    ]


@settings(max_examples=40, deadline=None)
@given(st.lists(rules(), min_size=1, max_size=5))
def test_whatever_is_called_without_effect_can_be_taken_away_unnoticed(entries: list[Rule]) -> None:
    for one in findings(book(entries), DAYS[2]):
        if one.kind in ("contradiction", "shadowed", "idle", "ended"):
            assert answers(entries) == answers([entry for entry in entries if entry.slug != one.about])


def test_the_order_of_what_is_found_is_that_of_its_weight() -> None:
    entries = [rule("use-b", "permit", "b11"), rule("no-b", "prohibit", "b"), rule("wide", "permit", "root")]
    kinds = [one.kind for one in findings(book(entries), DAYS[2])]
    assert kinds[0] == "contradiction"
    assert kinds[-1] == "unmapped"


def test_recipients_of_a_book_without_the_portal_s_names_are_fine() -> None:
    small = book([rule("use", "permit", "a1")], recipients=(Recipient("city", Text("Stadt", "city")),))
    assert hindrances(small, DAYS[0]) == []


def test_a_rule_without_source_is_refused() -> None:
    assert hindered([rule("mute", "permit", "a1")]) == []
    assert hindered([rule("mute", "permit", "a1", source=" ")]) == ["rule mute names no source"]


def test_a_book_that_has_held_for_a_year_is_laid_before_the_board() -> None:
    published = dt.datetime(2024, 1, 1, 12, tzinfo=dt.UTC)
    one = msgspec.structs.replace(book([rule("use", "permit", "a1")]), version=7, published=published)

    def told(day: dt.date) -> list[str]:
        return [found.text.en for found in findings(one, day) if found.kind == "unreviewed"]

    assert told(dt.date(2024, 12, 31)) == []
    assert told(dt.date(2025, 1, 1)) == [
        "rule book 7 has held unchanged since 2024-01-01; after a year it is to be reflected upon"
    ]


def test_a_principle_that_is_kept_otherwise_needs_no_rule() -> None:
    alone = Principle("alone", WORD, WORD, "tests")
    kept = msgspec.structs.replace(alone, slug="kept", kept_by=WORD)
    found = findings(book([], principles=(alone, kept)), DAYS[2])
    assert [one.about for one in found if one.kind == "unserved"] == ["alone"]
