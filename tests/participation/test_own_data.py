"""What people see of their own, take along and delete, without an account."""

import datetime as dt
import json
import re
from typing import Any

import pytest
from django.test import Client

from allmende.catalog import door
from allmende.kernel.clock import utc_now
from allmende.kernel.text import Text
from allmende.participation.models import (
    Ballot,
    Case,
    Code,
    Comment,
    Contribution,
    Follower,
    RankingBallot,
    Registration,
    Support,
    Topic,
    Vote,
    Workshop,
)
from allmende.participation.services import journey, notices, processes, votes, workshops
from allmende.participation.services.notices import send_mails
from tests.participation.conftest import ACTOR, Make, end_phase, handed_in, pass_for, solved, staff


def test_an_author_takes_along_what_is_kept_and_deletes_the_name(make: Make) -> None:
    client, process = Client(), make()
    one, key = handed_in(
        client,
        process,
        author="Kim Muster",
        body="Worte",
        place="47.66, 9.17",
    )
    own = f"/mitmachen/beitraege/{one.number}/mein/{key}/"
    told = client.get(f"{own}daten.json")
    assert (told.json()["author"], told.json()["latitude"], told["Cache-Control"]) == ("Kim Muster", 47.66, "no-store")
    for wrong in (f"{own[:-5]}aaaa/", f"/mitmachen/beitraege/{one.number}/mein/aaaabbbbcccc/"):
        assert client.post(f"{wrong}name/").status_code == 404
        assert client.get(f"{wrong}daten.json").status_code == 404
    client.post(f"{own}name/")
    page = client.get(f"/mitmachen/beitraege/{one.number}/").content.decode()
    assert ("Kim Muster" in page, "Worte" in page) == (False, True)


def test_who_commented_deletes_it(make: Make) -> None:
    client = Client()
    one, _ = handed_in(client, make())
    body = {"stance": "pro", "body": "Unbedacht gesagt", "author": "Kim", "nachweis": solved(client)}
    answer = client.post(f"/mitmachen/beitraege/{one.number}/kommentar/", body)
    page = client.get(answer["Location"].partition("#")[0]).content.decode()
    own = re.findall(r"/mitmachen/kommentare/\d+/mein/\w+/", page)[0]
    client.post(own, {"tat": "loeschen"})
    assert "Unbedacht" not in client.get(f"/mitmachen/beitraege/{one.number}/").content.decode()
    assert (Comment.objects.get().body, Comment.objects.get().author) == ("", "")
    assert "Sie haben ihn gelöscht" in client.get(own).content.decode()


def opened(mails: list[Any]) -> str:
    link = next(word for word in mails[-1].body.split() if "/mitmachen/adresse/" in word)
    return f"/mitmachen/adresse/{link.partition('/adresse/')[2]}"


def test_an_address_sees_all_that_is_kept_of_it_and_deletes_it(make: Make, mailoutbox: list[Any]) -> None:
    client, process = Client(), make("workshop")
    now = utc_now()
    plan = workshops.Plan(
        title=Text("Abend", "Evening"),
        place="Saal",
        begins=now + dt.timedelta(days=3),
        ends=now + dt.timedelta(days=3, hours=2),
        places=1,
        access=Text("Rampe", "Ramp"),
        forget_on=now.date() + dt.timedelta(days=9),
    )
    one = workshops.put_up(ACTOR, process, plan)
    for name in ("Kim", "Ari"):
        workshops.register(one.pk, workshops.Wish(name, f"{name}@example.org", "Gebärdensprache", "de"), now)
    notices.follow(process, None, email="kim@example.org", language="de", now=now)
    client.post("/mitmachen/adresse/", {"email": "Kim@example.org"})
    send_mails(utc_now())
    path = opened(mailoutbox)
    page = client.get(path).content.decode()
    assert ("Gebärdensprache" in page, "Verfahren" in page, "Ari" in page) == (True, True, False)
    kept = client.get(f"{path}daten.json").json()
    assert (kept["email"], len(kept["follows"]), kept["registrations"][0]["name"]) == ("kim@example.org", 1, "Kim")
    assert client.get("/mitmachen/adresse/erfunden/").status_code == 404
    client.post(path, {"tat": "alles"})
    assert (Follower.objects.count(), Workshop.objects.get().registrations.get().state) == (0, "placed")
    assert Registration.objects.get().name == "Ari"
    assert "Nichts. Zu dieser Adresse" in client.get(path).content.decode()


