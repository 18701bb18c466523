"""The Konstanz city with staff of every role, its gate on a store of its own."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.core.cache import cache
from django.test import Client

from allmende.accounts.models import AuditEntry, Person
from allmende.accounts.rules import ROLES, SystemActor
from allmende.accounts.services import create_person, ensure_roles
from allmende.catalog import door
from allmende.gate.door import Ask, Asker, Gate, migrate_store
from allmende.gate.query import Location, Thing
from allmende.packs.read import read_parts
from allmende.programme.content import ProgrammeContent
from allmende.programme.services import load_programme
from allmende.register.content import DataUsesContent, EthicsContent
from allmende.register.models import Rule
from allmende.register.queries import rulebook_from_tables
from allmende.register.services import edit_rule, load_ethics, publish_rulebook
from allmende.register.sheets import load_data_uses
from allmende.serve.founding import PROGRAMME_FILES

ACTOR = SystemActor("system:test")
PASSWORD = "correct horse battery staple"
SignIn = Callable[[str], Client]


@pytest.fixture(scope="session")
def content() -> dict[str, Any]:
    """Read what the Konstanz pack says, once."""
    return {
        "programme": read_parts("konstanz", PROGRAMME_FILES, ProgrammeContent),
        "ethics": read_parts("konstanz", ("ethics.yaml",), EthicsContent),
        "uses": read_parts("konstanz", ("data_uses.yaml",), DataUsesContent),
    }


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give an observation store without anything in it."""
    path = tmp_path_factory.mktemp("store") / "observations.sqlite3"
    migrate_store(str(path))
    return path


@pytest.fixture
def gate(db: None, empty_store: Path, tmp_path: Path, settings: Any) -> Iterator[Gate]:
    """Give the process's gate on a fresh store."""
    shutil.copy(empty_store, tmp_path / "observations.sqlite3")
    settings.ALLMENDE = msgspec.structs.replace(settings.ALLMENDE, home=tmp_path, database_url="")
    door.gate.cache_clear()
    yield door.gate()
    door.gate().close()
    door.gate.cache_clear()


@pytest.fixture
def city(gate: Gate, content: dict[str, Any]) -> Gate:
    """Fill the register and put the rules in force; one station stands."""
    ensure_roles()
    cache.clear()
    load_ethics(ACTOR, content=content["ethics"])
    load_data_uses(ACTOR, content=content["uses"])
    publish_rulebook(ACTOR, decision="test", gate=gate)
    grant = gate.grant(Ask(Asker("system:test"), "collect", "climate-adaptation", "administration"))
    point = {"type": "Point", "coordinates": [9.17, 47.66]}
    place = gate.create(grant, "Locations", Location(name="Platz", description="", location=point))
    properties = {"slug": "platz", "kind": "weather-station", "position": "approximate"}
    thing = Thing(name="Platz", description="Ein Platz", properties=properties, location_ids=(place,))
    gate.create(grant, "Things", thing)
    return gate


@pytest.fixture
def programme(city: Gate, content: dict[str, Any]) -> Gate:
    """Add the programme."""
    load_programme(ACTOR, content=content["programme"])
    return city


@pytest.fixture
def sign_in(city: Gate) -> SignIn:
    """Give a browser in which somebody of a role is signed in, as ROLE@example.org."""

    def signed_in(role: str) -> Client:
        client = Client()
        client.force_login(person(role))
        return client

    return signed_in


def person(role: str) -> Person:
    """Give the person of a role, made at first use; any other word makes a person without a role."""
    found = Person.objects.filter(email=f"{role}@example.org").first()
    roles = [role] if role in ROLES else []
    return found or create_person(ACTOR, email=f"{role}@example.org", password=PASSWORD, roles=roles)


def values_of(response: Any) -> dict[str, Any]:
    """Give what a browser would send when the form is sent as it stands."""
    form = response.context["form"]
    sent: dict[str, Any] = {}
    for field in form:
        value = field.value()
        if value is None or value is False:
            continue
        if isinstance(value, list | tuple):
            value = [getattr(entry, "pk", entry) for entry in value]
        sent[field.html_name] = getattr(value, "pk", value)
    return sent


def entries_since(number: int) -> list[AuditEntry]:
    """Give the audit entries after the first so many, oldest first."""
    return list(AuditEntry.objects.order_by("pk")[number:])


def draft_of(slug: str, editor: Person) -> Rule:
    """Make a draft that somebody edited."""
    rule = Rule.objects.filter(slug=slug).order_by("-version")[0]
    rule.title_de = "Neuer Titel"
    draft = edit_rule(editor, rule=rule)
    assert any(entry.title.de == "Neuer Titel" for entry in rulebook_from_tables().rules)
    return draft
