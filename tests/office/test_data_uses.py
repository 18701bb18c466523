"""The life of a data use in the staff room, and that the gate follows each step."""

import datetime as dt
import hashlib
from typing import Any

import pytest
from django.test import Client

from allmende.accounts.models import AuditEntry
from allmende.gate.door import Ask, Asker, Gate
from allmende.gate.ledger import Ledger
from allmende.gate.query import Arrival, Datastream, ObservedProperty, Sensor
from allmende.kernel.clock import micros_from_instant, today, utc_now
from allmende.kernel.errors import Denied
from allmende.ledger.check import verify_log
from allmende.ledger.entry import SheetMoved, read_entry
from allmende.ledger.note import LOG, Signer
from allmende.register.models import Category, DataUse, Purpose
from allmende.register.rules import ANNOUNCED_FOR, SCREENING
from tests.office.conftest import SignIn, values_of

STEP = "/intern/datennutzung/laerm/"
REASON = {"reason_de": "Weil.", "reason_en": "Because."}
COLLECT = Ask(Asker("system:test"), "collect", "climate-adaptation", "administration")


def sheet(**values: Any) -> dict[str, Any]:
    """Give a new data sheet as a form would send it."""
    names = ("title", "what", "how", "technology", "personal", "responsible")
    texts = {f"{name}_{language}": f"{name} {language}" for name in names for language in ("de", "en")}
    numbers = {"purpose": Purpose.objects.get(slug="climate-adaptation").pk}
    numbers["category"] = Category.objects.get(slug="weather").pk
    return {"slug": "laerm", **texts, **numbers, **values}


def take(client: Client, to: str, **values: str) -> str:
    """Take a step; give the page that follows."""
    return client.post(STEP, {"to": to, **REASON, **values}, follow=True).content.decode()


def stream(gate: Gate, use: str) -> int:
    """Make a datastream under a data use."""
    grant = gate.grant(COLLECT)
    thing = gate.find("Things", "platz")
    assert thing is not None
    seen = ObservedProperty(name="T", definition="https://x.example/t", description="")
    one = Datastream(
        name="Fühler",
        description="",
        thing_id=thing,
        sensor_id=gate.create(grant, "Sensors", Sensor(name="Fühler", description="")),
        observed_property_id=gate.create(grant, "ObservedProperties", seen),
        unit="Cel",
        category="weather",
        data_use=use,
    )
    return gate.create(grant, "Datastreams", one)


def observe(gate: Gate, number: int) -> None:
    """Store a value."""
    at = micros_from_instant(utc_now())
    gate.append(gate.grant(COLLECT), [Arrival(datastream_id=number, phenomenon_start=at, result=1.0)])


def test_from_an_idea_to_the_end_each_step_asks_for_what_it_needs(city: Gate, sign_in: SignIn) -> None:
    steward, board = sign_in("steward"), sign_in("ethics-board")
    assert steward.post("/intern/datennutzungen/new/", sheet()).status_code == 302
    use = DataUse.objects.get(slug="laerm")
    assert (use.state, use.answers["scoring"]) == ("idea", "unknown")
    number = stream(city, "laerm")
    with pytest.raises(Denied, match=r"The data sheet “title en” \(laerm\) is idea, not active"):
        observe(city, number)
    assert "Noch kein Schritt" in steward.get(STEP).content.decode()

    take(steward, "checked")
    assert "darf Ihre Rolle nicht gehen" in take(steward, "decided", decision="Beirat, 1.11.2026")
    page = take(board, "decided")
    assert "der Beschluss (Gremium und Tag)" in page
    assert "9 von 9 Antworten sind unbekannt" in page
    edit = f"/intern/datennutzungen/edit/{use.pk}/"
    answers = {f"screening_{name}": "no" for name in SCREENING} | {"screening_scoring": "yes"}
    filled = values_of(steward.get(edit)) | answers | {"risk_de": "Keine.", "risk_en": "None."}
    steward.post(edit, {**filled, "screening_combining": "yes"})
    assert "die Folgenabschätzung, die nach der Vorprüfung nötig ist" in take(board, "decided", decision="Beirat")
    steward.post(edit, filled)
    take(board, "decided", decision="Beirat, 1.11.2026")
    assert DataUse.objects.get(slug="laerm").state == "decided"

    assert "der letzte Tag" in take(steward, "announced")
    until = (today() + dt.timedelta(days=100)).isoformat()
    take(board, "announced", until=until, decision="Beirat, 2.11.2026")
    assert steward.get(edit).context["form"].fields["purpose"].disabled
    assert "kann frühestens am" in take(steward, "active")
    DataUse.objects.filter(slug="laerm").update(announced=today() - ANNOUNCED_FOR)
    take(steward, "active")
    observe(city, number)

    take(steward, "ended")
    with pytest.raises(Denied, match="is ended, not active"):
        observe(city, number)
    events = DataUse.objects.get(slug="laerm").events.values_list("state", "decision")
    assert [*events] == [
        *(("checked", ""), ("decided", "Beirat, 1.11.2026"), ("announced", "Beirat, 2.11.2026")),
        *(("active", ""), ("ended", "")),
    ]
    moved = AuditEntry.objects.filter(verb="register.data_use_moved", label="title de")
    assert moved.count() == len(events)
    assert "ended" in board.get("/intern/datennutzungen-verlauf.csv").content.decode()
    _stands_in_the_ledger(city)


