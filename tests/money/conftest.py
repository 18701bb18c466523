"""The invented city with its money, loaded once for all tests that only read, and undone after each that writes."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.db import transaction
from django.test import Client

from allmende.accounts.models import Person
from allmende.accounts.rules import ROLES, SystemActor
from allmende.accounts.services import create_person, ensure_roles
from allmende.gate.door import Gate
from allmende.money.content import MoneyContent
from allmende.money.queries import forget
from allmende.money.services.loading import load_money
from allmende.packs.read import read_optional, read_parts
from allmende.programme.content import ProgrammeContent
from allmende.programme.services.load import load_programme
from allmende.serve.founding import PROGRAMME_FILES
from tests.office.conftest import empty_store, gate

__all__ = ["empty_store", "gate"]

ACTOR = SystemActor("system:test")


def _load(pack: str) -> None:
    ensure_roles()
    load_programme(ACTOR, content=read_parts(pack, PROGRAMME_FILES, ProgrammeContent))
    money = read_optional(pack, "money.yaml", MoneyContent)
    if money is not None:
        load_money(ACTOR, content=money)


@pytest.fixture(scope="module")
def _musterstadt(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Load the pack once for a module; all of it is rolled back at the end."""
    with django_db_blocker.unblock(), transaction.atomic():
        _load("musterstadt")
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


@pytest.fixture
def konstanz(db: None, gate: Gate) -> None:
    """Give the city of which only totals are public."""
    _load("konstanz")
    forget()


def person(name: str, *roles: str) -> Person:
    """Give a person of some roles, made at first use."""
    email = f"{name}@example.org"
    found = Person.objects.filter(email=email).first()
    chosen = roles or ((name,) if name in ROLES else ("office",))
    return found or create_person(ACTOR, email=email, password=None, roles=chosen)


def browser(name: str, *roles: str) -> Client:
    """Give a browser in which somebody is signed in."""
    client = Client()
    client.force_login(person(name, *roles))
    return client
