"""The compiled table answers as a plain reading of the rules does, and as an engine of others does."""

import datetime as dt
import os
from random import Random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from allmende.ethics.decide import compile_rulebook
from allmende.ethics.model import EVERY, VERBS, Category, Duties, Purpose, Rule, Rulebook
from allmende.kernel.errors import Invalid
from allmende.kernel.text import Text
from tests.ethics.books import (
    CATEGORIES,
    DAYS,
    RECIPIENTS,
    TREE,
    WORD,
    Request,
    book,
    covering,
    plainly,
    random_request,
    random_rule,
    rule,
    rules,
)
from tests.ethics.cedar import by_cedar

# How many random requests are compared; 100,000 take a minute.
MANY = int(os.environ.get("ALLMENDE_TEST_DECISIONS", "5000"))
RULES, REQUESTS = 12, 250


@given(
    st.lists(rules(), max_size=6),
    st.sampled_from(VERBS),
    st.sampled_from([*TREE, "unheard"]),
    st.sampled_from([*CATEGORIES, "unheard"]),
    st.sampled_from([*RECIPIENTS, "unheard"]),
    st.sampled_from(DAYS),
)
def test_the_table_agrees_with_a_plain_reading(
    entries: list[Rule], verb: str, purpose: str, category: str, recipient: str, day: dt.date
) -> None:
    decision = compile_rulebook(book(entries)).decide(verb, purpose, category, recipient, day)
    request: Request = (verb, purpose, category, recipient, day)
    assert (decision.allowed, [one.slug for one in decision.rules]) == plainly(entries, request)
    assert decision.duties == (decision.rules[0].duties if decision.allowed else Duties())


def test_table_plain_reading_and_cedar_give_the_same_answers_to_random_requests() -> None:
    chance = Random(2005)
    allowed = 0
    for _ in range(max(1, MANY // REQUESTS)):
        entries = [random_rule(chance, f"r{number}") for number in range(RULES)]
        requests = [random_request(chance) for _ in range(REQUESTS)]
        compiled = compile_rulebook(book(entries))
        table = []
        for request in requests:
            decision = compiled.decide(*request)
            table.append((decision.allowed, [one.slug for one in decision.rules]))
        assert table == [plainly(entries, request) for request in requests]
        assert table == by_cedar(entries, requests)
        allowed += sum(answer for answer, _ in table)
    assert 0.1 < allowed / max(MANY, REQUESTS) < 0.9, "both answers must be common, or little is proved"


def test_nothing_is_allowed_without_rules() -> None:
    decision = compile_rulebook(Rulebook()).decide("use", "a1", "weather", "city", DAYS[0])
    assert not decision.allowed
    assert "not declared" in decision.reason.en


@pytest.mark.parametrize(
    ("request_", "sentence"),
    [
        (("use", "a", "weather", "city"), "The purpose “a” is not declared, or is no single purpose."),
        (("use", "a1", "moods", "city"), "The data category “moods” is not declared."),
        (("use", "a1", "weather", "mars"), "The class of recipients “mars” is not declared."),
        (("sniff", "a1", "weather", "city"), "There is no verb “sniff”."),
    ],
)
def test_what_is_not_declared_is_refused_by_name(request_: tuple[str, str, str, str], sentence: str) -> None:
    everything = rule("all", "permit", EVERY, verbs=(EVERY,), categories=(EVERY,), recipients=(EVERY,))
    compiled = compile_rulebook(book([everything]))
    assert compiled.decide("use", "a1", "weather", "city", DAYS[0]).allowed
    decision = compiled.decide(*request_, DAYS[0])
    assert (decision.allowed, decision.reason.en) == (False, sentence)


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
        ({"purposes": (Purpose("x", WORD, WORD, "x"),)}, "in a circle"),
        ({"purposes": (Purpose("x", WORD, WORD, "z"),)}, "hangs on the unknown z"),
        ({"categories": (Category("c", WORD, "none"), Category("c", WORD, "none"))}, "category c stands twice"),
        ({"categories": (Category("c", WORD, "none"),), "rules": ()}, "no rule names category c"),
    ],
)
def test_an_unsound_book_is_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(Invalid, match=message):
        compile_rulebook(Rulebook(**change))  # type: ignore[arg-type]


def test_a_rule_must_name_what_is_declared_and_its_source() -> None:
    bad = rule("bad", "permit", "zz", verbs=("sniff",), recipients=("mars",), since=DAYS[1], until=DAYS[0], source=" ")
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
        (Duties(minimum_group=5), "rule bad: A smallest group needs a time grid"),
        (Duties(minimum_persons=5), "A number of persons needs a time grid"),
        (Duties(dominance_percent=85), "A greatest share needs a time grid"),
        (Duties(dominance_percent=101, time_grid_seconds=60), "a share above 100 %"),
        (Duties(count_noise=5), "A noise on counts needs a time grid"),
        (Duties(count_noise=2, time_grid_seconds=60), "A noise on counts lies between 3 and 20"),
        (Duties(count_noise=21, time_grid_seconds=60), "A noise on counts lies between 3 and 20"),
    ],
)
def test_duties_that_cannot_be_kept_are_refused(duties: Duties, message: str) -> None:
    bad = msgspec.structs.replace(covering(), slug="bad", duties=duties)
    with pytest.raises(Invalid, match=message):
        compile_rulebook(book([bad]))


@pytest.mark.parametrize(
    ("since", "until", "answers"),
    [
        (None, DAYS[1], [True, True, False, False, False]),
        (DAYS[2], None, [False, False, True, True, True]),
        (DAYS[1], DAYS[1], [False, True, False, False, False]),
        (dt.date.min, dt.date.max, [True] * 5),
    ],
)
def test_a_rule_holds_on_its_first_and_its_last_day_and_on_no_other(
    since: dt.date | None, until: dt.date | None, answers: list[bool]
) -> None:
    compiled = compile_rulebook(book([rule("dated", "permit", "a1", since=since, until=until)]))
    assert [compiled.decide("use", "a1", "weather", "city", day).allowed for day in (*DAYS, *DAYS)] == answers * 2


def test_the_first_permission_of_the_book_gives_the_duties() -> None:
    first = rule("first", "permit", "a", duties=Duties(delay_seconds=60), until=DAYS[1])
    second = rule("second", "permit", "a1", duties=Duties(delay_seconds=5))
    compiled = compile_rulebook(book([first, second]))
    decisions = [compiled.decide("use", "a1", "weather", "city", day) for day in DAYS[:3]]
    assert [decision.duties.delay_seconds for decision in decisions] == [60, 60, 5]
