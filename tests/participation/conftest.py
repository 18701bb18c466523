"""Processes in their phases, and people who take part in them."""

import datetime as dt
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import translation

from allmende.accounts.models import Person
from allmende.accounts.rules import SystemActor
from allmende.accounts.services import create_person, ensure_roles
from allmende.ethics.sheets import Sheet
from allmende.gate.door import Gate, migrate_store, open_gate
from allmende.kernel.clock import utc_now
from allmende.kernel.text import Text
from allmende.packs.read import read_parts
from allmende.participation import proof
from allmende.participation.models import Contribution, Process, Topic
from allmende.participation.permission import EVERY
from allmende.participation.services import processes, texts
from allmende.register.content import EthicsContent
from tests.office.conftest import gate

__all__ = ["empty_store", "gate"]

ACTOR = SystemActor("system:test")
SECRET_WORDS = "four random words here"
Make = Callable[..., Process]


@pytest.fixture(autouse=True)
def _fresh(settings: Any, tmp_path: Path) -> Iterator[None]:
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    settings.ALLMENDE = msgspec.structs.replace(settings.ALLMENDE, home=tmp_path)
    cache.clear()
    # A page in English leaves its language behind.
    translation.activate("de")
    yield
    cache.clear()


def sheets(**suspended: str) -> tuple[Sheet, ...]:
    """Give the data sheets of the participation, active but for those named with a reason."""
    day, reasons = utc_now().date(), {f"participation-{name}": reason for name, reason in suspended.items()}
    return tuple(
        Sheet(
            slug=data.data_use,
            title=Text(data.data_use, data.data_use),
            state="suspended" if data.data_use in reasons else "active",
            since=day,
            until=day + dt.timedelta(days=1),
            reason=Text(reasons[data.data_use], reasons[data.data_use]) if data.data_use in reasons else None,
        )
        for data in EVERY
    )


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a store without observations, under the rules of the Konstanz pack."""
    path = tmp_path_factory.mktemp("store") / "observations.sqlite3"
    migrate_store(str(path))
    door = open_gate(str(path))
    door.publish(read_parts("konstanz", ("ethics.yaml",), EthicsContent).book, "test")
    door.publish_sheets(sheets(), "test")
    door.close()
    return path


@pytest.fixture
def make(db: None, gate: Gate) -> Make:
    """Give the maker of processes that are in a phase."""

    def made(form: str = "ideas", *, phase: int = 0, **fields: Any) -> Process:
        process = Process(
            slug=fields.pop("slug", form),
            format=form,
            title_de="Verfahren",
            title_en="Process",
            purpose_de="Zweck",
            purpose_en="Purpose",
            audience_de="Alle",
            audience_en="All",
            office_de="Amt",
            office_en="Office",
            weight="mood",
            **fields,
        )
        days = sum(one.days for one in process.form.phases[:phase])
        processes.found(ACTOR, process, first_day=utc_now() - dt.timedelta(days=days + 1))
        processes.move(ACTOR, process, "open", utc_now())
        for kind, slug in (("category", "schatten"), ("group", "handel"), ("group", "familien")):
            Topic.objects.create(process=process, kind=kind, slug=slug, title_de=slug, title_en=slug)
        process.refresh_from_db()
        return process

    return made


def end_phase(process: Process) -> None:
    """Let the running phase be over."""
    now = utc_now()
    running = next(phase for phase in process.phases.all() if phase.since <= now < phase.until)
    running.until = now - dt.timedelta(seconds=1)
    running.save()


def solved(client: Client) -> str:
    """Compute the sum as a browser does."""
    return proof.compute(client.get("/mitmachen/nachweis.json").json())


def submit(client: Client, process: Process, *, proven: bool = True, **values: Any) -> Any:
    """Send the form of an idea as a browser does."""
    body = {"title": "Bänke am Seerhein", "category": "schatten", "website": "", "gesehen": "1", **values}
    if proven:
        body["nachweis"] = solved(client)
    return client.post(f"/mitmachen/{process.slug}/beitraege/neu/", body)


def handed_in(client: Client, process: Process, **values: Any) -> tuple[Contribution, str]:
    """Hand in an idea; give it with its key."""
    answer = submit(client, process, **values)
    assert answer.status_code == 302, answer.content.decode()
    found = re.search(r"beitraege/([^/]+)/mein/([^/]+)/", answer["Location"])
    assert found is not None
    return Contribution.objects.get(number=found[1]), found[2]


def with_text(process: Process, *paragraphs: str) -> None:
    """Give a process a text."""
    for number, words in enumerate(paragraphs, 1):
        heading = Text(f"Absatz {number}", f"Paragraph {number}")
        wording = texts.Wording(text_de=words, text_en=f"EN {words}", reason=Text("Anfang", "Start"))
        texts.add_paragraph(ACTOR, process, heading=heading, wording=wording, now=utc_now())


def staff(role: str, name: str = "") -> tuple[Client, Person]:
    """Sign somebody in who works in the staff room."""
    ensure_roles()
    person = create_person(ACTOR, email=f"{name or role}@example.org", password=SECRET_WORDS, roles=[role])
    client = Client()
    client.force_login(person)
    return client, person


def pass_for(client: Client, process: Process, **values: str) -> str:
    """Begin to take part; give the word that stands for the person."""
    answer = client.post(f"/mitmachen/{process.slug}/teilnehmen/", values)
    assert answer.status_code == 302, answer.content.decode()
    return str(answer["Location"].partition("karte=")[2])