def _stands_in_the_ledger(gate: Gate) -> None:
    """Every step is told once, with the book that says so; words alone are no step, and nobody is named."""
    log, signer = Ledger(gate), Signer.made("stadt.example/ledger", LOG)
    log.sequence(signer)
    verify_log(log, signer.key)
    entries = [read_entry(raw, place) for place, raw in enumerate(log.entries(0, log.size))]
    steps = [entry for entry in entries if isinstance(entry, SheetMoved) and entry.slug == "laerm"]
    assert [(step.before, step.state) for step in steps] == [
        *((None, "idea"), ("idea", "checked"), ("checked", "decided")),
        *(("decided", "announced"), ("announced", "active"), ("active", "ended")),
    ]
    assert steps[3].until == (today() + dt.timedelta(days=100)).isoformat()
    for step in steps:
        content = gate.store.sheetbook(step.sheetbook)
        assert content is not None
        assert hashlib.sha256(content.encode()).hexdigest() == step.sha256
    assert all(b"@example.org" not in raw for raw in log.entries(0, log.size))


def test_who_wrote_a_sheet_does_not_decide_about_it(city: Gate, sign_in: SignIn) -> None:
    alone = sign_in("administrator")
    answers = {f"screening_{name}": "no" for name in SCREENING}
    alone.post("/intern/datennutzungen/new/", sheet(risk_de="Keine.", risk_en="None.", **answers))
    take(alone, "checked")
    assert "darf darüber nicht selbst entscheiden" in take(alone, "decided", decision="Beirat")
    assert "führt kein Schritt" not in take(sign_in("ethics-board"), "decided", decision="Beirat")
    assert DataUse.objects.get(slug="laerm").state == "decided"


def test_after_its_last_day_a_data_use_takes_nothing_until_it_is_decided_anew(city: Gate, sign_in: SignIn) -> None:
    number = stream(city, "stadtklima-messnetz")
    observe(city, number)
    DataUse.objects.filter(slug="stadtklima-messnetz").update(until=today() - dt.timedelta(days=1))
    steward, board = sign_in("steward"), sign_in("ethics-board")
    use = DataUse.objects.get(slug="stadtklima-messnetz")
    edit = f"/intern/datennutzungen/edit/{use.pk}/"
    steward.post(edit, {**values_of(steward.get(edit)), "note_de": "Neu.", "note_en": "New."})
    with pytest.raises(Denied, match=r"held until 20\d\d-"):
        observe(city, number)
    step = "/intern/datennutzung/stadtklima-messnetz/"
    assert "abgelaufen" in board.get(step).content.decode()
    longer = {"to": "active", **REASON, "until": (today() + dt.timedelta(days=9)).isoformat()}
    assert "der Beschluss" in board.post(step, longer, follow=True).content.decode()
    assert "darf Ihre Rolle nicht" in steward.post(step, {**longer, "decision": "x"}, follow=True).content.decode()
    board.post(step, {**longer, "decision": "Rat, 3.11.2026"})
    observe(city, number)


def test_a_datastream_without_a_sheet_takes_nothing_and_is_told_where_sheets_are_made(city: Gate) -> None:
    with pytest.raises(Denied, match=r"There is no data sheet “\(none named\)”.*/intern/datennutzungen/"):
        observe(city, stream(city, ""))


def test_algorithms_are_listed_for_people_and_programs(city: Gate, sign_in: SignIn) -> None:
    assert "noch kein Algorithmus eingetragen" in Client().get("/datenethik/algorithmen/").content.decode()
    names = ("title", "purpose", "responsible")
    texts = {f"{name}_{language}": f"{name} {language}" for name in names for language in ("de", "en")}
    use = DataUse.objects.get(slug="stadtklima-messnetz")
    sent = {"slug": "bewaesserung", **texts, "autonomy": "proposes", "data_uses": [use.pk]}
    assert sign_in("steward").post("/intern/algorithmen/new/", sent).status_code == 302
    page = Client().get("/en/datenethik/algorithmen/").content.decode()
    assert "proposes, a human confirms" in page
    assert "?zu=stadtklima-messnetz" in page
    (one,) = Client().get("/datenethik/algorithmen.json").json()["algorithms"]
    assert (one["purpose"], one["risks"]) == ({"de": "purpose de", "en": "purpose en"}, None)
    assert "stadtklima-messnetz" in Client().get("/datenethik/algorithmen.csv").content.decode()


def test_a_suspension_is_told_on_the_home_page_and_on_the_project(programme: Gate, sign_in: SignIn) -> None:
    pages = ("/", "/projekte/klimadatenplattform/", "/en/")
    assert not [page for page in pages if 'class="note" role="status"' in Client().get(page).content.decode()]
    step = {"to": "suspended", "reason_de": "Wird geprüft.", "reason_en": "Is being checked."}
    sign_in("steward").post("/intern/datennutzung/stadtklima-messnetz/", step)
    for page in pages:
        told = "Is being checked." if page == "/en/" else "Wird geprüft."
        assert told in Client().get(page).content.decode(), page