def test_a_pass_shows_and_deletes_its_votes_while_the_phase_runs(make: Make) -> None:
    client, process = Client(), make("charter", phase=1)
    votes.add_statement(ACTOR, process, text_de="Mehr Bäume.", text_en="More trees.")
    one = Contribution.objects.create(
        process=process, number="n1", kind="need", title="Bänke", received=utc_now(), due=utc_now(), text_digest="x"
    )
    cards = [pass_for(client, process) for _ in range(2)]
    for card in cards:
        body = {"karte": card, "aussage": "1", "stimme": "agree", "ohne": "1"}
        assert client.post(f"/mitmachen/{process.slug}/aussagen/", body).status_code == 302
        client.post(f"/mitmachen/beitraege/{one.number}/unterstuetzen/", {"karte": card})
    mine = f"/mitmachen/{process.slug}/meine-stimmen"
    kept = client.get(f"{mine}.json?karte={cards[0]}").json()
    assert (kept["votes"], kept["process"]) == ({"1": 1}, process.slug)
    assert client.get(f"{mine}/").status_code == 403
    client.post(f"{mine}/", {"karte": cards[0]})
    one.refresh_from_db()
    assert (Vote.objects.count(), one.supports == Support.objects.count()) == (1, True)
    end_phase(process)
    client.post(f"{mine}/", {"karte": cards[1]})
    assert Vote.objects.count() == 1


@pytest.mark.parametrize("form", ["budget", "ranking"])
def test_who_has_the_code_of_a_paper_neither_sees_nor_deletes_it(make: Make, form: str) -> None:
    process = make(form, phase=2 if form == "budget" else 0, level="code")
    (code,) = votes.make_codes(ACTOR, process, 1)
    kind, kept = (Ballot, {"choice": {"1": 1}}) if form == "budget" else (RankingBallot, {"order": [1]})
    name = votes.redeem(process, code)
    kind.objects.create(process=process, pseudonym=name, channel="paper", **kept)
    card, mine = pass_for(Client(), process, code=code), f"/mitmachen/{process.slug}/meine-stimmen"
    told = Client().get(f"{mine}.json?karte={card}").json()
    assert (told["ballot"], told["ranking"]) == (None, None)
    Client().post(f"{mine}/", {"karte": card})
    assert kind.objects.count() == 1


def test_one_click_in_a_digest_stops_every_mail_and_a_step_is_told_once(make: Make, mailoutbox: list[Any]) -> None:
    client, process = Client(), make()
    both = [handed_in(client, process, title=title)[0] for title in ("Bänke am Seerhein", "Trinkbrunnen am Markt")]
    for about in (*both, None):
        found = notices.follow(process, about, email="kim@example.org", language="de", now=utc_now())
        notices.confirm(notices.token_of(found), utc_now())
    for one in both:
        note = Text("Wir bauen.", "We build.")
        news = journey.News(state="answered", outcome="accepted", note=note)
        journey.advance(ACTOR, number=one.number, news=news, now=utc_now())
    notices.send_digests(utc_now(), lambda name, word: f"https://city.example/{name}/{word}", door.gate())
    (mail,) = mailoutbox
    assert [mail.body.count(f"{one.number} –") for one in both] == [1, 1]
    assert [f"Nichts mehr zu {one.number}: https" in mail.body for one in both] == [True, True]
    word = re.findall(r"<https://city.example/follow-stop-all/(.+)>", mail.extra_headers["List-Unsubscribe"])[0]
    path = f"/mitmachen/abmelden/alles/{word}/"
    Client().get(path)
    assert Follower.objects.count() == 3
    click = Client(enforce_csrf_checks=True).post(
        path, "List-Unsubscribe=One-Click", content_type="application/x-www-form-urlencoded"
    )
    assert click.status_code == 200
    assert Follower.objects.count() == 0


