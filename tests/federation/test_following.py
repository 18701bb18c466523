"""A neighbour is followed over HTTP: what is sound is taken whole, anything else is refused, and what came stays."""

import datetime as dt
import hashlib
import json
import shutil
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.test import Client

from allmende.accounts.models import AuditEntry
from allmende.federation import services
from allmende.federation.documents import DATASETS, DOCUMENT, FINDINGS, FOLDER, City
from allmende.federation.models import ACTIVE, PAUSED, QUARANTINED, Peer
from allmende.federation.rules import sealed
from allmende.federation.updating import House, update, update_due
from allmende.gate.door import open_gate
from allmende.gate.ledger import Ledger
from allmende.kernel.clock import utc_now
from allmende.kernel.errors import AllmendeError
from allmende.ledger.note import LOG, Signer, read_note, signed_by
from tests.federation.conftest import ACTOR, OUR_WITNESS, OURS
from tests.federation.towns import BOMB, Town, dripping_body, dripping_head, endless, failing, given, trees, words

PAGE = FOLDER + DOCUMENT


def state(peer: Peer) -> dict[str, Any]:
    """Give what was taken over of a city."""
    names = ("sequence", "sha256", "issued", "document", "findings", "datasets", "accepted_at", "key", "checkpoint")
    row = Peer.objects.get(pk=peer.pk)
    return {name: getattr(row, name) for name in names}


def why(house: House, peer: Peer) -> str:
    """Ask the city, which has to fail, and give the reason; what was taken before is still there, whole."""
    before = state(peer)
    assert not update(house, peer.pk, utc_now())
    assert state(peer) == before
    return Peer.objects.get(pk=peer.pk).error_en


def test_a_city_is_taken_in_whole(peer: Peer, town: Town) -> None:
    """Document, findings, data sets and log are there at once, and the log is co-signed."""
    assert (peer.city, peer.ags, peer.sequence, peer.state) == ("Nachbarstadt", "08335001", 1, ACTIVE)
    assert [one.project for one in peer.taught] == ["schatten"]
    assert [one.name for one in peer.catalogue] == ["messwerte/luft"]
    assert peer.log_size == 3
    assert signed_by(read_note(peer.cosigned.encode()), OUR_WITNESS.key)
    assert AuditEntry.objects.filter(verb="federation.added").count() == 1


def test_what_is_unchanged_is_not_sent_again(house: House, peer: Peer, town: Town) -> None:
    """A second time the tag is enough; a new document brings only the files that are others."""
    town.asked.clear()
    assert update(house, peer.pk, utc_now())
    assert (PAGE, 304) in town.asked
    assert FOLDER + FINDINGS not in [path for path, _ in town.asked]
    town.findings.append(town.finding("bänke".replace("ä", "ae")))
    town.say()
    town.asked.clear()
    assert update(house, peer.pk, utc_now())
    assert (FOLDER + FINDINGS, 200) in town.asked
    assert FOLDER + DATASETS not in [path for path, _ in town.asked]
    assert [one.project for one in Peer.objects.get(pk=peer.pk).taught] == ["schatten", "baenke"]


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        (failing(500), "HTTP 500"),
        (failing(404), "refuses the request (HTTP 404)"),
        (endless, "more than 2000000 bytes"),
        (given(BOMB, Content_Encoding="gzip"), "more than 2000000 bytes"),
        (given(b"not gzip at all", Content_Encoding="gzip"), "damaged"),
        (given(b"x", Content_Encoding="br"), "gzip is expected"),
        (given(b"<html>", "text/html"), "is text/html"),
        (given(b"{"), "truncated"),
        (given(b'{"document":' + b"[" * 200_000 + b"]" * 200_000 + b',"note":""}'), "document.json"),
        (failing(302, Location="http://169.254.169.254/latest/meta-data"), "sends to another address"),
        (failing(302, Location="http://127.0.0.1:1/"), "sends to another address"),
        (failing(302, Location=PAGE), "HTTP 30x"),
        (dripping_head, "does not answer within"),
        (dripping_body, "does not answer within"),
    ],
)
def test_a_broken_or_hostile_answer_changes_nothing(
    house: House, peer: Peer, town: Town, answer: Any, word: str
) -> None:
    """Errors, endless and slow answers, bombs, other forms and redirects are refused in time, with their reason."""
    town.answers[PAGE] = answer
    began = time.monotonic()
    assert word in why(house, peer)
    assert time.monotonic() - began < 8
    row = Peer.objects.get(pk=peer.pk)
    assert row.failures == 1
    assert row.due_at > utc_now() + dt.timedelta(minutes=30)
    assert row.state == ACTIVE


