"""Taking part without an account: ideas, photos, comments; what machines send, and what comes too late."""

import io
import re
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from allmende.accounts.models import AuditEntry
from allmende.accounts.rules import SystemActor
from allmende.participation.models import Case, Comment, Contribution, Mail, Phase
from allmende.participation.photos import MOST_BYTES
from allmende.portal.participation_frame import MOST_AN_HOUR, MOST_MAILS
from allmende.register.addresses import load_addresses
from tests.participation.conftest import Make, end_phase, handed_in, solved, submit

EVIL = "<script>alert(1)</script><img src=x onerror=alert(2)>"


def photo_with_place() -> SimpleUploadedFile:
    picture = Image.new("RGB", (4000, 200), "green")
    exif = picture.getexif()
    exif[0x010F] = "SecretCam"
    exif.get_ifd(0x8825).update({1: "N", 2: (47.0, 39.0, 0.0)})
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", exif=exif)
    assert b"SecretCam" in buffer.getvalue()
    return SimpleUploadedFile("handy.jpg", buffer.getvalue(), "image/jpeg")


def test_an_idea_is_public_at_once_and_found_by_its_number_without_a_cookie(make: Make) -> None:
    process, client = make(), Client(enforce_csrf_checks=True)
    one, key = handed_in(client, process, place="47.6619, 9.1739", author="Kim")
    page = client.get("/mitmachen/nummer/", {"nummer": one.number}, follow=True).content.decode()
    assert "Bänke am Seerhein" in page
    assert (one.latitude, one.longitude) == (47.6619, 9.1739)
    assert one.number in client.get(f"/mitmachen/beitraege/{one.number}/mein/{key}/").content.decode()
    assert client.get(f"/mitmachen/beitraege/{one.number}/mein/falsch/").status_code == 404
    assert key not in str(Contribution.objects.values().get(pk=one.pk))
    assert not client.cookies
    entry = AuditEntry.objects.get(verb="participation.received")
    assert (entry.actor, "Kim" in str(entry.after)) == ("public", False)


def test_without_the_computed_proof_a_human_reads_first(make: Make) -> None:
    process, client = make(), Client()
    one, key = handed_in(client, process, proven=False)
    assert (one.visibility, Case.objects.get().cause) == ("held", "no-proof")
    assert "Bänke am Seerhein" not in client.get(f"/mitmachen/beitraege/{one.number}/").content.decode()
    assert "Ein Mensch liest ihn" in client.get(f"/mitmachen/beitraege/{one.number}/mein/{key}/").content.decode()


def test_a_proof_counts_once_and_not_when_it_was_changed(make: Make) -> None:
    process, client = make(), Client()
    word = solved(client)
    first, _ = handed_in(client, process, proven=False, nachweis=word)
    second, _ = handed_in(client, process, proven=False, nachweis=word, title="Etwas ganz anderes")
    third, _ = handed_in(client, process, proven=False, nachweis=word[:-8] + "AAAAAAA=", title="Noch etwas")
    assert [one.visibility for one in (first, second, third)] == ["shown", "held", "held"]


def test_links_and_repeated_words_are_held(make: Make) -> None:
    process, client = make(), Client()
    handed_in(client, process)
    again, _ = handed_in(client, process, title="bänke  AM seerhein")
    links, _ = handed_in(
        client, process, title="Viel zu sehen", body="http://a.example https://b.example www.c.example"
    )
    assert {again.cases.get().cause, links.cases.get().cause} == {"repeated", "links"}


def test_what_is_alike_or_near_is_shown_before_sending_and_nothing_typed_is_lost(make: Make) -> None:
    process, client = make(), Client()
    handed_in(client, process, place="47.66190, 9.17390")
    for title, place in (("Bänke am Seerein", ""), ("Ganz anders benannt", "47.66195, 9.17395")):
        answer = submit(client, process, gesehen="", title=title, place=place, body="Mein langer Text")
        page = answer.content.decode()
        assert (answer.status_code, "Gibt es das schon?" in page, "Mein langer Text" in page) == (200, True, True)
    assert Contribution.objects.count() == 1
    far = submit(client, process, gesehen="", title="Radweg breiter bauen", place="47.69, 9.2")
    assert far.status_code == 302


def test_while_typing_the_same_list_comes_as_a_piece_of_a_page(make: Make) -> None:
    process, client = make(), Client()
    one, _ = handed_in(client, process, place="47.66190, 9.17390")
    path = f"/mitmachen/{process.slug}/beitraege/aehnlich/"
    for asked in ({"titel": "Bänke am Seerein"}, {"titel": "ganz anders", "ort": "47.66195, 9.17395"}):
        assert one.number in client.get(path, asked).content.decode()
    assert one.number not in client.get(path, {"titel": "Radweg breiter"}).content.decode()
    assert Client().get(f"/mitmachen/{make('survey').slug}/beitraege/aehnlich/").status_code == 404


