"""The hint of moderation: learned from own decisions, shown to people who decide, silent where it would mislead."""

import random
from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from allmende.accounts.models import AuditEntry
from allmende.gate.door import Gate
from allmende.kernel.clock import utc_now
from allmende.participation.methods.hints import Example, distinct, learn, pieces
from allmende.participation.models import Case, Contribution, Learned, Process
from allmende.participation.services import hints, processes
from allmende.register.models import Algorithm
from tests.participation.conftest import Make, handed_in, staff
from tests.participation.test_gate import prohibit

QUEUE, PAGE = "/intern/beteiligung/moderation/", "/intern/beteiligung/moderation/hinweise/"
PLACES = ("Bahnhof", "Stadtgarten", "Marktplatz", "Schule", "Seerhein", "Hafen", "Radweg", "Spielplatz", "Rathaus")
WANTS = ("Schatten", "eine Bank", "einen Trinkbrunnen", "mehr Bäume", "besseres Licht", "einen Zebrastreifen")
WHYS = ("weil es im Sommer heiß wird", "für Kinder auf dem Schulweg", "damit Ältere ausruhen", "abends ist es dunkel")
GOODS = ("Kredit sofort", "Casino Bonus", "Gewinnspiel", "billige Uhren", "Abnehmpillen", "Krypto Gewinne")
CRIES = ("jetzt klicken und gewinnen", "garantiert ohne Schufa", "nur heute mit Rabatt", "ohne Risiko reich werden")


def idea(chance: random.Random) -> str:
    wants, whys = chance.sample(WANTS, 2), chance.sample(WHYS, 2)
    return f"{wants[0]} am {chance.choice(PLACES)}: dort fehlt {wants[1]}, {whys[0]}, {whys[1]}"


def spam(chance: random.Random) -> str:
    goods, cries = chance.sample(GOODS, 2), chance.sample(CRIES, 2)
    return f"{goods[0]} {chance.choice(PLACES)}: {cries[0]}, {goods[1]} {cries[1]}"


def decide(process: Process, decisions: list[tuple[str, bool]], reason: str = "advertising") -> None:
    """Keep texts with what somebody decided about each; as many as nobody clicks through in a test."""
    now = utc_now()
    start = Contribution.objects.count()
    rows = [
        Contribution(
            process=process,
            number=f"e{start + at}",
            kind="idea",
            title="Betreff",
            body=text,
            received=now,
            due=now,
            text_digest=str(start + at),
            visibility="hidden" if hidden else "shown",
        )
        for at, (text, hidden) in enumerate(decisions)
    ]
    made = Contribution.objects.bulk_create(rows)
    Case.objects.bulk_create(
        Case(
            process=process,
            contribution=one,
            cause="no-proof",
            opened=now,
            closed=now,
            decision="hidden" if hidden else "shown",
            reason=reason if hidden else "",
        )
        for one, (_text, hidden) in zip(made, decisions, strict=True)
    )


def decisions(kept: int, hidden: int) -> list[tuple[str, bool]]:
    """Give so many different texts of each kind."""
    chance, texts = random.Random(5), {True: set[str](), False: set[str]()}
    for wanted, make_one, count in ((False, idea, kept), (True, spam, hidden)):
        while len(texts[wanted]) < count:
            texts[wanted].add(make_one(chance))
    return [(text, wanted) for wanted, known in texts.items() for text in sorted(known)]


@pytest.fixture
def waiting(make: Make) -> tuple[Process, Contribution, Contribution]:
    """Give a process in which an idea and, after it, an advertisement wait to be read."""
    process, chance = make(), random.Random(99)
    good, _ = handed_in(Client(), process, proven=False, title="Eine gute Idee", body=idea(chance))
    bad, _ = handed_in(Client(), process, proven=False, title="Ein Angebot", body=spam(chance))
    return process, good, bad


def listed(desk: Client, query: str = "") -> list[tuple[str, float | None]]:
    """Give the titles of the queue in their order, each with its hint."""
    rows = desk.get(QUEUE + query).context["queue"].rows
    return [(case.thing.title, value) for case, value in rows]


