"""The compiled table answers as a plain reading of the rules does."""

import datetime as dt
from typing import Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from allmende.ethics.check import remarks
from allmende.ethics.decide import compile_rulebook
from allmende.ethics.model import EVERY, VERBS, Category, Duties, Purpose, Recipient, Rule, Rulebook
from allmende.kernel.errors import Invalid
from allmende.kernel.text import Text

WORD = Text("Wort", "word")
TREE = {"root": None, "a": "root", "a1": "a", "a2": "a", "b": "root", "b1": "b", "b11": "b1"}
CATEGORIES = ("weather", "movement")
RECIPIENTS = ("public", "city")
DAYS = [dt.date(2024, 1, day) for day in range(1, 6)]


def ancestors(purpose: str) -> set[str]:
    """Give a purpose with all above it."""
    found: set[str] = set()
    node: str | None = purpose
    while node is not None:
        found.add(node)
        node = TREE[node]
    return found


def some(options: tuple[str, ...]) -> st.SearchStrategy[tuple[str, ...]]:
    """Choose some, or all by the star."""
    return st.one_of(st.just((EVERY,)), st.lists(st.sampled_from(options), min_size=1, unique=True).map(tuple))


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    """Make a rule."""
    since, until = sorted([draw(st.sampled_from(DAYS)), draw(st.sampled_from(DAYS))])
    return Rule(
        slug=draw(st.uuids()).hex,
        effect=draw(st.sampled_from(["permit", "prohibit"])),
        verbs=draw(some(VERBS)),
        categories=draw(some(CATEGORIES)),
        purposes=draw(some(tuple(TREE))),
        recipients=draw(some(RECIPIENTS)),
        duties=Duties(delay_seconds=draw(st.integers(0, 9))),
        since=draw(st.sampled_from([None, since])),
        until=draw(st.sampled_from([None, until])),
        title=WORD,
        reason=WORD,
        source="tests",
    )


def covering() -> Rule:
    """Give a rule that never matches but names every category, as a sound book must."""
    return Rule(
        slug="covering", effect="permit", verbs=("delete",), categories=(EVERY,), purposes=("a1",),
        until=dt.date(1999, 1, 1), title=WORD, reason=WORD, source="tests",
    )  # fmt: skip


def book(entries: list[Rule]) -> Rulebook:
    """Put rules into a book."""
    return Rulebook(
        purposes=tuple(Purpose(slug, WORD, WORD, parent) for slug, parent in TREE.items()),
        categories=tuple(Category(slug, WORD, "none") for slug in CATEGORIES),
        recipients=tuple(Recipient(slug, WORD) for slug in RECIPIENTS),
        rules=(*entries, covering()),
    )


def plainly(
    entries: list[Rule], verb: str, purpose: str, category: str, recipient: str, day: dt.date
) -> tuple[bool, str]:
    """Read the rules one by one, as Byun, Bertino and Li define compliance."""
    if purpose in TREE.values() or purpose not in TREE:
        return False, ""
    permit = ""
    for rule in entries:
        named = (
            (verb in rule.verbs or EVERY in rule.verbs)
            and (category in rule.categories or EVERY in rule.categories)
            and (recipient in rule.recipients or EVERY in rule.recipients)
            and (rule.since is None or rule.since <= day)
            and (rule.until is None or day <= rule.until)
        )
        if not named:
            continue
        below = EVERY in rule.purposes or bool(ancestors(purpose) & set(rule.purposes))
        above = any(purpose in ancestors(other) for other in rule.purposes if other != EVERY)
        if rule.effect == "prohibit" and (below or above):
            return False, ""
        if rule.effect == "permit" and below and not permit:
            permit = rule.slug
    return bool(permit), permit


@given(
    st.lists(rules(), max_size=6),
    st.sampled_from(VERBS),
    st.sampled_from([*TREE, "unheard"]),
    st.sampled_from(CATEGORIES),
    st.sampled_from(RECIPIENTS),
    st.sampled_from(DAYS),
)
def test_the_table_agrees_with_a_plain_reading(
    entries: list[Rule], verb: str, purpose: str, category: str, recipient: str, day: dt.date
) -> None:
    decision = compile_rulebook(book(entries)).decide(verb, purpose, category, recipient, day)
    allowed, slug = plainly(entries, verb, purpose, category, recipient, day)
    assert decision.allowed == allowed
    if allowed:
        assert [rule.slug for rule in decision.rules] == [slug]
        assert decision.duties == decision.rules[0].duties


