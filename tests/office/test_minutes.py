"""Minutes: drafted, confirmed by a second person, sealed in the ledger, public without what is internal."""

import datetime as dt
import hashlib
from typing import Any

import msgspec
from django.test import Client

from allmende.accounts.rules import ROLES, may_read, may_write
from allmende.gate.door import Gate
from allmende.gate.ledger import Ledger
from allmende.kernel.clock import today, utc_now
from allmende.ledger.check import verify_log
from allmende.ledger.entry import MinutesSealed, commitment, read_entry
from allmende.ledger.note import LOG, Signer
from allmende.register.minutes.models import Minutes
from allmende.register.objections.services import file_objection
from tests.office.conftest import SignIn

DAY = today() - dt.timedelta(days=3)
HEAD = {"body": "ethics-board", "day": DAY.isoformat(), "present_chair": "1", "present_members": "4"}
ITEM = {
    **{"position": "1", "title_de": "Verkehr zählen", "title_en": "Counting traffic", "rules": ["verkehr-erheben"]},
    **{"discussed_de": "Das Stundenraster.", "discussed_en": "The hourly grid."},
    **{"decided_de": "So bleibt es.", "decided_en": "It stays so.", "confidential": "Frau Muster fragte nach."},
}
SECRET = {"position": "2", "title_de": "Ein Vorfall", "title_en": "An incident", "internal": "on"}
SECRET |= {"discussed_de": "Was im Amt geschah."}


def drafted(client: Client, **more: Any) -> Minutes:
    """Draft minutes with a public item and one that is not."""
    client.post("/intern/sitzungen/neu/", HEAD)
    one = Minutes.objects.latest("pk")
    for item in ({**ITEM, **more}, SECRET):
        assert client.post(f"{at(one)}punkt/", item).status_code == 302
    return one


def at(one: Minutes) -> str:
    """Give the address in the staff room."""
    return f"/intern/sitzungen/{one.number}/{one.version}/"


def sealed(client: Client, one: Minutes) -> Minutes:
    """Confirm as somebody else, as the page that was read offers it."""
    page = client.get(at(one))
    client.post(at(one), {"deed": "seal", "seen": page.context["one"].digest})
    return Minutes.objects.get(pk=one.pk)


def told(gate: Gate, signer: Signer) -> list[tuple[int, MinutesSealed]]:
    """Give what the ledger says of minutes, after checking all of it."""
    log = Ledger(gate)
    log.sequence(signer)
    verify_log(log, signer.key)
    entries = [(place, read_entry(raw, place)) for place, raw in enumerate(log.entries(0, log.size))]
    return [(place, entry) for place, entry in entries if isinstance(entry, MinutesSealed)]


def test_a_second_person_seals_and_the_public_reads_it_without_what_is_internal(city: Gate, sign_in: SignIn) -> None:
    number, _ = file_objection(kind="objection", about="", words="x" * 20, reply_to="", language="de", now=utc_now())
    steward, board = sign_in("steward"), sign_in("ethics-board")
    one = drafted(steward, objections=number.number.lower(), data_uses=["stadtklima-messnetz"])
    assert one.number in steward.get("/intern/wartet/").content.decode()
    assert Client().get(f"/datenethik/sitzungen/{one.number}/").status_code == 404
    assert "eine zweite Person" in steward.get(at(one)).content.decode()
    assert sealed(steward, one).state == "draft", "who wrote it does not confirm it"
    assert sealed(board, one).state == "sealed"

    for path in ("sitzungen/", "sitzungen.csv", f"sitzungen/{one.number}/", f"sitzungen/{one.number}/1.json"):
        page = Client().get(f"/datenethik/{path}").content.decode()
        assert "Verkehr zählen" in page, path
        for hidden in ("Muster", "Vorfall", "Was im Amt geschah", "@example.org"):
            assert hidden not in page, path
    page = Client().get(f"/datenethik/sitzungen/{one.number}/").content.decode()
    for word in ("So bleibt es.", "Vorsitz: 1, Mitglieder des Beirats: 4", "1 Punkt der Tagesordnung ist nicht"):
        assert word in page
    assert '<a href="/datenethik/regeln/verkehr-erheben/">' in page
    assert "?nutzung=stadtklima-messnetz" in page
    assert f"Einwand {number.number}" in page
    assert "It stays so." in Client().get(f"/en/datenethik/sitzungen/{one.number}/").content.decode()
    early = f"?stand={today() - dt.timedelta(days=1)}"
    assert one.number not in Client().get(f"/datenethik/sitzungen/{early}").content.decode()
    assert one.number not in Client().get(f"/datenethik/sitzungen.csv{early}").content.decode()
    assert one.number in Client().get("/datenethik/regeln/verkehr-erheben/").content.decode()


def test_the_ledger_has_the_hash_of_what_is_public_and_commits_to_the_rest(city: Gate, sign_in: SignIn) -> None:
    signer = Signer.made("stadt.example/ledger", LOG)
    one = sealed(sign_in("ethics-board"), drafted(sign_in("steward")))
    ((place, entry),) = told(city, signer)
    served = Client().get(f"/datenethik/sitzungen/{one.number}/1.json").content
    assert entry.sha256 == hashlib.sha256(served).hexdigest()
    assert (entry.number, entry.version, entry.body, entry.day) == (one.number, 1, "ethics-board", DAY.isoformat())
    assert one.whole_sha256 not in msgspec.json.encode(entry).decode()
    opened = {opening.value: opening for opening in Ledger(city).openings(place)}
    assert commitment(opened[one.digest].salt, one.digest) == entry.whole
    assert "ethics-board@example.org" in opened


