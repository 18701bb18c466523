"""What becomes of a contribution: steps in public, followers, one click to stop, merging and splitting."""

import datetime as dt
from typing import Any

import pytest
from django.test import Client

from allmende.catalog import door
from allmende.kernel.clock import utc_now
from allmende.kernel.errors import Conflict
from allmende.kernel.text import Text
from allmende.participation.models import Contribution, Follower, Mail, Notice, Process, Support
from allmende.participation.services import journey, notices, texts
from allmende.participation.services.journey import News
from tests.participation.conftest import ACTOR, Make, handed_in, pass_for, solved, with_text

NOTE = Text("Wir bauen sie.", "We build them.")


def address(name: str, word: str) -> str:
    return f"https://city.example/{name}/{word}"


def follower(one: Contribution, email: str) -> Follower:
    found = notices.follow(one.process, one, email=email, language="de", now=utc_now())
    notices.confirm(notices.token_of(found), utc_now())
    return found


def answered(one: Contribution) -> None:
    news = News(state="answered", outcome="accepted", note=NOTE)
    journey.advance(ACTOR, number=one.number, news=news, now=utc_now())


def test_each_step_stands_on_the_page_in_both_languages_with_office_and_reason(make: Make) -> None:
    one, _ = handed_in(Client(), make())
    answered(one)
    for path, words in (
        (f"/mitmachen/beitraege/{one.number}/", NOTE.de),
        (f"/en/mitmachen/beitraege/{one.number}/", NOTE.en),
    ):
        assert words in Client().get(path).content.decode()
    feed = Client().get(f"/mitmachen/beitraege/{one.number}/feed.atom").content.decode()
    assert (NOTE.de in feed, "Amt" in feed) == (True, True)
    assert Client().get(f"/mitmachen/beitraege/{one.number}/qr.svg").content.startswith(b"<svg")
    assert Client().get(f"/b/{one.number}")["Location"].endswith(f"/beitraege/{one.number}/")


def test_what_was_promised_and_not_kept_is_counted_in_public(make: Make) -> None:
    process = make(answer_days=10)
    one, _ = handed_in(Client(), process)
    Contribution.objects.filter(pk=one.pk).update(due=utc_now() - dt.timedelta(days=1))
    page = Client().get(f"/mitmachen/{process.slug}/beitraege/").content.decode()
    assert "Überfällig: 1" in page
    assert "Antwort überfällig" in Client().get(f"/mitmachen/beitraege/{one.number}/").content.decode()
    answered(one)
    assert "Überfällig: 0" in Client().get(f"/mitmachen/{process.slug}/beitraege/").content.decode()


def test_an_address_hears_nothing_before_it_confirmed_then_at_most_one_mail_a_day(
    make: Make, mailoutbox: list[Any], django_assert_num_queries: Any
) -> None:
    client, process = Client(), make()
    one, _ = handed_in(client, process)
    client.post(f"/mitmachen/beitraege/{one.number}/folgen/", {"email": "Kim@example.org"})
    answered(one)
    notices.send_digests(utc_now(), address, door.gate())
    assert (mailoutbox, Mail.objects.get().to) == ([], "kim@example.org")
    notices.confirm(notices.token_of(Follower.objects.get()), utc_now())
    for state in ("linked", "underway"):
        journey.advance(ACTOR, number=one.number, news=News(state=state, project="x"), now=utc_now())
    assert notices.send_digests(utc_now(), address, door.gate()) == 1
    mail = mailoutbox[0]
    assert mail.body.count(one.number) >= 2
    assert mail.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    journey.advance(ACTOR, number=one.number, news=News(state="done"), now=utc_now())
    assert notices.send_digests(utc_now(), address, door.gate()) == 0
    assert notices.send_digests(utc_now() + dt.timedelta(days=1), address, door.gate()) == 1
    with django_assert_num_queries(1):
        assert notices.send_digests(utc_now() + dt.timedelta(days=2), address, door.gate()) == 0


def test_who_supports_may_follow_at_once_and_the_address_is_apart_from_the_support(make: Make) -> None:
    client, process = Client(), make()
    one, _ = handed_in(client, process)
    path = f"/mitmachen/beitraege/{one.number}/unterstuetzen/"
    for email, status, count in (("kein", 422, 0), ("Kim@example.org", 302, 1), ("", 302, 1)):
        card = pass_for(client, process)
        assert client.post(path, {"karte": card, "email": email}).status_code == status, email
        assert (Follower.objects.count(), Mail.objects.count()) == (count, count), email
    one.refresh_from_db()
    assert (one.supports, Follower.objects.get().email) == (2, "kim@example.org")
    assert "kim@" not in str(list(Support.objects.values()))