def test_a_dead_city_stays_with_its_age(house: House, peer: Peer, town: Town) -> None:
    """Nobody answers: the reason and the last success are kept, and it rests the longer the more often it failed."""
    town.stop()
    waits = []
    for _ in range(3):
        assert "cannot be reached" in why(house, peer)
        row = Peer.objects.get(pk=peer.pk)
        waits.append((row.due_at - row.tried_at).total_seconds() / 60)
    assert [round(one) for one in waits] == [60, 120, 240]
    assert row.reached_at < row.tried_at
    assert update_due(house, utc_now()) == 0


def test_who_is_not_on_the_public_network_is_not_asked(house: House, town: Town) -> None:
    """Loopback is asked only where the operator has named it."""
    closed = msgspec.structs.replace(house, allowed_hosts=())
    town.asked.clear()
    with pytest.raises(AllmendeError, match="not on the public network"):
        services.add(ACTOR, house=closed, url=town.url, key=str(town.signer.key))
    assert town.asked == []


@pytest.mark.parametrize(
    "url", ["ftp://a.example", "http://", "https://a.example/path", "https://me:pw@a.example", "https://a.example?x=1"]
)
def test_an_address_is_scheme_and_host(house: House, url: str) -> None:
    """Anything else is refused before anybody is asked."""
    with pytest.raises(AllmendeError) as caught:
        services.add(ACTOR, house=house, url=url, key=str(OURS.key))
    assert caught.value.code.code == "federation.bad_address"


def test_an_older_document_is_refused(house: House, peer: Peer, town: Town) -> None:
    """Neither an earlier number, nor an earlier time, nor a second document of the same number is taken."""
    old = town.say()
    town.say()
    assert update(house, peer.pk, utc_now())
    town.answers[PAGE] = given(old)
    assert "is older (2) than the last one accepted (3)" in why(house, peer)
    town.say(issued=town.issued - dt.timedelta(days=2))
    assert "is older" in why(house, peer)
    town.say(sequence=3)
    assert "two different documents of the number 3" in why(house, peer)
    town.say(issued=utc_now() + dt.timedelta(hours=2))
    assert "in the future" in why(house, peer)
    town.say()
    assert update(house, peer.pk, utc_now())


def test_a_wrong_signature_is_refused(house: House, peer: Peer, town: Town) -> None:
    """One byte of the document or of a file is enough; and a signature of somebody else is none of this city."""
    raw = town.say()
    town.answers[PAGE] = given(raw.replace(b"Gepflanzte", b"Gepflanzde", 1))
    assert "is not what was signed" in why(house, peer)
    town.say(signer=Signer.made(town.signer.key.name, LOG))
    assert "not signed with the key" in why(house, peer)
    town.findings.append(town.finding("baenke"))
    town.say()
    town.answers[FOLDER + FINDINGS] = given(b'{"findings":[],"format":1}')
    assert "findings.json is not what was signed" in why(house, peer)


