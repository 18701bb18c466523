"""Questions while a workshop runs: one asks by telephone, others say that they want to know, it is answered there."""

import datetime as dt

import pytest
from django.test import Client

from allmende.kernel.clock import utc_now
from allmende.kernel.text import Text
from allmende.participation.models import Contribution, Workshop
from allmende.participation.services import votes, workshops
from tests.participation.conftest import ACTOR, Make, pass_for, solved, staff


def running(make: Make, **fields: str) -> Workshop:
    now = utc_now()
    plan = workshops.Plan(
        title=Text("Abend", "Evening"),
        place="Saal",
        begins=now - dt.timedelta(minutes=5),
        ends=now + dt.timedelta(hours=2),
        places=30,
        access=Text("Rampe", "Ramp"),
        forget_on=now.date() + dt.timedelta(days=9),
    )
    return workshops.put_up(ACTOR, make("workshop", **fields), plan)


def path(one: Workshop) -> str:
    return f"/mitmachen/{one.process.slug}/werkstatt/{one.pk}/fragen/"


def ask(client: Client, one: Workshop, words: str, **values: str) -> int:
    sent = client.post(path(one), {"title": words, "website": "", "nachweis": solved(client), **values})
    return sent.status_code


def test_what_most_want_to_know_comes_first_and_is_answered_there(make: Make) -> None:
    one, client = running(make), Client()
    for words in ("Wann beginnt der Umbau?", "Wer bezahlt das alles?"):
        assert ask(client, one, words) == 302
    first, second = Contribution.objects.order_by("pk")
    assert (first.kind, first.channel, first.heard_at.workshop) == ("question", "onsite", one)

    def order() -> list[str]:
        return [row.number for row in client.get(path(one)).context["questions"]]

    for count, expected in ((9, [first.number, second.number]), (10, [second.number, first.number])):
        while second.supporters.count() < count:
            body = {"karte": pass_for(Client(REMOTE_ADDR=f"192.0.2.{second.supporters.count()}"), one.process)}
            client.post(f"/mitmachen/beitraege/{second.number}/unterstuetzen/", body)
        assert order() == expected
    desk, _ = staff("office")
    room = f"/intern/beteiligung/{one.process.slug}/werkstaetten/{one.pk}/fragen/"
    desk.post(room, {"frage": second.number})
    second.refresh_from_db()
    assert (second.outcome, order()) == ("spoken", [first.number, second.number])
    page = client.get(f"/en/mitmachen/beitraege/{second.number}/").content.decode()
    assert ("Answered at the workshop" in page, "see the minutes" in page) == (True, True)
    desk.post(room, {"frage": "2026-99999"})
    assert "10" in client.get(f"{path(one)[:-1]}.csv").content.decode()
    reader, _ = staff("auditor")
    reader.post(room, {"frage": first.number})
    first.refresh_from_db()
    assert first.answered is None


@pytest.mark.parametrize("hours", [-5, 5])
def test_before_and_after_nobody_asks_and_the_words_are_not_lost(make: Make, hours: int) -> None:
    one = running(make)
    one.begins += dt.timedelta(hours=hours)
    one.ends += dt.timedelta(hours=hours)
    one.save()
    client = Client()
    sent = client.post(path(one), {"title": "Wann beginnt der Umbau?", "nachweis": solved(client)})
    assert (sent.status_code, "Wann beginnt der Umbau?" in sent.content.decode()) == (409, True)
    assert Contribution.objects.count() == 0


def test_where_writing_needs_a_code_the_way_leads_back_to_the_questions(make: Make) -> None:
    one, client = running(make, writing="code"), Client()
    assert client.get(path(one))["Location"].endswith(f"weiter=frage-{one.pk}")
    (code,) = votes.make_codes(ACTOR, one.process, 1)
    back = client.post(f"/mitmachen/{one.process.slug}/teilnehmen/", {"weiter": f"frage-{one.pk}", "code": code})
    assert back["Location"].startswith(path(one))
    assert ask(client, one, "Ohne Karte gefragt?") == 403
    assert ask(client, one, "Mit Karte gefragt?", karte=back["Location"].partition("karte=")[2]) == 302
