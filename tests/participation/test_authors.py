"""Authors without an account: they mend their words for an hour, take them back, and name who wrote along."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from allmende.accounts.models import AuditEntry
from allmende.kernel.clock import utc_now
from allmende.participation.models import CoAuthor, Contribution, Follower, TitleGram
from allmende.participation.rules import EDIT_TIME, MOST_COAUTHORS
from allmende.participation.services import processes
from allmende.participation.services.notices import send_mails
from tests.participation.conftest import Make, handed_in, pass_for, solved, staff, submit, with_text
from tests.participation.test_taking_part import photo_with_place


def own(one: Contribution, key: str, deed: str = "") -> str:
    return f"/mitmachen/beitraege/{one.number}/mein/{key}/{deed}"


def edit(client: Client, one: Contribution, key: str, **values: Any) -> Any:
    body = {"title": "Bänke mit Lehne", "category": "schatten", **values, "nachweis": solved(client)}
    return client.post(own(one, key, "aendern/"), body)


def test_an_author_changes_words_and_place_and_the_page_says_so(make: Make) -> None:
    process, client = make(), Client()
    one, key = handed_in(client, process, body="Alt", place="47.6619, 9.1739")
    form = client.get(own(one, key, "aendern/")).content.decode()
    assert ("47.66190, 9.17390" in form, "Alt</textarea>" in form) == (True, True)
    assert edit(client, one, key, body="Neu", place="47.67, 9.18").status_code == 302
    one.refresh_from_db()
    assert (one.title, one.body, one.latitude, one.visibility) == ("Bänke mit Lehne", "Neu", 47.67, "shown")
    assert "geändert um" in client.get(f"/mitmachen/beitraege/{one.number}/").content.decode()
    alike = submit(client, process, gesehen="", title="Bänke mit Lehnen", body="")
    assert "Gibt es das schon?" in alike.content.decode()
    assert "Neu" not in str(AuditEntry.objects.get(verb="participation.edited").after)
    assert TitleGram.objects.filter(contribution=one).count() == one.gram_count


def test_new_words_are_held_like_first_ones(make: Make) -> None:
    client = Client()
    one, key = handed_in(client, make())
    edit(client, one, key, body="http://a.example https://b.example www.c.example")
    one.refresh_from_db()
    assert (one.visibility, one.cases.get().cause) == ("held", "links")


@pytest.mark.parametrize("late", ["time", "comment", "answer", "process"])
def test_nothing_changes_under_what_others_said(make: Make, late: str) -> None:
    process, client = make(), Client()
    one, key = handed_in(client, process)
    if late == "time":
        Contribution.objects.filter(pk=one.pk).update(received=utc_now() - EDIT_TIME)
    elif late == "comment":
        body = {"stance": "pro", "body": "Ja, gern", "nachweis": solved(client)}
        client.post(f"/mitmachen/beitraege/{one.number}/kommentar/", body)
    elif late == "answer":
        desk, _ = staff("office")
        step = {"deed": "step", "state": "checked", "office_de": "Amt", "office_en": "Office"}
        desk.post(f"/intern/beteiligung/beitrag/{one.number}/", step)
    else:
        process.state = "closed"
        process.save()
    answer = edit(client, one, key, body="Mein später Text")
    assert (answer.status_code, "Mein später Text" in answer.content.decode()) == (409, True)
    one.refresh_from_db()
    assert (one.title, one.edited) == ("Bänke am Seerhein", None)


def test_without_the_key_nobody_changes_or_takes_back(make: Make) -> None:
    one, _ = handed_in(Client(), make())
    for deed in ("aendern/", "zurueckziehen/", "mitverfasst/"):
        assert Client().post(own(one, "falsch", deed), {"title": "Fremdes"}).status_code == 404
    one.refresh_from_db()
    assert (one.title, one.visibility) == ("Bänke am Seerhein", "shown")


def test_what_is_taken_back_is_gone_everywhere_and_cannot_come_back(make: Make, tmp_path: Path) -> None:
    process, client = make(), Client()
    one, key = handed_in(client, process, body="Geheimnis", author="Kim", photo=photo_with_place(), photo_alt="Wiese")
    client.post(f"/mitmachen/beitraege/{one.number}/melden/", {"words": "stört mich"})
    card = pass_for(client, process)
    client.post(f"/mitmachen/beitraege/{one.number}/unterstuetzen/", {"karte": card})
    assert len(list((tmp_path / "media" / "participation").iterdir())) == 1
    # Files go when the transaction has ended.
    from django.test import TestCase

    with TestCase.captureOnCommitCallbacks(execute=True):
        assert client.post(own(one, key, "zurueckziehen/")).status_code == 302
    assert list((tmp_path / "media" / "participation").iterdir()) == []
    one.refresh_from_db()
    assert (one.title, one.body, one.author, one.supports) == ("–", "", "", 0)
    assert one.cases.count() == one.supporters.count() == 0
    page = client.get(f"/mitmachen/beitraege/{one.number}/").content.decode()
    assert ("zurückgezogen" in page, "Bänke am Seerhein" in page) == (True, False)
    assert one.number not in client.get(f"/mitmachen/{process.slug}/beitraege/").content.decode()
    assert edit(client, one, key).status_code == 409
    assert client.post(own(one, key, "zurueckziehen/")).status_code == 409


def test_a_co_author_is_named_after_agreeing_and_the_mail_carries_no_words_of_others(
    make: Make, mailoutbox: list[Any]
) -> None:
    process, client = make(), Client()
    one, key = handed_in(client, process, title="Kauft jetzt billig ein")
    client.post(own(one, key, "mitverfasst/"), {"coauthor": "Ari Muster", "coauthor_email": "Ari@example.org"})
    send_mails(utc_now())
    assert (mailoutbox[0].to, "billig" in mailoutbox[0].body, "Muster" in mailoutbox[0].body) == (
        ["ari@example.org"],
        False,
        False,
    )
    page = f"/mitmachen/beitraege/{one.number}/"
    link = next(word for word in mailoutbox[0].body.split() if "/mitverfasst/" in word)
    path = "/mitmachen" + link.partition("/mitmachen")[2]
    assert "Ari Muster" in client.get(path).content.decode()
    assert "Ari Muster" not in client.get(page).content.decode()
    client.post(path)
    assert "Ari Muster" in client.get(page).content.decode()
    assert Follower.objects.get().confirmed is not None
    assert client.post("/mitmachen/mitverfasst/erfunden/").status_code == 200
    for number in range(MOST_COAUTHORS + 1):
        answer = client.post(
            own(one, key, "mitverfasst/"), {"coauthor": "Nochwer", "coauthor_email": f"p{number}@example.org"}
        )
    assert (answer.status_code, CoAuthor.objects.count()) == (409, MOST_COAUTHORS)
    processes.forget(process, utc_now())
    assert CoAuthor.objects.count() == 0


def test_a_suggestion_is_mended_like_an_idea(make: Make) -> None:
    process, client = make("text-work"), Client()
    with_text(process, "Die Stadt misst nur Wetter.")
    body = {"proposed": "Die Stadt misst Wetter.", "title": "Kürzer sagen", "base_version": "1"}
    sent = client.post(f"/mitmachen/{process.slug}/text/1/vorschlag/", {**body, "nachweis": solved(client)})
    one = Contribution.objects.get()
    key = sent["Location"].split("/")[-2]
    changed = {**body, "proposed": "Die Stadt misst das Wetter.", "nachweis": solved(client)}
    assert client.post(own(one, key, "aendern/"), changed).status_code == 302
    one.refresh_from_db()
    assert (one.proposed, one.base_version) == ("Die Stadt misst das Wetter.", 1)
    assert one.received + dt.timedelta(hours=1) > utc_now()
