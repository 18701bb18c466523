"""Votes: one for each person, by whichever way they came; and what is published of them."""

import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from allmende.gate.door import Gate
from allmende.kernel.clock import utc_now
from allmende.participation.models import Code, Process, Topic, Vote, Voter
from allmende.participation.services import processes, texts, votes
from allmende.participation.services.notices import send_mails
from allmende.participation.services.opinions import look_again
from allmende.participation.vote_queries import standings
from tests.participation.conftest import ACTOR, Make, end_phase, handed_in, pass_for, with_text


@pytest.fixture
def process(make: Make) -> Process:
    found = make("survey")
    for text in ("Mehr Bäume.", "Mehr Bänke."):
        votes.add_statement(ACTOR, found, text_de=text, text_en=text)
    return found


def vote(client: Client, process: Process, card: str, number: int, choice: str) -> Any:
    path = f"/mitmachen/{process.slug}/aussagen/"
    return client.post(path, {"karte": card, "aussage": str(number), "stimme": choice, "ohne": "1"})


def test_statements_come_one_after_the_other_and_an_answer_can_be_changed(process: Process) -> None:
    client = Client(enforce_csrf_checks=True)
    card = pass_for(client, process, weiter="aussagen")
    path = f"/mitmachen/{process.slug}/aussagen/?karte={card}"
    assert "Wozu zählen Sie sich?" in client.get(path).content.decode()
    first = client.get(f"{path}&ohne=1").content.decode()
    assert ("Aussage 1 von 2" in first, client.get(path)["Cache-Control"]) == (True, "no-store")
    assert vote(client, process, card, 1, "agree").status_code == 302
    assert "Aussage 2 von 2" in client.get(f"{path}&ohne=1").content.decode()
    vote(client, process, card, 1, "disagree")
    vote(client, process, card, 2, "pass")
    assert sorted(Vote.objects.values_list("statement__number", "value")) == [(1, -1), (2, 0)]
    assert "Sie haben alle Aussagen bewertet" in client.get(f"{path}&ohne=1").content.decode()
    assert not client.cookies


@pytest.mark.parametrize("card", ["", "erfunden", "e30:abc"])
def test_without_a_pass_nothing_counts(process: Process, card: str) -> None:
    assert vote(Client(), process, card, 1, "agree").status_code == 403
    assert Vote.objects.count() == 0


def test_a_pass_of_another_process_is_none(process: Process, make: Make) -> None:
    card = pass_for(Client(), make("survey", slug="other"))
    assert vote(Client(), process, card, 1, "agree").status_code == 403


@pytest.mark.parametrize(("number", "choice"), [(3, "agree"), (1, "maybe"), (0, "agree")])
def test_what_there_is_not_cannot_be_voted_on(process: Process, number: int, choice: str) -> None:
    card = pass_for(Client(), process)
    assert vote(Client(), process, card, number, choice).status_code == 404


def test_after_the_phase_nothing_counts(process: Process) -> None:
    card = pass_for(Client(), process)
    end_phase(process)
    assert vote(Client(), process, card, 1, "agree").status_code == 409


def test_the_database_itself_refuses_a_second_vote(process: Process) -> None:
    statement = process.statements.get(number=1)
    Vote.objects.create(statement=statement, pseudonym="a", value=1)
    with pytest.raises(IntegrityError), transaction.atomic():
        Vote.objects.create(statement=statement, pseudonym="a", value=1)
    with pytest.raises(IntegrityError), transaction.atomic():
        Vote.objects.create(statement=statement, pseudonym="b", value=2)