def test_a_search_with_a_radius_is_kept_and_told_of_what_fits(make: Make, mailoutbox: list[Any]) -> None:
    client, process = Client(), make()
    Topic.objects.create(process=process, kind="category", slug="licht", title_de="Licht", title_en="Light")
    list_page = f"/mitmachen/{process.slug}/beitraege/"
    near, far = (handed_in(client, process, title=f"Bank {n}", place=f"47.66{n}, 9.17")[0] for n in (1, 5))
    page = client.get(list_page, {"ort": "47.6612, 9.17", "umkreis": "250"}).content.decode()
    assert (near.number in page, far.number in page) == (True, False)
    asked = {"email": "Kim@example.org", "ort": "47.6612, 9.17", "umkreis": "250", "thema": "schatten"}
    assert client.post(f"{list_page}merken/", asked)["Location"].endswith("?gemerkt=1")
    client.post(f"{list_page}merken/", asked)
    follower = Follower.objects.get()
    assert "250 m um 47.6612" in client.get(f"/mitmachen/folgen/{notices.token_of(follower)}/").content.decode()
    handed_in(client, process, title="Vor der Bestätigung", place="47.661, 9.17")
    notices.confirm(notices.token_of(follower), utc_now())
    fits, _ = handed_in(client, process, title="Passt und ist nah", place="47.6615, 9.1705")
    handed_in(client, process, title="Passt und ist fern", place="47.6680, 9.17")
    handed_in(client, process, title="Nah, anderes Thema", place="47.661, 9.17", category="licht")
    held, _ = handed_in(client, process, title="Wartet noch", place="47.661, 9.17", proven=False)
    assert [row.step.contribution.number for row in follower.notices.all()] == [fits.number]
    desk, _ = staff("moderator")
    desk.post("/intern/beteiligung/moderation/", {"case": str(held.cases.get().pk), "deed": "keep"})
    assert {row.step.contribution.number for row in follower.notices.all()} == {fits.number, held.number}
    news = journey.News(state="checked")
    journey.advance(ACTOR, number=fits.number, news=news, now=utc_now())
    assert follower.notices.count() == 2
    assert json.loads(follower.search)["radius"] == 250


def test_the_deletion_plan_is_carried_out_and_reported(make: Make) -> None:
    process, client = make(keep_days=30, level="code"), Client()
    votes.make_codes(ACTOR, process, 3)
    shown, key = handed_in(client, process, author="Kim Muster", email="kim@example.org")
    hidden, _ = handed_in(
        client, process, proven=False, title="Verborgene Worte", author="Ari Beispiel", place="47.66, 9.17"
    )
    desk, _ = staff("office")
    case = {"case": str(hidden.cases.get().pk), "deed": "hide", "reason": "insult"}
    desk.post("/intern/beteiligung/moderation/", case)
    body = {"stance": "pro", "body": "Ein Kommentar", "author": "Kim Muster", "nachweis": solved(client)}
    client.post(f"/mitmachen/beitraege/{shown.number}/kommentar/", body)
    where = f"/intern/beteiligung/{process.slug}/"
    process.phases.update(since=utc_now() - dt.timedelta(days=9), until=utc_now() - dt.timedelta(days=8))
    assert "seit 8 Tagen vorbei" in desk.get(where).content.decode()
    desk.post(where, {"deed": "move", "to": "closed"})
    assert processes.forget_ended(utc_now() + dt.timedelta(days=29)) == []
    assert processes.forget_ended(utc_now() + dt.timedelta(days=31)) == [process.slug]
    assert processes.forget_ended(utc_now() + dt.timedelta(days=32)) == []
    left = str([list(table.objects.values()) for table in (Contribution, Comment, Follower, Code, Case)])
    for gone in ("Kim Muster", "Ari Beispiel", "kim@", "Verborgene Worte", "47.66"):
        assert gone not in left, gone
    assert client.get(f"/mitmachen/beitraege/{shown.number}/mein/{key}/").status_code == 404
    page = client.get(f"/mitmachen/beitraege/{shown.number}/").content.decode()
    assert ("Bänke am Seerhein" in page, "Ein Kommentar" in page) == (True, True)
    report = desk.get(where).content.decode()
    for line in ("Codes: 3", "E-Mail-Adressen: 1", "Worte verborgener Beiträge: 1", "Schlüssel des Verfahrens ist"):
        assert line in report, line
