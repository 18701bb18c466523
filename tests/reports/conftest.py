"""The invented city with its programme, money and indicators, loaded once and undone after each test."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.db import transaction
from django.test import Client

from allmende.accounts.models import Person
from allmende.accounts.rules import ROLES, SystemActor
from allmende.accounts.services import create_person, ensure_roles
from allmende.effects.content import IndicatorsContent
from allmende.effects.services import load_indicators
from allmende.gate.door import Gate
from allmende.money.content import MoneyContent
from allmende.money.queries import forget
from allmende.money.services.loading import load_money
from allmende.packs.read import read_optional, read_parts
from allmende.programme.content import ProgrammeContent
from allmende.programme.services.load import load_programme
from allmende.programme.steering import SteeringContent
from allmende.reports.models import Report
from allmende.serve.founding import PROGRAMME_FILES
from tests.office.conftest import empty_store, gate

__all__ = ["empty_store", "gate"]

ACTOR = SystemActor("system:test")
EARLY, LATE = dt.date(2025, 6, 30), dt.date(2026, 6, 30)


def load(pack: str) -> None:
    """Load what reports read."""
    ensure_roles()
    steering = read_optional(pack, "steering.yaml", SteeringContent)
    load_programme(ACTOR, content=read_parts(pack, PROGRAMME_FILES, ProgrammeContent), steering=steering)
    money = read_optional(pack, "money.yaml", MoneyContent)
    if money is not None:
        load_money(ACTOR, content=money)
    indicators = read_optional(pack, "indicators.yaml", IndicatorsContent)
    if indicators is not None:
        load_indicators(ACTOR, content=indicators)


@pytest.fixture(scope="module")
def _musterstadt(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    with django_db_blocker.unblock(), transaction.atomic():
        load("musterstadt")
        forget()
        yield
        transaction.set_rollback(True)
    forget()


@pytest.fixture
def musterstadt(_musterstadt: None, db: None, gate: Gate) -> Iterator[None]:
    """Give the invented city; what a test writes is undone."""
    cache.clear()
    forget()
    yield
    forget()


def person(name: str) -> Person:
    """Give a person of the role they are named after, else of the office; made at first use."""
    email = f"{name}@example.org"
    found = Person.objects.filter(email=email).first()
    return found or create_person(ACTOR, email=email, password=None, roles=[name] if name in ROLES else ["office"])


def browser(name: str) -> Client:
    """Give a browser in which somebody is signed in."""
    client = Client()
    client.force_login(person(name))
    return client


def begun(kind: str = "council", day: dt.date = LATE, project: str | int = "") -> str:
    """Begin a report as the office, and give its address."""
    sent = {"kind": kind, "day": day.isoformat(), "project": project}
    answer = browser("office").post("/intern/berichte/", sent)
    assert answer.status_code == 302, answer.content.decode()
    return str(answer["Location"])


def texts(address: str, **words: str) -> Any:
    """Write free texts, both languages alike, as the office."""
    number = int(address.strip("/").rpartition("/")[2])
    pairs = {f"{key}_{code}": text for key, text in words.items() for code in ("de", "en")}
    edits = Report.objects.get(pk=number).edits
    return browser("office").post(address, {"deed": "write", "edits": edits, **pairs})


def approved(kind: str = "council", day: dt.date = LATE, project: str | int = "", **words: str) -> int:
    """Take a report all the way as two people, and give its number."""
    address = begun(kind, day, project)
    assert texts(address, **words).status_code == 302
    browser("office").post(address, {"deed": "send"})
    browser("second").post(address, {"deed": "approve"})
    row = Report.objects.get(pk=int(address.strip("/").rpartition("/")[2]))
    assert row.state == "approved"
    return row.pk
