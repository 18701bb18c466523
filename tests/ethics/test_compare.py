"""The difference of two rule books is exactly what they answer differently, in words that a board understands."""

import datetime as dt

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from allmende.ethics.compare import Change, changes
from allmende.ethics.decide import Compiled, compile_rulebook
from allmende.ethics.model import EVERY, VERBS, Duties, Purpose, Recipient, Rule
from allmende.ethics.wording import Words, duty_words
from allmende.kernel.text import Text
from tests.ethics.books import CATEGORIES, DAYS, LEAVES, RECIPIENTS, TREE, WORD, book, rule, rules

LATER = [*DAYS, dt.date(2024, 1, 6), dt.date(2031, 1, 1)]
Point = tuple[str, str, str, str, dt.date]


def everything(recipients: tuple[str, ...] = RECIPIENTS) -> list[Point]:
    """Give every request on every day that matters."""
    return [
        (verb, purpose, category, recipient, day)
        for verb in VERBS
        for purpose in LEAVES
        for category in CATEGORIES
        for recipient in recipients
        for day in LATER
    ]


def told(found: list[Change]) -> dict[Point, Change]:
    """Spread changes over the requests that they name; none may be named twice."""
    spread: dict[Point, Change] = {}
    for change in found:
        for point in everything():
            verb, purpose, category, recipient, day = point
            if (
                verb in change.verbs
                and purpose in change.purposes
                and category in change.categories
                and recipient in change.recipients
                and change.since <= day
                and (change.until is None or day <= change.until)
            ):
                assert point not in spread
                spread[point] = change
    return spread


def differs(old: Compiled, new: Compiled, point: Point) -> str:
    """Say what changes for one request."""
    before, after = old.decide(*point), new.decide(*point)
    if before.allowed != after.allowed:
        return "allowed" if after.allowed else "refused"
    return "duties" if before.duties != after.duties else ""


@settings(max_examples=40, deadline=None)
@given(st.lists(rules(), max_size=5), st.lists(rules(), max_size=5), st.integers(0, 5), st.sampled_from(DAYS))
def test_the_report_tells_every_difference_and_nothing_else(
    first: list[Rule], second: list[Rule], kept: int, since: dt.date
) -> None:
    old, new = compile_rulebook(book(first)), compile_rulebook(book([*first[:kept], *second]))
    spread = told(changes(old, new, since))
    for point in everything():
        expected = differs(old, new, point) if point[-1] >= since else ""
        assert (spread[point].kind if point in spread else "") == expected
        if point in spread:
            assert spread[point].before == old.decide(*point)
            assert spread[point].after == new.decide(*point)


def test_another_wording_of_the_same_is_no_difference() -> None:
    one = rule("one", "permit", "a1 a2", verbs=VERBS, categories=CATEGORIES, recipients=RECIPIENTS)
    other = rule("other", "permit", "a", verbs=(EVERY,), categories=(EVERY,), recipients=(EVERY,))
    assert changes(compile_rulebook(book([one])), compile_rulebook(book([other])), DAYS[0]) == []


def test_a_purpose_that_is_no_longer_declared_is_no_longer_allowed() -> None:
    purposes = tuple(Purpose(slug, WORD, WORD, parent) for slug, parent in TREE.items() if slug != "a1")
    before = book([rule("all", "permit", "a")])
    after = msgspec.structs.replace(before, purposes=purposes, rules=(rule("all", "permit", "a"),))
    after = msgspec.structs.replace(after, rules=(*after.rules, rule("rest", "permit", "a2", categories=("movement",))))
    found = changes(compile_rulebook(before), compile_rulebook(after), DAYS[0])
    assert {(change.kind, change.purposes, change.categories) for change in found} == {
        ("refused", ("a1",), ("weather",)),
        ("allowed", ("a2",), ("movement",)),
    }


def said(old: list[Rule], new: list[Rule], since: dt.date = DAYS[0]) -> list[Text]:
    """Write the difference between two books."""
    before, after = book(old), book(new)
    words = Words(before, after)
    return [words.change(change) for change in changes(compile_rulebook(before), compile_rulebook(after), since)]