def test_one_click_stops_and_forgets_the_address(make: Make) -> None:
    one, _ = handed_in(Client(), make())
    token = notices.token_of(follower(one, "kim@example.org"))
    path = f"/mitmachen/abmelden/{token}/"
    Client().get(path)
    assert Follower.objects.count() == 1
    sent = Client(enforce_csrf_checks=True).post(
        path, "List-Unsubscribe=One-Click", content_type="application/x-www-form-urlencoded"
    )
    assert (sent.status_code, Follower.objects.count()) == (200, 0)
    assert Client().post("/mitmachen/abmelden/erfunden/").status_code == 200


def test_a_mail_that_fails_is_tried_again_and_given_up_at_last(make: Make, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    notices.post("kim@example.org", "Betreff", "Text", utc_now())
    now = utc_now()
    for _ in range(notices.MOST_ATTEMPTS - 1):
        assert notices.send_mails(now) == 0
        now = Mail.objects.get().due
    notices.send_mails(now)
    assert Mail.objects.count() == 0


def test_merging_counts_nobody_twice_and_takes_followers_along(make: Make) -> None:
    client, process = Client(), make()
    one, _ = handed_in(client, process)
    other, _ = handed_in(client, process, title="Sitzgelegenheiten am Rhein")
    both, only = pass_for(client, process), pass_for(client, process)
    for number, card in ((one.number, both), (other.number, both), (one.number, only)):
        client.post(f"/mitmachen/beitraege/{number}/unterstuetzen/", {"karte": card})
    follower(one, "kim@example.org")
    follower(one, "ari@example.org")
    follower(other, "kim@example.org")
    journey.merge(ACTOR, number=one.number, into=other.number, now=utc_now())
    other.refresh_from_db()
    assert (other.supports, other.supporters.count(), other.followers.count()) == (2, 2, 2)
    page = client.get(f"/mitmachen/beitraege/{one.number}/").content.decode()
    assert other.number in page
    with pytest.raises(Conflict):
        journey.merge(ACTOR, number=one.number, into=other.number, now=utc_now())
    assert Notice.objects.filter(follower__email="ari@example.org").exists()


def test_what_was_merged_stays_readable_with_all_that_hangs_on_it(make: Make) -> None:
    client, process = Client(), make("charter")
    with_text(process, "Bänke stehen im Schatten.")
    ids = {"group": "handel", "tag": "idea"}
    one, _ = handed_in(client, process, body="Mit Lehne, bitte.", **ids)
    other, _ = handed_in(client, process, title="Sitzgelegenheiten am Rhein", **ids)
    body = {"stance": "contra", "body": "Zu laut dort.", "nachweis": solved(client)}
    client.post(f"/mitmachen/beitraege/{one.number}/kommentar/", body)
    texts.relate(ACTOR, process.paragraphs.get(), numbers=[one.number], project="")
    journey.merge(ACTOR, number=one.number, into=other.number, now=utc_now())
    page = client.get(f"/mitmachen/beitraege/{other.number}/").content.decode()
    for words in ("Mit Lehne, bitte.", "Zu laut dort.", "§ 1 Absatz 1"):
        assert words in page
    assert "Sitzgelegenheiten am Rhein" in client.get(f"/mitmachen/{process.slug}/text/").content.decode()


def test_splitting_makes_contributions_of_their_own_whose_followers_are_the_same(make: Make) -> None:
    one, _ = handed_in(Client(), make(), place="47.6619, 9.1739")
    follower(one, "kim@example.org")
    made = journey.split(ACTOR, number=one.number, parts=[("Bänke", "mit Lehne"), ("Bäume", "")], now=utc_now())
    assert [(part.title, part.split_from_id, part.visibility) for part in made] == [
        ("Bänke", one.pk, "shown"),
        ("Bäume", one.pk, "shown"),
    ]
    assert [(part.latitude, part.longitude) for part in made] == [(47.6619, 9.1739)] * 2
    assert [part.followers.get().email for part in made] == ["kim@example.org"] * 2


def test_a_declined_idea_gets_into_no_project(make: Make) -> None:
    one, _ = handed_in(Client(), make())
    journey.advance(ACTOR, number=one.number, news=News(state="answered", outcome="declined", note=NOTE), now=utc_now())
    with pytest.raises(Conflict):
        journey.advance(ACTOR, number=one.number, news=News(state="linked", project="x"), now=utc_now())
    one.refresh_from_db()
    assert (one.state, Process.objects.count()) == ("answered", 1)