def test_another_citys_document_is_refused(house: House, peer: Peer, town: Town) -> None:
    """Neither name nor official number may become another's, and nobody is followed twice or follows themselves."""
    town.say(city=City(name="Konstanz", ags="08335001"))
    assert "speaks of “Konstanz (08335001)”" in why(house, peer)
    town.say(city=City(name="Nachbarstadt", ags="08335043"))
    assert "speaks of “Nachbarstadt (08335043)”" in why(house, peer)
    with pytest.raises(AllmendeError, match="is known already"):
        services.add(ACTOR, house=house, url=town.url, key=str(town.signer.key))
    ourselves = msgspec.structs.replace(house, ags="08335001")
    town.say()
    services.remove(ACTOR, number=peer.pk)
    with pytest.raises(AllmendeError, match="this city itself"):
        services.add(ACTOR, house=ourselves, url=town.url, key=str(town.signer.key))
    assert not Peer.objects.exists()


@pytest.mark.parametrize(
    ("spoil", "word"),
    [
        (lambda told: told | {"format": 2}, "has the format 2; this program knows 1"),
        (lambda told: told | {"extra": 1}, "unknown field `extra`"),
        (lambda told: told | {"links": {"portal": "//evil.example/"}}, "$.links"),
        (lambda told: told | {"links": {"portal": "javascript:alert(1)"}}, "$.links"),
        (lambda told: told | {"indicators": [told["indicators"][0] | {"slug": "../x"}]}, "$.indicators[0].slug"),
        (lambda told: told | {"indicators": told["indicators"] * 501}, "$.indicators"),
        (lambda told: told | {"city": told["city"] | {"area": {"value": "1E+999999999"}}}, "$.city.area"),
        (lambda told: told | {"city": told["city"] | {"area": {"value": "NaN"}}}, "$.city.area"),
        (lambda told: first_value(told, last="9999-12-31"), "$.indicators[0].values[0]"),
        (lambda told: first_value(told, value="0." + "0" * 500 + "1"), "$.indicators[0].values[0]"),
        (lambda told: told | {"city": told["city"] | {"notice": {"de": "a\0b", "en": "x"}}}, "a zero byte"),
        (
            lambda told: told | {"indicators": [told["indicators"][0] | {"title": {"de": "a" * 301, "en": "x"}}]},
            "a title",
        ),
    ],
)
def test_a_document_of_another_form_is_refused(house: House, peer: Peer, town: Town, spoil: Any, word: str) -> None:
    """Signed or not: a newer format, an unknown field, links that lead elsewhere and too much of anything."""
    raw = msgspec.json.encode(spoil(msgspec.to_builtins(town.document())), order="sorted")
    town.answers[PAGE] = given(signed_anyway(raw, town))
    assert word in why(house, peer)


def first_value(told: dict[str, Any], **changes: str) -> dict[str, Any]:
    """Change the first value of the first indicator."""
    one = told["indicators"][0]
    return told | {"indicators": [one | {"values": [one["values"][0] | changes]}]}


def signed_anyway(raw: bytes, town: Town) -> bytes:
    """Sign bytes that are no document."""
    from allmende.federation.rules import _statement
    from allmende.ledger.note import signed

    number = json.loads(raw)["sequence"]
    note = signed(_statement(town.signer.key, number, hashlib.sha256(raw).digest()), town.signer)
    return b'{"document":' + raw + b',"note":' + msgspec.json.encode(note.decode()) + b"}"


def test_a_finding_that_names_a_person_is_refused(house: House, peer: Peer, town: Town) -> None:
    """What no city may publish does not come in by another's findings."""
    town.findings.append(town.finding("baenke", contact="Frau Muster, Zimmer 3"))
    town.say()
    assert "names a person" in why(house, peer)


def test_a_new_key_waits_for_a_person(house: House, peer: Peer, town: Town) -> None:
    """The city is not asked again, what it said stays, and only the very key that was compared is taken."""
    town.signer = Signer.made(town.signer.key.name, LOG)
    town.say()
    assert "signed with another key" in why(house, peer)
    row = Peer.objects.get(pk=peer.pk)
    assert (row.state, row.cause, row.offered_key) == (QUARANTINED, "key", str(town.signer.key))
    assert update_due(house, utc_now() + dt.timedelta(days=9)) == 0
    with pytest.raises(AllmendeError, match="in quarantine"):
        update(house, peer.pk, utc_now())
    with pytest.raises(AllmendeError, match="Another key waits"):
        services.confirm_key(ACTOR, number=peer.pk, key=str(OURS.key))
    services.confirm_key(ACTOR, number=peer.pk, key=str(town.signer.key))
    row.refresh_from_db()
    assert (row.state, row.key, row.offered_key) == (ACTIVE, str(town.signer.key), "")


