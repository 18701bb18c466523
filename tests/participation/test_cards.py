"""Photos of pinned cards: pixels alone, for the staff alone, typed card by card, deleted on the day named."""

import datetime as dt
import io
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from allmende.accounts.models import AuditEntry
from allmende.gate.door import Gate
from allmende.kernel.clock import utc_now
from allmende.kernel.text import Text
from allmende.participation.models import CardPhoto, Contribution, Workshop
from allmende.participation.services import cards, processes, workshops
from allmende.participation.services.agenda import Item, put_item
from tests.participation.conftest import ACTOR, Make, sheets, staff
from tests.participation.test_agenda import OFFICE, PUBLIC, evening, put_up


def photo(colour: str = "red", name: str = "wand.jpg", size: tuple[int, int] = (3200, 2400)) -> SimpleUploadedFile:
    """Take a photo as a telephone does, with place, device and time."""
    picture, file = Image.new("RGB", size, colour), io.BytesIO()
    exif = picture.getexif()
    exif[0x010F], exif[0x0132] = "Telefonwerk", "2026:11:20 18:30:00"
    place = exif.get_ifd(0x8825)
    place[1], place[2] = "N", (47.0, 39.0, 36.0)
    picture.save(file, "JPEG", exif=exif)
    assert b"Telefonwerk" in file.getvalue()
    return SimpleUploadedFile(name, file.getvalue(), content_type="image/jpeg")


@pytest.fixture
def workshop(make: Make) -> Workshop:
    return put_up(make("workshop"), evening(-2))


@pytest.fixture
def desk(db: None) -> Client:
    return staff("office")[0]


def here(one: Workshop, tail: str = "") -> str:
    return f"{OFFICE}/{one.pk}/karten/{tail}"


def send(desk: Client, one: Workshop, *files: Any) -> Any:
    return desk.post(here(one), {"photos": list(files)})


def kept() -> list[Path]:
    return sorted(path for path in (Path(settings.MEDIA_ROOT)).rglob("*.jpg"))


def typed(desk: Client, one: Workshop, **values: str) -> Any:
    return desk.post(here(one, "1/"), {"deed": "card", "title": "Eine Bank", **values})


def test_a_photo_is_kept_without_place_device_and_time_and_only_the_staff_sees_it(
    desk: Client, workshop: Workshop
) -> None:
    assert send(desk, workshop, photo(), photo("blue")).status_code == 302
    assert [one.number for one in CardPhoto.objects.all()] == [1, 2]
    for path in kept():
        content = path.read_bytes()
        assert b"Telefonwerk" not in content and b"2026:11:20" not in content
        with Image.open(path) as picture:
            assert (len(picture.getexif()), max(picture.size)) == (0, cards.SIDE)
    given = desk.get(here(workshop, "1.jpg"))
    assert (given["Content-Type"], "no-store" in given["Cache-Control"]) == ("image/jpeg", True)
    with Image.open(io.BytesIO(desk.get(here(workshop, "1.jpg?klein")).getvalue())) as little:
        assert max(little.size) == cards.LITTLE
    nobody = Client()
    assert nobody.get(here(workshop, "1.jpg")).status_code == 302
    assert nobody.get(f"/media/{CardPhoto.objects.first().file}").status_code == 404  # type: ignore[union-attr]
    assert "karten" not in nobody.get(f"{PUBLIC}/{workshop.pk}/").content.decode()
    reader, _ = staff("auditor")
    page = reader.get(here(workshop)).content.decode()
    assert "0 von 2 Fotos erledigt" in page and "Hochladen" not in page
    assert "Karte abtippen" not in reader.get(here(workshop, "1/")).content.decode()
    for tail in ("", "1/"):
        reader.post(here(workshop, tail), {"deed": "drop", "photos": photo("green")})
    assert CardPhoto.objects.count() == 2