def test_an_address_is_found_in_the_citys_own_list(make: Make, tmp_path: Path) -> None:
    process, client = make(), Client()
    file = tmp_path / "addresses.csv"
    file.write_text("STREET,NUMBER,LON,LAT\nSeestraße,1,9.18,47.66\nSeestraße,3,9.181,47.66\n", encoding="utf-8")
    load_addresses(SystemActor("system:test"), file, "Stadt Test, CC BY")
    assert "Stadt Test, CC BY" in client.get(f"/mitmachen/{process.slug}/beitraege/neu/").content.decode()
    choice = '<option value="Seestraße 3" data-point="47.66000,9.18100">'
    assert choice in client.get("/mitmachen/orte/", {"ort": "seestr"}).content.decode()
    unclear = submit(client, process, place="Seestraße")
    assert (unclear.status_code, "Seestraße 1, Seestraße 3" in unclear.content.decode()) == (400, True)
    one, _ = handed_in(client, process, place="Seestr. 3")
    assert (one.place, one.longitude) == ("Seestraße 3", 9.181)


def test_a_photo_keeps_its_pixels_and_loses_place_and_device(make: Make) -> None:
    process, client = make(), Client()
    one, _ = handed_in(client, process, photo=photo_with_place(), photo_alt="Eine Wiese")
    sent = client.get(f"/mitmachen/beitraege/{one.number}/bild.jpg")
    body = b"".join(sent.streaming_content)  # type: ignore[attr-defined]
    with Image.open(io.BytesIO(body)) as picture:
        assert (picture.width, len(picture.getexif())) == (1600, 0)
    assert b"SecretCam" not in body
    assert 'alt="Eine Wiese"' in client.get(f"/mitmachen/beitraege/{one.number}/").content.decode()


@pytest.mark.parametrize(
    ("name", "body", "told"),
    [
        ("gross.jpg", b"\xff\xd8" + b"0" * (MOST_BYTES * 5), "mehr als 10 MB"),
        ("kein.jpg", b"GIF89a not a photo", "kein Foto"),
        ("leer.svg", b"<svg onload='alert(1)'/>", "kein Foto"),
    ],
    ids=["50 MB", "no photo", "SVG"],
)
def test_a_bad_photo_is_refused_with_the_limit_and_the_text_stays(
    make: Make, name: str, body: bytes, told: str
) -> None:
    process, client = make(), Client()
    file = SimpleUploadedFile(name, body, "image/jpeg")
    answer = submit(client, process, photo=file, photo_alt="x", body="Mein Text")
    page = answer.content.decode()
    assert (answer.status_code, told in page, "Mein Text" in page) == (400, True, True)
    assert Contribution.objects.count() == 0


def test_a_photo_needs_words(make: Make) -> None:
    answer = submit(Client(), make(), photo=photo_with_place())
    assert (answer.status_code, "Beschreiben Sie das Foto" in answer.content.decode()) == (400, True)


def test_a_phase_that_ends_while_typing_gives_the_text_back(make: Make) -> None:
    process, client = make(), Client()
    end_phase(process)
    answer = submit(client, process, title="Mein Titel bleibt", body="Mein langer & guter Text")
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Mein langer &amp; guter Text</textarea>" in page
    assert "data:text/plain;charset=utf-8,Mein%20Titel%20bleibt" in page
    assert Contribution.objects.count() == 0


def test_a_phase_that_ends_gives_a_comment_back(make: Make) -> None:
    process, client = make(), Client()
    one, _ = handed_in(client, process)
    end_phase(process)
    Phase.objects.filter(process=process).delete()
    path = f"/mitmachen/beitraege/{one.number}/kommentar/"
    answer = client.post(path, {"stance": "pro", "body": "Mein Grund & mehr", "nachweis": solved(client)})
    page = answer.content.decode()
    assert (answer.status_code, "Mein Grund &amp; mehr</textarea>" in page) == (409, True)
    assert "data:text/plain;charset=utf-8,Mein%20Grund" in page


@pytest.mark.parametrize("words", [EVIL, "مرحبا بالعالم هنا", "🌳🌳🌳 überall 🌳", "\u202eklug umgedreht"])
def test_every_text_is_inert_and_whole(make: Make, words: str) -> None:
    process, client = make(), Client()
    told = {"title": words, "body": words, "author": words, "photo": photo_with_place(), "photo_alt": words}
    one, _ = handed_in(client, process, **told)
    client.post(
        f"/mitmachen/beitraege/{one.number}/kommentar/",
        {"stance": "pro", "body": words, "author": words, "nachweis": solved(client)},
    )
    assert Comment.objects.get().visibility == "shown"
    for path in (
        f"/mitmachen/beitraege/{one.number}/",
        f"/mitmachen/{process.slug}/beitraege/",
        f"/en/mitmachen/{process.slug}/",
    ):
        page = client.get(path).content.decode()
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert "\u202e" not in page
        assert words.lstrip("\u202e")[:5].replace("<", "&lt;") in page


