"""Other cities in the staff room: shown, taken in after a comparison, decided about."""

import pytest

from allmende.accounts.models import AuditEntry
from allmende.federation import offering
from allmende.federation.models import ACTIVE, PAUSED, Peer
from allmende.federation.updating import House, update
from allmende.kernel.clock import utc_now
from allmende.ledger.note import LOG, Signer
from tests.federation.towns import Town
from tests.reports.conftest import browser

PAGE = "/intern/verbund/"


@pytest.fixture
def reachable(house: House, settings: object) -> House:
    """Let the staff room ask loopback."""
    import msgspec

    settings.ALLMENDE = msgspec.structs.replace(  # type: ignore[attr-defined]
        settings.ALLMENDE,  # type: ignore[attr-defined]
        source_hosts=("127.0.0.1",),
        pack="musterstadt",
    )
    return house


def test_a_city_is_taken_in_after_its_key_was_compared(reachable: House, town: Town) -> None:
    """First only who answers is told; without the tick nothing is taken in."""
    office = browser("office")
    asked = office.post(PAGE, {"deed": "ask", "url": town.url}).content.decode()
    assert "Nachbarstadt" in asked
    assert not Peer.objects.exists()
    sent = {"deed": "add", "url": town.url, "key": str(town.signer.key)}
    office.post(PAGE, sent)
    assert not Peer.objects.exists()
    answer = office.post(PAGE, {**sent, "compared": "on"})
    row = Peer.objects.get()
    assert answer["Location"] == f"{PAGE}{row.pk}/"
    assert row.fingerprint in asked
    assert row.fingerprint in office.get(answer["Location"]).content.decode()
    assert "cannot" not in asked
    town.stop()
    gone = office.post(answer["Location"], {"deed": "update"}, follow=True).content.decode()
    assert "ist nicht erreichbar" in gone
    office.post(answer["Location"], {"deed": "pause"})
    assert Peer.objects.get().state == PAUSED
    assert "Nachbarstadt" in office.get("/intern/verbund.csv").content.decode()
    office.post(answer["Location"], {"deed": "remove"})
    assert not Peer.objects.exists()
    entries = AuditEntry.objects.filter(verb__startswith="federation.")
    assert set(entries.values_list("actor", flat=True)) == {"office@example.org"}


def test_an_address_that_does_not_answer_is_told_beside_the_field(reachable: House, town: Town) -> None:
    """The reason stands on the page."""
    town.stop()
    page = browser("office").post(PAGE, {"deed": "ask", "url": town.url}).content.decode()
    assert "ist nicht erreichbar" in page
    assert "keine Adresse einer Stadt" in browser("office").post(PAGE, {"deed": "ask", "url": "x"}).content.decode()


def test_a_new_key_is_confirmed_on_the_page(reachable: House, peer: Peer, town: Town) -> None:
    """The first page counts it, and only who ticks that they compared it takes it."""
    town.signer = Signer.made(town.signer.key.name, LOG)
    town.say()
    assert not update(reachable, peer.pk, utc_now())
    office = browser("office")
    assert "Städte in Quarantäne" in office.get("/intern/").content.decode()
    address = f"{PAGE}{peer.pk}/"
    page = office.get(address).content.decode()
    assert Peer.objects.get().offered_fingerprint in page
    office.post(address, {"deed": "confirm-key", "key": str(town.signer.key)})
    assert Peer.objects.get().key != str(town.signer.key)
    office.post(address, {"deed": "confirm-key", "key": str(town.signer.key), "compared": "on"})
    assert (Peer.objects.get().key, Peer.objects.get().state) == (str(town.signer.key), ACTIVE)


def test_who_may_not_write_changes_nothing(reachable: House, peer: Peer) -> None:
    """Everybody of the staff reads; the auditor cannot show us, nor remove a city."""
    auditor = browser("auditor")
    assert auditor.get(PAGE).status_code == 200
    assert auditor.post(PAGE, {"deed": "offer"}).status_code in (302, 403)
    assert auditor.post(f"{PAGE}{peer.pk}/", {"deed": "remove"}).status_code in (302, 403)
    assert Peer.objects.exists()
    assert not offering.is_offered()
    browser("office").post(PAGE, {"deed": "offer"})
    assert offering.is_offered()
