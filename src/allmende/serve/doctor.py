"""What may be wrong with an installation, and the remedy."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec

import allmende
from allmende.gate.door import check_store, open_gate, store_facts
from allmende.kernel.errors import AllmendeError
from allmende.kernel.text import Text
from allmende.serve.broker import broker_fault
from allmende.serve.portal_form import require_portal
from allmende.serve.readiness import require_writable
from allmende.serve.settings import Settings

LOW_DISK_BYTES = 2_000_000_000
PACKAGE = Path(allmende.__path__[0])


class Symptom(msgspec.Struct, frozen=True):
    """One thing that was looked at."""

    good: bool
    what: Text
    remedy: Text | None = None


def _from_error(error: AllmendeError) -> Symptom:
    return Symptom(False, error.what, error.next)


def _home(settings: Settings) -> Iterator[Symptom]:
    try:
        require_writable(settings.home)
    except AllmendeError as error:
        yield _from_error(error)
        return
    yield Symptom(True, Text(f"Ordner {settings.home} ist beschreibbar", f"folder {settings.home} is writable"))
    free = shutil.disk_usage(settings.home).free
    what = Text(f"{free / 1e9:.1f} GB Platz frei", f"{free / 1e9:.1f} GB of disk free")
    remedy = Text("Schaffen Sie Platz; Schreiben schlägt sonst fehl.", "Make room; writing will fail otherwise.")
    yield Symptom(free > LOW_DISK_BYTES, what, None if free > LOW_DISK_BYTES else remedy)


def _store(settings: Settings) -> Iterator[Symptom]:
    try:
        check_store(settings.store_url)
        facts = store_facts(settings.store_url)
    except AllmendeError as error:
        yield _from_error(error)
        return
    yield Symptom(True, Text(f"Messwertspeicher: {facts}", f"observation store: {facts}"))
    gate = open_gate(settings.store_url)
    try:
        version = gate.rulebook().version
    finally:
        gate.close()
    remedy = Text("Veröffentlichen Sie es im Arbeitsraum.", "Publish it in the staff room.")
    good = Symptom(True, Text(f"Regelwerk in Fassung {version}", f"rule book in version {version}"))
    bad = Symptom(False, Text("Kein Regelwerk: alles ist verboten", "no rule book: everything is refused"), remedy)
    yield good if version else bad


def _portal() -> Iterator[Symptom]:
    try:
        require_portal()
    except AllmendeError as error:
        yield _from_error(error)
        return
    yield Symptom(True, Text("Datenbank des Portals: passend", "the portal's database: fits"))


def _built_parts() -> Iterator[Symptom]:
    remedy = Text("make setup", "make setup")
    for path, de, en in (
        (PACKAGE / "ui" / "static" / "vendor", "Gestaltung (KERN)", "design system (KERN)"),
        (PACKAGE / "ui" / "locale" / "en" / "LC_MESSAGES" / "django.mo", "englische Texte", "English texts"),
    ):
        there = path.exists()
        state = ("vorhanden", "present") if there else ("fehlt", "missing")
        yield Symptom(there, Text(f"{de}: {state[0]}", f"{en}: {state[1]}"), None if there else remedy)


def _broker(settings: Settings) -> Iterator[Symptom]:
    if not settings.mqtt_url:
        return
    fault = broker_fault(settings)
    if fault:
        remedy = Text("Läuft der Broker? Stimmt ALLMENDE_MQTT_URL?", "Does the broker run? Is ALLMENDE_MQTT_URL right?")
        yield Symptom(False, Text(f"MQTT-Broker: {fault}", f"MQTT broker: {fault}"), remedy)
    else:
        yield Symptom(True, Text("MQTT-Broker: erreichbar", "MQTT broker: reachable"))


def examine(settings: Settings) -> Iterator[Symptom]:
    """Look at home folder, store, broker, portal, rule book and built parts, one after the other."""
    yield from _home(settings)
    yield from _store(settings)
    yield from _broker(settings)
    yield from _portal()
    yield from _built_parts()