def test_a_hint_stands_beside_what_is_like_hidden_texts_and_can_come_first(
    waiting: tuple[Process, Contribution, Contribution], gate: Gate
) -> None:
    process, good, bad = waiting
    desk, _ = staff("moderator")
    assert "Noch keine Hinweise" in desk.get(PAGE).content.decode()
    decide(process, decisions(60, 60))
    before = list(Contribution.objects.order_by("pk").values())
    assert (hints.learn_again(utc_now(), gate), hints.learn_again(utc_now(), gate)) == (True, False)
    assert list(Contribution.objects.order_by("pk").values()) == before
    assert Case.objects.filter(closed=None).count() == 2
    (first, none), (second, value) = listed(desk)
    assert (first, none, second) == (good.title, None, bad.title)
    assert value is not None
    assert value >= 0.7
    assert [title for title, _ in listed(desk, "?folge=hinweise")] == [bad.title, good.title]
    page = desk.get(f"{QUEUE}?folge=hinweise").content.decode()
    assert ("ähnlich wie früher Verborgenes" in page, bad.body in page) == (True, True)
    answer = desk.post(f"{QUEUE}?folge=hinweise", {"case": str(bad.cases.get().pk), "deed": "keep"})
    assert answer["Location"].endswith("?folge=hinweise")
    bad.refresh_from_db()
    assert bad.visibility == "shown"
    told = desk.get(PAGE).content.decode()
    assert ("Hinweise werden gezeigt" in told, "60 verborgenen" in told) == (True, True)


def test_the_public_reads_that_it_is_used_how_good_it_is_and_that_people_decide(
    waiting: tuple[Process, Contribution, Contribution], gate: Gate
) -> None:
    before = Client().get("/mitmachen/moderation/").content.decode()
    assert ("zu wenig entschieden" in before, Algorithm.objects.count()) == (True, 0)
    decide(waiting[0], decisions(60, 60))
    hints.learn_again(utc_now(), gate)
    page = Client().get("/mitmachen/moderation/").content.decode()
    assert ("60 gezeigten und 60 verborgenen" in page, "entscheidet ein Mensch" in page) == (True, True)
    english = Client().get("/en/mitmachen/moderation/").content.decode()
    assert ("60 shown and 60 hidden" in english, "a human decides" in english) == (True, True)
    register = Client().get("/datenethik/algorithmen/").content.decode()
    assert ("Hinweise für die Moderation" in register, "ein Mensch entscheidet" in register) == (True, True)
    (row,) = Client().get("/datenethik/algorithmen.json").json()["algorithms"]
    assert (row["slug"], row["autonomy"], row["until"]) == ("moderation-hint", "supports", None)


def test_with_too_few_decisions_there_is_none_and_the_page_says_how_many_are_missing(
    waiting: tuple[Process, Contribution, Contribution], gate: Gate
) -> None:
    process, desk = waiting[0], staff("moderator")[0]
    decide(process, decisions(70, 13))
    decide(
        process, [(f"gehört nicht hierher {spam(random.Random(at))} {'x' * at}", True) for at in range(60)], "off-topic"
    )
    hints.learn_again(utc_now(), gate)
    assert [value for _, value in listed(desk, "?folge=hinweise")] == [None, None]
    page = desk.get(PAGE).content.decode()
    assert ("Es fehlen noch 37 Entscheidungen „verborgen“" in page, "„gezeigt“." in page) == (True, False)
    assert (Learned.objects.get().weights, Algorithm.objects.count()) == (None, 0)


def test_a_text_that_came_a_thousand_times_counts_once(
    waiting: tuple[Process, Contribution, Contribution], gate: Gate
) -> None:
    decide(waiting[0], decisions(60, 20) + [(f"Kredit sofort, Angebot {at}", True) for at in range(200)])
    hints.learn_again(utc_now(), gate)
    assert "Es fehlen noch 29 Entscheidungen" in staff("moderator")[0].get(PAGE).content.decode()


def test_where_decisions_follow_no_pattern_there_is_no_hint(
    waiting: tuple[Process, Contribution, Contribution], gate: Gate
) -> None:
    desk, _ = staff("moderator")
    decide(waiting[0], [(text, at % 2 == 0) for at, (text, _) in enumerate(decisions(120, 0))])
    hints.learn_again(utc_now(), gate)
    assert [value for _, value in listed(desk)] == [None, None]
    assert "Sie würden zu oft irren" in desk.get(PAGE).content.decode()
    assert "würden zu oft irren" in Client().get("/mitmachen/moderation/").content.decode()
    assert Learned.objects.get().weights is None