def test_a_printed_code_is_one_person_however_often_it_is_typed(process: Process) -> None:
    Process.objects.filter(pk=process.pk).update(level="code")
    process.refresh_from_db()
    (code,) = votes.make_codes(ACTOR, process, 1)
    assert code not in str(list(Code.objects.values()))
    spelled = f" {code[:4].upper()}-{code[4:8]} {code[8:]}"
    cards = [pass_for(Client(), process, code=text) for text in (code, spelled)]
    for card in cards:
        vote(Client(), process, card, 1, "agree")
    assert Vote.objects.count() == 1
    wrong = Client().post(f"/mitmachen/{process.slug}/teilnehmen/", {"code": "aaaabbbbcccc"})
    assert (wrong.status_code, "Diesen Code gibt es" in wrong.content.decode()) == (404, True)
    guesses = [
        Client().post(f"/mitmachen/{process.slug}/teilnehmen/", {"code": f"guess{n}"}).status_code for n in range(30)
    ]
    assert guesses[-1] == 429


def test_a_code_of_another_process_opens_nothing(process: Process, make: Make) -> None:
    other = make("survey", slug="other", level="code")
    (code,) = votes.make_codes(ACTOR, other, 1)
    Process.objects.filter(pk=process.pk).update(level="code")
    assert Client().post(f"/mitmachen/{process.slug}/teilnehmen/", {"code": code}).status_code == 404


def test_by_mail_the_same_address_is_one_person_and_is_kept_nowhere(process: Process, mailoutbox: list[Any]) -> None:
    Process.objects.filter(pk=process.pk).update(level="mail")
    for address in ("Kim@example.org", "kim@example.org"):
        sent = Client().post(f"/mitmachen/{process.slug}/teilnehmen/", {"email": address})
        assert "Öffnen Sie den Link" in sent.content.decode()
    send_mails(utc_now())
    cards = [mail.body.partition("karte=")[2].split()[0] for mail in mailoutbox]
    for card in cards:
        vote(Client(), process, card, 1, "agree")
    assert (len(cards), Vote.objects.count()) == (2, 1)
    assert "kim@" not in str(list(Vote.objects.values()) + list(Voter.objects.values()))


def cast(process: Process, group: str, agree: int, disagree: int, number: int = 1) -> None:
    statement = process.statements.get(number=number)
    topic = Topic.objects.get(process=process, kind="group", slug=group)
    for place, value in enumerate([1] * agree + [-1] * disagree):
        name = f"{group}-{place}"
        Voter.objects.get_or_create(process=process, pseudonym=name, defaults={"group": topic})
        Vote.objects.create(statement=statement, pseudonym=name, value=value)


def test_counts_of_fewer_than_ten_are_published_nowhere_not_even_by_subtraction(process: Process) -> None:
    cast(process, "handel", 10, 2)
    cast(process, "familien", 3, 4)
    small = standings(process)[0]
    assert (small.all and small.all.total, small.groups) == (19, (None, None))
    csv = Client().get(f"/mitmachen/{process.slug}/ergebnis.csv").content.decode()
    assert "1,Mehr Bäume.,Mehr Bäume.,familien,,,," in csv
    cast(process, "familien", 6, 0, number=2)
    assert standings(process)[1].all is None


def test_three_people_make_no_groups_and_are_not_even_counted(process: Process, gate: Gate) -> None:
    for _ in range(3):
        card = pass_for(Client(), process)
        for number in (1, 2):
            vote(Client(), process, card, number, "agree")
    assert look_again(utc_now(), gate) == 1
    page = Client().get(f"/mitmachen/{process.slug}/ergebnis/").content.decode()
    assert "Weniger als zehn Menschen haben abgestimmt." in page
    assert "noch zu wenige Menschen abgestimmt, um Meinungsgruppen zu suchen" in page
    assert "3 Menschen" not in page
    found = Client().get(f"/mitmachen/{process.slug}/meinungsgruppen.json").json()
    assert (found["found"], found["groups"]) == (False, [])