def test_one_connection_may_send_so_much_and_no_address_is_kept(make: Make, django_assert_max_num_queries: Any) -> None:
    process, client = make(), Client(REMOTE_ADDR="192.0.2.77")
    for number in range(MOST_AN_HOUR):
        handed_in(client, process, proven=False, title=f"Idee Nummer {number}")
    answer = submit(client, process, proven=False, title="Noch eine Idee", body="Mein Text")
    assert (answer.status_code, "Mein Text" in answer.content.decode()) == (429, True)
    elsewhere = Client(REMOTE_ADDR="192.0.2.78")
    handed_in(elsewhere, process, title="Von woanders her")
    assert "192.0.2.7" not in str(list(Contribution.objects.values()) + list(AuditEntry.objects.values()))


def test_other_websites_and_machines_are_refused(make: Make) -> None:
    process, client = make(), Client()
    assert submit(client, process, website="http://spam.example").status_code == 400
    body = {"title": "Bänke am Seerhein", "category": "schatten", "gesehen": "1"}
    path = f"/mitmachen/{process.slug}/beitraege/neu/"
    assert client.post(path, body, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert Contribution.objects.count() == 0


def test_where_an_address_is_needed_the_idea_waits_for_it(make: Make, mailoutbox: list[Any]) -> None:
    from allmende.kernel.clock import utc_now
    from allmende.participation.services.notices import send_mails

    process, client = make(writing="mail"), Client()
    assert submit(client, process).status_code == 400
    one, _ = handed_in(client, process, email="kim@example.org")
    assert one.visibility == "unconfirmed"
    send_mails(utc_now())
    link = next(word for word in mailoutbox[0].body.split() if "/mitmachen/folgen/" in word)
    path = link.partition("testserver")[2] or link.partition("8000")[2]
    client.get(path)
    one.refresh_from_db()
    assert one.visibility == "unconfirmed"
    client.post(path)
    one.refresh_from_db()
    assert one.visibility == "shown"


def test_a_draft_shows_itself_to_who_knows_the_preview(make: Make) -> None:
    process, client = make(), Client()
    process.state = "draft"
    process.save()
    assert client.get(f"/mitmachen/{process.slug}/").status_code == 404
    assert client.get(f"/mitmachen/{process.slug}/?vorschau={process.preview}").status_code == 200
    assert process.slug not in client.get("/mitmachen/").content.decode()


@pytest.mark.parametrize("form", ["charter", "budget", "panel-budget", "ranking", "workshop", "text-work"])
def test_every_page_of_a_draft_is_reached_from_its_preview(make: Make, form: str) -> None:
    process, client = make(form), Client()
    process.state = "draft"
    process.save()
    page = client.get(f"/mitmachen/{process.slug}/?vorschau={process.preview}").content.decode()
    here = f"/mitmachen/{process.slug}/"
    files = ("feed.atom", ".ics", ".csv")
    links = {link for link in re.findall(r'href="([^"]+)"', page) if link.startswith(here) and len(link) > len(here)}
    pages = {link for link in links if not link.partition("?")[0].endswith(files)}
    assert {link: client.get(link).status_code for link in pages} == dict.fromkeys(pages, 200)
    assert pages


def test_a_list_of_many_is_turned_over_page_by_page_with_few_queries(
    make: Make, django_assert_max_num_queries: Any
) -> None:
    process, client = make(), Client()
    rows = [
        Contribution(
            process=process,
            number=f"n{number}",
            kind="idea",
            title=f"Idee {number:03}",
            supports=number % 7,
            received="2026-01-01T00:00Z",
            due="2026-02-01T00:00Z",
            text_digest=str(number),
        )
        for number in range(95)
    ]
    Contribution.objects.bulk_create(rows)
    for order in ("", "unterstuetzt"):
        seen: list[str] = []
        query = f"folge={order}"
        while query:
            with django_assert_max_num_queries(8):
                page = client.get(f"/mitmachen/{process.slug}/beitraege/?{query}")
            seen += [one.title for _, one in page.context["entries"]]
            query = page.context["following"]
        assert (len(seen), len(set(seen))) == (95, 95)


def test_an_address_gets_so_many_mails_an_hour_whoever_asks(make: Make) -> None:
    process = make()
    for number in range(MOST_MAILS):
        client = Client(REMOTE_ADDR=f"192.0.2.{number}")
        handed_in(client, process, title=f"Idee Nummer {number}", email=("A" if number % 2 else "a") + "da@example.org")
    sent, kept = Mail.objects.count(), Contribution.objects.count()
    client = Client(REMOTE_ADDR="192.0.2.200")
    answer = submit(client, process, title="Noch eine", body="Mein Text", email="ada@example.org")
    page = answer.content.decode()
    assert (answer.status_code, "Mein Text" in page, "schon 10 Mails" in page) == (429, True, True)
    assert client.post("/mitmachen/adresse/", {"email": "ada@example.org"}).status_code == 429
    assert (Mail.objects.count(), Contribution.objects.count()) == (sent, kept)
    handed_in(client, process, title="An jemand anderen", email="bob@example.org")
    handed_in(client, process, title="Ohne Adresse")
    assert Mail.objects.count() == sent + 1