def test_what_is_newly_allowed_is_said_in_both_languages() -> None:
    opening = rule("Wetter", "permit", "a", verbs=("use", "publish"), since=DAYS[2], until=DAYS[3])
    assert said([], [opening]) == [
        Text(
            "Diese Änderung erlaubt neu: nutzen, veröffentlichen. Daten: weather. Zweck: a. Für: city. "
            "Vom 3. Januar 2024 bis 4. Januar 2024. Grund: Regel „Wetter“, ohne Auflagen.",
            "This change newly allows: use, publish. Data: weather. Purpose: a. For: city. "
            "From 3 January 2024 to 4 January 2024. Reason: rule “Wetter”, without duties.",
        )
    ]


def test_what_is_no_longer_allowed_names_the_prohibition_or_the_rule_that_is_gone() -> None:
    opening, ban = rule("open", "permit", "a1 b"), rule("ban", "prohibit", "root")
    (banned,) = said([opening], [opening, ban])
    assert banned.en == (
        "This change no longer allows: use. Data: weather. Purpose: a1, b11. For: city. From 1 January 2024. "
        "Reason: prohibition “ban”."
    )
    (gone,) = said([opening], [])
    assert gone.en.endswith("Reason: rule “open” does not hold for it any more.")
    (freed,) = said([opening, ban], [opening])
    assert freed.en.endswith("Reason: rule “open”, without duties. Prohibition “ban” no longer hinders it.")


def test_other_duties_are_said_before_and_after() -> None:
    strict = Duties(
        time_grid_seconds=3600, minimum_group=3, minimum_persons=10, dominance_percent=85, delay_seconds=172_800,
        space_grid_metres=500, hidden_fields=("source",),
    )  # fmt: skip
    (sentence,) = said(
        [rule("one", "permit", "a1", duties=Duties(delay_seconds=90))], [rule("one", "permit", "a1", duties=strict)]
    )
    assert sentence.en.endswith(
        "Until now: only after 90 seconds. From then on: only means over 1 hour each; only of at least 3 values; only "
        "from 10 counted persons on; no value makes more than 85% of the sum; only after 2 days; places rounded to "
        "500 m; without: source."
    )
    assert duty_words(strict).de == (
        "nur Mittelwerte über je 1 Stunde; nur aus mindestens 3 Werten; nur ab 10 gezählten Personen; kein Wert macht "
        "über 85 % der Summe aus; erst nach 2 Tage; Orte auf 500 m gerundet; ohne: Quelle"
    )
    noisy = duty_words(Duties(time_grid_seconds=900, count_noise=5, hidden_fields=("validTime",)))
    assert noisy.de == ("nur Summen über je 15 Minuten; Zählungen um bis zu 5 verändert; ohne: Zeit der Gültigkeit")
    assert noisy.en == "only sums over 15 minutes each; counts changed by up to 5; without: time of validity"


def test_an_end_in_the_past_changes_nothing_from_today_on() -> None:
    ended = rule("ended", "permit", "a1", until=DAYS[1])
    assert said([], [ended], DAYS[2]) == []
    assert len(said([], [ended], DAYS[1])) == 1


def test_everybody_and_everything_are_named_so() -> None:
    before = book([], recipients=(*(Recipient(slug, Text(slug, slug)) for slug in (*RECIPIENTS, "third")),))
    star = rule("star", "permit", EVERY, verbs=(EVERY,), categories=(EVERY,), recipients=(EVERY,))
    after = msgspec.structs.replace(before, rules=(star,))
    found = changes(compile_rulebook(before), compile_rulebook(after), DAYS[0])
    assert [Words(before, after).change(change).en for change in found] == [
        "This change newly allows: collect, link, use, pass on, publish, delete. Data: all. Purpose: all. For: all. "
        "From 1 January 2024. Reason: rule “star”, without duties."
    ]