def test_what_is_sealed_nobody_changes(city: Gate, sign_in: SignIn) -> None:
    board = sign_in("ethics-board")
    one = sealed(board, drafted(sign_in("steward")))
    before, item = one.digest, one.items.all()[0]
    for client in (board, sign_in("administrator")):
        for deed in ("head", "discard", "seal"):
            client.post(at(one), {"deed": deed, "seen": before, **HEAD, "present_guests": "3"})
        client.post(f"{at(one)}punkt/", ITEM)
        client.post(f"{at(one)}punkt/{item.pk}/", {**ITEM, "title_de": "Anders"})
        client.post(f"{at(one)}punkt/{item.pk}/", {"deed": "drop"})
    now = Minutes.objects.get()
    assert (now.digest, now.public, now.sealed) == (before, one.public, one.sealed)


def test_a_correction_is_a_new_version_and_the_old_one_stays(city: Gate, sign_in: SignIn) -> None:
    steward, board, signer = sign_in("steward"), sign_in("ethics-board"), Signer.made("stadt.example/ledger", LOG)
    first = sealed(board, drafted(steward))
    steward.post(at(first), {"deed": "correct", "reason_de": "Zahl falsch.", "reason_en": "Wrong number."})
    second = Minutes.objects.get(version=2)
    item = second.items.get(position=1)
    steward.post(f"{at(second)}punkt/{item.pk}/", {**ITEM, "decided_de": "Nur bis Mai."})
    assert "Nur bis Mai." not in Client().get(f"/datenethik/sitzungen/{first.number}/").content.decode()
    sealed(board, second)
    page = Client().get(f"/datenethik/sitzungen/{first.number}/").content.decode()
    assert "Nur bis Mai." in page
    assert "Zahl falsch." in page
    old = Client().get(f"/datenethik/sitzungen/{first.number}/1/").content.decode()
    assert "So bleibt es." in old
    assert "sie wurde berichtigt" in old
    assert [entry.version for _, entry in told(city, signer)] == [1, 2]


def test_a_draft_that_moved_or_is_not_finished_is_not_sealed(city: Gate, sign_in: SignIn) -> None:
    steward, board = sign_in("steward"), sign_in("ethics-board")
    one = drafted(steward)
    seen = one.digest
    steward.post(f"{at(one)}punkt/", {**ITEM, "title_de": "Noch etwas"})
    page = board.post(at(one), {"deed": "seal", "seen": seen}, follow=True).content.decode()
    assert "hat sich geändert, seit Sie es gelesen haben" in page
    steward.post("/intern/sitzungen/neu/", {**HEAD, "day": (today() + dt.timedelta(days=1)).isoformat()})
    empty = Minutes.objects.latest("pk")
    page = board.post(at(empty), {"deed": "seal", "seen": empty.digest}, follow=True).content.decode()
    assert "ein Tagesordnungspunkt, die Sitzung selbst" in page
    assert not Minutes.objects.exclude(state="draft").exists()


def test_an_item_that_is_not_whole_is_refused(city: Gate, sign_in: SignIn) -> None:
    steward = sign_in("steward")
    steward.post("/intern/sitzungen/neu/", HEAD)
    one = Minutes.objects.get()
    nothing = dict.fromkeys(("decided_de", "decided_en", "discussed_de", "discussed_en", "confidential"), "")
    for change, words in (
        ({"decided_en": ""}, "in beiden Sprachen"),
        ({"objections": "E-1999-0001"}, "Diesen Einwand gibt es nicht: E-1999-0001"),
        ({"rules": ["erfunden"]}, "erfunden"),
        (nothing, "Was wurde beraten oder beschlossen?"),
    ):
        answer = steward.post(f"{at(one)}punkt/", {**ITEM, **change})
        assert answer.status_code == 200
        assert words in answer.content.decode()
    assert not one.items.exists()


def test_rules_and_sheets_cite_minutes(city: Gate, sign_in: SignIn) -> None:
    board, steward = sign_in("ethics-board"), sign_in("steward")
    one = sealed(board, drafted(steward))
    step = {"to": "suspended", "reason_de": "Weil.", "reason_en": "Because.", "decision": f"Beirat, {one.number} <b>"}
    steward.post("/intern/datennutzung/stadtklima-messnetz/", step)
    page = steward.get("/intern/datennutzung/stadtklima-messnetz/").content.decode()
    assert f'Beirat, <a href="/datenethik/sitzungen/{one.number}/">{one.number}</a> &lt;b&gt;' in page


def test_who_reads_and_who_writes(city: Gate, sign_in: SignIn) -> None:
    for role in sorted(ROLES):
        one = drafted(sign_in("administrator" if role != "administrator" else "steward"))
        client = sign_in(role)
        answer = client.get(at(one))
        assert (answer.status_code == 200 and "Muster" in answer.content.decode()) == may_read({role}, "minutes"), role
        assert (client.get("/intern/sitzungen.csv").status_code == 200) == may_read({role}, "minutes")
        client.post(at(one), {"deed": "discard"})
        assert Minutes.objects.filter(pk=one.pk).exists() != may_write({role}, "minutes"), role