def test_nothing_is_allowed_without_rules() -> None:
    decision = compile_rulebook(Rulebook()).decide("use", "a1", "weather", "city", DAYS[0])
    assert not decision.allowed
    assert "not declared" in decision.reason.en


def test_a_refusal_names_the_prohibition_in_both_languages() -> None:
    sale = Rule(
        slug="no-sale", effect="prohibit", verbs=(EVERY,), categories=(EVERY,), purposes=("b",),
        title=Text("Kein Verkauf", "No sale"), reason=Text("Wunsch der Stadt", "wish of the city"), source="Konzept",
    )  # fmt: skip
    decision = compile_rulebook(book([sale])).decide("pass_on", "b11", "weather", "public", DAYS[0])
    assert decision.rules == (sale,)
    assert decision.reason == Text(
        "Verboten durch: Kein Verkauf (Wunsch der Stadt)", "Prohibited by: No sale (wish of the city)"
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"purposes": (Purpose("x", WORD, WORD, "y"), Purpose("y", WORD, WORD, "x"))}, "in a circle"),
        ({"purposes": (Purpose("x", WORD, WORD, "z"),)}, "hangs on the unknown z"),
        ({"categories": (Category("c", WORD, "none"), Category("c", WORD, "none"))}, "category c stands twice"),
        ({"categories": (Category("c", WORD, "none"),), "rules": ()}, "no rule names category c"),
    ],
)
def test_an_unsound_book_is_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(Invalid, match=message):
        compile_rulebook(Rulebook(**change))  # type: ignore[arg-type]


def test_a_rule_must_name_what_is_declared_and_its_source() -> None:
    bad = Rule(
        slug="bad", effect="permit", verbs=("sniff",), categories=(EVERY,), purposes=("zz",), recipients=("mars",),
        since=DAYS[1], until=DAYS[0], title=WORD, reason=WORD, source=" ",
    )  # fmt: skip
    with pytest.raises(Invalid) as refused:
        compile_rulebook(book([bad]))
    for fault in (
        "unknown verb sniff",
        "unknown purpose zz",
        "unknown recipient mars",
        "ends before",
        "names no source",
    ):
        assert fault in refused.value.what.en


@pytest.mark.parametrize(
    ("duties", "message"),
    [
        (Duties(hidden_fields=("colour",)), "colour cannot be hidden"),
        (Duties(delay_seconds=-1), "negative duty"),
        (Duties(minimum_group=5), "smallest group without time grid"),
    ],
)
def test_duties_that_cannot_be_kept_are_refused(duties: Duties, message: str) -> None:
    rule = msgspec.structs.replace(covering(), slug="bad", duties=duties)
    with pytest.raises(Invalid, match=message):
        compile_rulebook(book([rule]))


def test_remarks_name_purposes_without_rules_and_rules_that_never_hold() -> None:
    def rule(slug: str, effect: Literal["permit", "prohibit"], purpose: str) -> Rule:
        return Rule(
            slug=slug, effect=effect, verbs=("use",), categories=("weather",), purposes=(purpose,),
            recipients=("city",), title=WORD, reason=WORD, source="tests",
        )  # fmt: skip

    found = [text.en for text in remarks(book([rule("use-b", "permit", "b11"), rule("no-b", "prohibit", "b")]))]
    assert found == ["no rule reaches the purpose a2", "rule use-b never holds because of no-b"]
    assert remarks(book([rule("use-b", "permit", "b"), rule("use-a", "permit", "a")])) == []


def test_a_decision_for_one_day_is_not_that_of_another() -> None:
    ended = Rule(
        slug="ended", effect="permit", verbs=("use",), categories=("weather",), purposes=("a1",),
        recipients=("city",), until=DAYS[1], title=WORD, reason=WORD, source="tests",
    )  # fmt: skip
    compiled = compile_rulebook(book([ended]))
    answers = [compiled.decide("use", "a1", "weather", "city", day).allowed for day in (*DAYS, *DAYS)]
    assert answers == [True, True, False, False, False] * 2