def test_what_is_no_photo_or_there_already_is_named_and_the_good_ones_are_kept(
    desk: Client, workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = SimpleUploadedFile("notiz.pdf", b"%PDF-1.7", content_type="image/jpeg")
    broken = SimpleUploadedFile("halb.jpg", photo().read()[:500])
    page = send(desk, workshop, text, photo(), broken, photo("blue"), photo(name="noch-einmal.jpg")).content.decode()
    for words in ("notiz.pdf</bdi>: Diese Datei ist kein Foto", "halb.jpg</bdi>: Diese Datei ist kein Foto"):
        assert words in page
    assert "noch-einmal.jpg</bdi>: Dieses Foto ist schon da, als Foto 1." in page
    assert "2 Fotos sind gespeichert." in page
    assert CardPhoto.objects.count() == len(kept()) == 2
    assert "Sie haben kein Foto gewählt." in desk.post(here(workshop)).content.decode()
    monkeypatch.setattr(cards, "MOST_BYTES", 1024 * 1024)
    large = SimpleUploadedFile("gross.jpg", photo("green").read() + b"\0" * 1024 * 1024)
    assert "gross.jpg</bdi>: Das Foto hat mehr als 1 MB." in send(desk, workshop, large).content.decode()
    assert CardPhoto.objects.count() == 2


def test_cards_become_contributions_heard_there_and_the_photo_is_worked_through(
    desk: Client, workshop: Workshop
) -> None:
    item = put_item(ACTOR, workshop, Item(title=Text("Karten", "Cards"), after=0, lasts=30))
    send(desk, workshop, photo(), photo("blue"))
    long = typed(desk, workshop, title="x" * 121, body="am Weg").content.decode()
    assert "x" * 121 in long and "am Weg" in long and Contribution.objects.count() == 0
    answer = typed(desk, workshop, body="am Weg", category="schatten", item=str(item.pk), place="47.66, 9.17")
    assert (answer.status_code, f"thema=schatten&punkt={item.pk}" in answer["Location"]) == (302, True)
    assert f'value="{item.pk}" selected' in desk.get(answer["Location"]).content.decode()
    one = Contribution.objects.get()
    assert (one.title, one.body, one.channel, one.photo, one.longitude) == ("Eine Bank", "am Weg", "onsite", "", 9.17)
    heard = one.heard_at
    assert (heard.workshop, heard.item, heard.photo) == (workshop, item, CardPhoto.objects.get(number=1))
    again = typed(desk, workshop, body="am Weg").content.decode()
    assert f"schon aufgenommen: {one.number}" in again and 'value="Eine Bank"' in again
    typed(desk, workshop, title="Ein Baum")
    assert "Eine Bank" in Client().get(f"{PUBLIC}/{workshop.pk}/").content.decode()
    assert "2 Karten aufgenommen" in desk.get(here(workshop)).content.decode()
    tree = Contribution.objects.get(title="Ein Baum")
    desk.post(here(workshop, "1/"), {"deed": "back", "card": tree.number})
    tree.refresh_from_db()
    assert (tree.visibility, tree.title) == ("withdrawn", "–")
    Contribution.objects.filter(pk=one.pk).update(received=utc_now() - dt.timedelta(hours=2))
    refused = desk.post(here(workshop, "1/"), {"deed": "back", "card": one.number}, follow=True).content.decode()
    assert "Diese Karte kann nicht mehr zurückgenommen werden." in refused
    desk.post(here(workshop, "1/"), {"deed": "done"})
    page = desk.get(here(workshop)).content.decode()
    assert "1 von 2 Fotos erledigt" in page and "1 Karte aufgenommen" in page
    desk.post(here(workshop, "1/"), {"deed": "open"})
    assert "0 von 2 Fotos erledigt" in desk.get(here(workshop)).content.decode()
    desk.post(here(workshop, "1/"), {"deed": "drop"})
    one.refresh_from_db()
    assert (one.visibility, one.heard_at.workshop, len(kept())) == ("shown", workshop, 1)


def test_a_photo_is_public_only_with_words_and_a_look_and_can_be_taken_off(desk: Client, workshop: Workshop) -> None:
    send(desk, workshop, photo())
    page = typed(desk, workshop, shows="on").content.decode()
    assert "Beschreiben Sie das Foto in einem Satz." in page and "Sehen Sie nach, und haken Sie es an" in page
    assert "Sehen Sie nach" in typed(desk, workshop, shows="on", alt_de="Karten").content.decode()
    assert "Haken Sie an, dass das Foto" in typed(desk, workshop, alt_de="Karten", nobody="on").content.decode()
    assert Contribution.objects.count() == 0
    whole = {"shows": "on", "nobody": "on", "alt_de": "Karten an einer Wand", "alt_en": "Cards on a wall"}
    assert typed(desk, workshop, **whole).status_code == 302
    one = Contribution.objects.get()
    client, where = Client(), f"/mitmachen/beitraege/{one.number}/"
    with Image.open(io.BytesIO(client.get(f"{where}bild.jpg").getvalue())) as shown:
        assert (max(shown.size), len(shown.getexif())) == (1600, 0)
    assert 'alt="Karten an einer Wand"' in client.get(where).content.decode()
    assert 'alt="Cards on a wall"' in client.get(f"/en{where}").content.decode()
    desk.post(here(workshop, "1/"), {"deed": "unshow", "card": one.number})
    assert client.get(f"{where}bild.jpg").status_code == 404
    assert (client.get(where).status_code, "Cards on a wall" in client.get(f"/en{where}").content.decode()) == (
        200,
        False,
    )
    assert len(kept()) == 1


def test_photos_go_on_the_day_of_the_workshop_and_none_is_taken_after_it(desk: Client, workshop: Workshop) -> None:
    send(desk, workshop, photo(), photo("blue"))
    typed(desk, workshop)
    assert workshops.forget_registrations(utc_now()) == 0
    assert len(kept()) == 2
    assert workshops.forget_registrations(utc_now() + dt.timedelta(days=21)) == 2
    assert (CardPhoto.objects.count(), kept()) == (0, [])
    assert Contribution.objects.get().heard_at.photo is None
    page = desk.get(f"{OFFICE}/{workshop.pk}/").content.decode()
    assert "Anmeldungen und Fotos von Karten gelöscht am" in page and "Fotos von Karten: 2." in page
    entry = AuditEntry.objects.get(verb="participation.registrations_deleted")
    assert entry.after is not None and entry.after["card_photos"] == 2
    assert "Der Löschtag dieser Werkstatt ist vorbei" in send(desk, workshop, photo("green")).content.decode()
    assert kept() == []


def test_photos_go_with_the_deletion_plan_of_the_process_which_reports_them(desk: Client, workshop: Workshop) -> None:
    send(desk, workshop, photo())
    typed(desk, workshop, shows="on", nobody="on", alt_de="Karten")
    report = processes.forget(workshop.process, utc_now())
    assert (report["card_photos"], CardPhoto.objects.count(), len(kept())) == (1, 0, 1)
    assert "Fotos von Karten: 1" in desk.get("/intern/beteiligung/workshop/").content.decode()


def test_where_the_rules_stop_contributions_no_photo_is_taken_shown_or_typed(
    desk: Client, workshop: Workshop, gate: Gate
) -> None:
    send(desk, workshop, photo())
    gate.publish_sheets(sheets(contributions="Einwand"), "test")
    for tail in ("", "1/", "1.jpg"):
        assert desk.get(here(workshop, tail)).status_code == 302
    send(desk, workshop, photo("blue"))
    typed(desk, workshop)
    assert (CardPhoto.objects.count(), Contribution.objects.count()) == (1, 0)
    assert desk.get(f"{OFFICE}/{workshop.pk}/ablauf/").status_code == 200