def test_it_is_switched_off_and_on_with_an_entry_in_the_trail_and_what_was_learned_is_gone(
    waiting: tuple[Process, Contribution, Contribution], gate: Gate
) -> None:
    decide(waiting[0], decisions(60, 60))
    hints.learn_again(utc_now(), gate)
    staff("auditor")[0].post(PAGE, {"to": "off"})
    assert Learned.objects.get().wanted
    desk, person = staff("moderator")
    assert "Abgeschaltet" in desk.post(PAGE, {"to": "off"}, follow=True).content.decode()
    assert [value for _, value in listed(desk)] == [None, None]
    assert not hints.learn_again(utc_now(), gate)
    row = Learned.objects.get()
    assert (row.weights, row.facts, row.digest) == (None, "", "")
    assert "die Stadt hat es abgeschaltet" in Client().get("/mitmachen/moderation/").content.decode()
    assert Algorithm.objects.get().until is not None
    entry = AuditEntry.objects.get(verb="participation.hint_switched")
    assert (entry.actor, entry.after) == (person.email, {"wanted": False})
    desk.post(PAGE, {"to": "on"})
    assert hints.learn_again(utc_now(), gate)
    assert listed(desk)[1][1] is not None
    assert Algorithm.objects.get().until is None


def test_an_appeal_gets_no_hint(waiting: tuple[Process, Contribution, Contribution], gate: Gate) -> None:
    process, _good, bad = waiting
    decide(process, decisions(60, 60))
    hints.learn_again(utc_now(), gate)
    bad.cases.update(cause="appeal")
    assert [value for _, value in listed(staff("moderator")[0])] == [None, None]


def test_what_a_process_forgets_is_not_in_what_was_learned(
    waiting: tuple[Process, Contribution, Contribution], make: Make, gate: Gate
) -> None:
    other = make(slug="andere")
    decide(waiting[0], decisions(60, 0))
    decide(other, decisions(0, 60))
    hints.learn_again(utc_now(), gate)
    assert Learned.objects.get().weights is not None
    processes.forget(other, utc_now())
    assert hints.learn_again(utc_now(), gate)
    assert Learned.objects.get().weights is None
    assert "Es fehlen noch 50 Entscheidungen „verborgen“" in staff("moderator")[0].get(PAGE).content.decode()


def test_texts_that_may_not_be_used_teach_nothing_and_get_no_hint(
    waiting: tuple[Process, Contribution, Contribution], gate: Gate
) -> None:
    decide(waiting[0], decisions(60, 60))
    hints.learn_again(utc_now(), gate)
    prohibit(gate, "contributions")
    assert hints.learn_again(utc_now(), gate)
    row = Learned.objects.get()
    assert (row.weights, '"hidden":0' in row.facts) == (None, True)


def test_made_up_decisions_of_a_demonstration_teach_nothing(make: Make, gate: Gate) -> None:
    decide(make(demonstration=True), decisions(60, 60))
    hints.learn_again(utc_now(), gate)
    assert '"hidden":0' in Learned.objects.get().facts


def test_the_same_decisions_give_the_same_numbers_in_any_order() -> None:
    examples = [Example(text, hidden) for text, hidden in decisions(60, 60)]
    mixed = random.Random(1).sample(examples, len(examples))
    (one, first), (other, second) = learn(examples), learn(mixed)
    assert (one, first.bias, first.places.tobytes()) == (other, second.bias, second.places.tobytes())


@given(st.text(max_size=200))
def test_any_text_becomes_pieces_of_length_one_whatever_its_case_and_spaces(text: str) -> None:
    at, values = pieces(text)
    assert (len(at) == len(values), abs(float(values @ values) - 1) < 1e-4) == (True, True)
    again: Any = pieces(f"  {text}\n")[0]
    assert again.tolist() == at.tolist()


def test_the_last_decision_about_a_text_counts() -> None:
    rows = [Example("Bank 12", hidden=False), Example("bank  7", hidden=True), Example("–", hidden=True)]
    assert distinct(rows) == rows[:1]