def fork(town: Town, folder: Path, store: Path, *texts: str) -> None:
    """Let the city show another log under the same key."""
    shutil.copy(store, folder / "fork.sqlite3")
    town.log = Ledger(open_gate(str(folder / "fork.sqlite3")))
    town.log.sequence(town.signer)
    town.grow(*texts)


@pytest.mark.parametrize(("texts", "word"), [(("eins", "drei", "vier"), "has forked"), ((), "has 1 entries; it had 3")])
def test_a_forked_log_is_an_alarm(
    house: House, peer: Peer, town: Town, tmp_path: Path, empty_store: Path, client: Client, texts: Any, word: str
) -> None:
    """A log that is not the continuation of itself stops all; both checkpoints are public evidence."""
    fork(town, tmp_path, empty_store, *texts)
    town.findings.append(town.finding("baenke"))
    town.say()
    assert word in why(house, peer)
    row = Peer.objects.get(pk=peer.pk)
    assert (row.state, row.cause) == (QUARANTINED, "fork")
    assert signed_by(read_note(row.contradiction.encode()), town.signer.key)
    page = client.get("/verbund/").content.decode()
    assert "widerspricht sich" in page
    assert row.checkpoint.split("\n")[2] in page
    services.accept_log(ACTOR, number=peer.pk, note="aus einer Sicherung, veröffentlicht am 1. Mai")
    assert update(house, peer.pk, utc_now())
    assert len(Peer.objects.get(pk=peer.pk).taught) == 2


def test_a_growing_log_is_cosigned_again(house: House, peer: Peer, town: Town) -> None:
    """Each time by its tiles, over more than one of them."""
    town.grow(*(f"text {number}" for number in range(300)))
    assert update(house, peer.pk, utc_now())
    row = Peer.objects.get(pk=peer.pk)
    assert row.log_size == 303
    note = read_note(row.cosigned.encode())
    assert note.checkpoint.size == 303
    assert signed_by(note, OUR_WITNESS.key)


def test_what_a_witness_says_of_our_log_is_checked(house: House, peer: Peer, town: Town) -> None:
    """A checkpoint of ours that the neighbour co-signed is shown; one that our log never had is an alarm."""
    from allmende.ledger.note import Checkpoint, signed

    ours = house.ledger.note()
    town.testify((house.ledger.read("checkpoint") or b"").decode() + town.witness.line(ours.text, 1_790_000_000))
    town.say()
    assert update(house, peer.pk, utc_now())
    seen = Peer.objects.get(pk=peer.pk).testimony
    assert (seen.size, seen.holds) == (ours.checkpoint.size, True)
    strange = Checkpoint(OURS.key.name, 1, hashlib.sha256(b"other").digest())
    town.testify(signed(strange, OURS, [town.witness.line(strange.text, 1_790_000_001)]).decode())
    town.say()
    assert update(house, peer.pk, utc_now())
    assert not Peer.objects.get(pk=peer.pk).testimony.holds


def test_pausing_and_removing(house: House, peer: Peer, town: Town) -> None:
    """Who is paused is not asked; who is removed is forgotten with everything."""
    services.set_paused(ACTOR, number=peer.pk, paused=True)
    assert update_due(house, utc_now() + dt.timedelta(days=1)) == 0
    assert Peer.objects.get(pk=peer.pk).state == PAUSED
    services.set_paused(ACTOR, number=peer.pk, paused=False)
    assert update_due(house, utc_now() + dt.timedelta(seconds=1)) == 1
    services.remove(ACTOR, number=peer.pk)
    assert not Peer.objects.exists()
    assert trees(2).meaning("A") != trees(1).meaning("A")
    assert words("a") and sealed(town.document(), town.signer)