def test_conflicts_and_agreement_are_named(process: Process) -> None:
    for group, pair in {"handel": (12, 1), "familien": (2, 14)}.items():
        cast(process, group, *pair)
    for group in ("handel", "familien"):
        cast(process, group, 15, 1, number=2)
    page = " ".join(Client().get(f"/mitmachen/{process.slug}/ergebnis/").content.decode().split())
    common, _, conflicts = page.partition("Hier stehen Gruppen gegeneinander")
    assert ("<li>Mehr Bänke.</li>" in common, "<li>Mehr Bäume.<br>" in conflicts) == (True, True)
    assert "dafür: handel · dagegen: familien" in conflicts


def crowd(process: Process, people: int, opinion: Callable[[int, int], int]) -> None:
    """Let people vote on ten statements, each as their number and that of the statement say."""
    for number in range(process.statements.count() + 1, 11):
        votes.add_statement(ACTOR, process, text_de=f"Satz {number}.", text_en=f"Sentence {number}.")
    rows = list(process.statements.all())
    Vote.objects.bulk_create(
        Vote(statement=one, pseudonym=f"p{person}", value=opinion(person, one.number))
        for one in rows
        for person in range(people)
    )


def test_two_camps_are_found_and_what_both_share_is_named(process: Process, gate: Gate) -> None:
    crowd(process, 40, lambda person, number: 1 if number == 1 or (number + person) % 2 else -1)
    look_again(utc_now(), gate)
    page = Client().get(f"/en/mitmachen/{process.slug}/ergebnis/").content.decode()
    assert ("Opinion group 2" in page, "Opinion group 3" in page) == (True, False)
    shared = page.partition("What all opinion groups share")[2]
    assert ("Mehr Bäume." in shared, "at least 100 %" in shared, "Sentence 3." in shared) == (True, True, False)


def test_where_opinions_do_not_part_no_groups_are_made_up(process: Process, gate: Gate) -> None:
    crowd(
        process, 60, lambda person, number: 1 if hashlib.sha256(f"{person}/{number}".encode()).digest()[0] % 2 else -1
    )
    look_again(utc_now(), gate)
    page = Client().get(f"/mitmachen/{process.slug}/ergebnis/").content.decode()
    assert ("Keine Meinungsgruppen gefunden" in page, "Meinungsgruppe 1" in page) == (True, False)


def test_from_a_priority_one_comes_to_the_paragraph_and_back_to_the_need(make: Make) -> None:
    process = make("charter")
    need, _ = handed_in(Client(), process, group="handel", tag="conflict")
    with_text(process, "Bänke stehen im Schatten.")
    votes.add_statement(ACTOR, process, text_de="Mehr Bänke.", text_en="More benches.", contribution=need)
    texts.relate(ACTOR, process.paragraphs.get(), numbers=[need.number], project="")
    page = Client().get(f"/mitmachen/{process.slug}/ergebnis/").content.decode()
    assert f'<a href="/mitmachen/{process.slug}/text/1/">§ 1 Absatz 1</a>' in page
    assert f",{need.number},§1" in Client().get(f"/mitmachen/{process.slug}/ergebnis.csv").content.decode()
    assert need.title in Client().get(f"/mitmachen/{process.slug}/text/1/").content.decode()
    listed = Client().get(f"/mitmachen/{process.slug}/beitraege/", {"art": "conflict"}).content.decode()
    assert need.number in listed
    assert need.number not in Client().get(f"/mitmachen/{process.slug}/beitraege/", {"art": "idea"}).content.decode()


def test_the_key_is_destroyed_when_the_process_forgets_and_the_counts_stay(process: Process) -> None:
    cast(process, "handel", 12, 1)
    before = standings(process)[0].all
    processes.move(ACTOR, process, "closed", utc_now())
    process.refresh_from_db()
    assert processes.forget_ended(utc_now()) == []
    process.keep_days = 0
    process.save()
    assert processes.forget_ended(utc_now()) == [process.slug]
    process.refresh_from_db()
    assert (process.key, standings(process)[0].all) == (None, before)
    assert Client().post(f"/mitmachen/{process.slug}/teilnehmen/").status_code == 422
    assert "Gelöscht am" in Client().get(f"/mitmachen/{process.slug}/").content.decode()
