"""Who may do what: a level for voting and one for writing, each of which leads all the way to what it opens."""

from typing import Any

import pytest
from django.test import Client

from allmende.kernel.clock import utc_now
from allmende.participation.models import Comment, Contribution
from allmende.participation.services import votes
from allmende.participation.services.notices import send_mails
from tests.participation.conftest import ACTOR, Make, handed_in, pass_for, solved, staff, submit, with_text


def test_writing_may_need_a_code_where_voting_does_not(make: Make) -> None:
    process = make(writing="code")
    (code,) = votes.make_codes(ACTOR, process, 1)
    client, form = Client(), f"/mitmachen/{process.slug}/beitraege/neu/"
    way = client.get(form)
    assert way["Location"].endswith("/teilnehmen/?weiter=beitrag")
    assert "Code aus Ihrem Brief" in client.get(way["Location"]).content.decode()
    refused = submit(client, process, body="Mein langer Text")
    assert (refused.status_code, "Mein langer Text" in refused.content.decode()) == (403, True)
    loose = pass_for(client, process, weiter="uebersicht")
    assert submit(client, process, karte=loose).status_code == 403
    card = pass_for(client, process, weiter="beitrag", code=code)
    assert client.get(f"{form}?karte={card}").status_code == 200
    one, _ = handed_in(client, process, karte=card)
    page = client.get(f"/mitmachen/beitraege/{one.number}/").content.decode()
    assert f"weiter=kommentar-{one.number}" in page
    comment = {"stance": "pro", "body": "Ja bitte", "nachweis": solved(client)}
    path = f"/mitmachen/beitraege/{one.number}/kommentar/"
    assert client.post(path, comment | {"karte": loose}).status_code == 403
    assert client.post(path, comment | {"karte": card, "nachweis": solved(client)}).status_code == 302
    supported = {"karte": pass_for(client, process, weiter=f"beitrag-{one.number}")}
    assert client.post(f"/mitmachen/beitraege/{one.number}/unterstuetzen/", supported).status_code == 302
    one.refresh_from_db()
    assert (Contribution.objects.count(), Comment.objects.count(), one.supports) == (1, 1, 1)


def test_voting_may_need_a_code_where_writing_does_not(make: Make) -> None:
    process = make(level="code")
    one, _ = handed_in(Client(), process)
    path = f"/mitmachen/{process.slug}/teilnehmen/"
    assert "Code aus Ihrem Brief" in Client().get(f"{path}?weiter=beitrag-{one.number}").content.decode()
    loose = pass_for(Client(), process, weiter="beitrag")
    answer = Client().post(f"/mitmachen/beitraege/{one.number}/unterstuetzen/", {"karte": loose})
    one.refresh_from_db()
    assert (answer.status_code, one.supports) == (403, 0)


def test_a_suggestion_asks_for_its_pass_before_anybody_types(make: Make) -> None:
    process = make("text-work", phase=1, writing="code")
    with_text(process, "Daten gehören allen.")
    way = Client().get(f"/mitmachen/{process.slug}/text/1/vorschlag/")
    assert way["Location"].endswith("/teilnehmen/?weiter=absatz-1")
    (code,) = votes.make_codes(ACTOR, process, 1)
    back = Client().post(f"/mitmachen/{process.slug}/teilnehmen/", {"weiter": "absatz-1", "code": code})
    assert f"/mitmachen/{process.slug}/text/1/?karte=" in back["Location"]


def test_to_comment_by_mail_the_link_leads_to_what_is_commented(make: Make, mailoutbox: list[Any]) -> None:
    process = make(writing="mail")
    one, _ = handed_in(Client(), process, email="kim@example.org")
    Contribution.objects.update(visibility="shown")
    path = f"/mitmachen/{process.slug}/teilnehmen/"
    Client().post(path, {"weiter": f"kommentar-{one.number}", "email": "ari@example.org"})
    send_mails(utc_now())
    link = mailoutbox[-1].body.split("\n")[2]
    assert f"/mitmachen/beitraege/{one.number}/?karte=" in link
    body = {"stance": "contra", "body": "Nein danke", "karte": link.partition("karte=")[2]}
    assert Client().post(f"/mitmachen/beitraege/{one.number}/kommentar/", body).status_code == 302


def test_a_moderator_does_not_stand_in_for_an_address_that_was_not_confirmed(make: Make, mailoutbox: list[Any]) -> None:
    one, _ = handed_in(Client(), make(writing="mail"), proven=False, email="kim@example.org")
    desk, _ = staff("moderator")
    desk.post("/intern/beteiligung/moderation/", {"case": str(one.cases.get().pk), "deed": "keep"})
    assert Client().get(f"/mitmachen/beitraege/{one.number}/bild.jpg").status_code == 404
    assert one.title not in Client().get(f"/mitmachen/beitraege/{one.number}/").content.decode()
    send_mails(utc_now())
    link = next(word for word in mailoutbox[0].body.split() if "/mitmachen/folgen/" in word)
    Client().post(f"/mitmachen{link.partition('/mitmachen')[2]}")
    assert one.title in Client().get(f"/mitmachen/beitraege/{one.number}/").content.decode()


@pytest.mark.parametrize("wanted", ["beitrag-../../x", "beitrag-", "absatz-x", "nichts", "kommentar-%00"])
def test_a_goal_that_there_is_not_is_no_fault_of_the_program(make: Make, wanted: str) -> None:
    path = f"/mitmachen/{make().slug}/teilnehmen/"
    assert Client().post(path, {"weiter": wanted}).status_code in (302, 404)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("beitraege/?ab=²", 200),
        ("beitraege/?ab=99999999999999999999999&folge=unterstuetzt", 200),
        ("beitraege/?suche=%00", 404),
        ("?kommentar=²&schluessel=aaaaaaaaaaaa", 200),
        ("?vorschau=%00", 404),
    ],
)
def test_what_is_no_number_and_no_text_is_answered(make: Make, path: str, status: int) -> None:
    process = make()
    assert Client().get(f"/mitmachen/{process.slug}/{path}").status_code == status
    one, _ = handed_in(Client(), process)
    for which in ("²", "99999999999999999999999"):
        report = Client().post(f"/mitmachen/beitraege/{one.number}/melden/", {"words": "Unpassend", "kommentar": which})
        assert report.status_code == 302
