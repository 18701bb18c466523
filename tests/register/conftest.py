"""The Konstanz register in an empty database, its rules in force at a gate of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from allmende.accounts.models import Person
from allmende.accounts.rules import SystemActor
from allmende.accounts.services import create_person, ensure_roles
from allmende.gate.door import Gate, migrate_store, open_gate
from allmende.packs.read import read_parts
from allmende.register.content import DataUsesContent, EthicsContent
from allmende.register.services import load_ethics, publish_rulebook
from allmende.register.sheets import load_data_uses

ACTOR = SystemActor("system:test")


@pytest.fixture(scope="session")
def ethics() -> EthicsContent:
    """Read the rules of the Konstanz pack."""
    return read_parts("konstanz", ("ethics.yaml",), EthicsContent)


@pytest.fixture(scope="session")
def uses() -> DataUsesContent:
    """Read the data sheets of the Konstanz pack."""
    return read_parts("konstanz", ("data_uses.yaml",), DataUsesContent)


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    """Open a gate over an empty store without rules."""
    url = str(tmp_path / "observations.sqlite3")
    migrate_store(url)
    opened = open_gate(url)
    yield opened
    opened.close()


@pytest.fixture
def register(db: None, gate: Gate, ethics: EthicsContent, uses: DataUsesContent) -> Gate:
    """Load the register and put its rules in force; give the gate."""
    assert load_ethics(ACTOR, content=ethics)
    load_data_uses(ACTOR, content=uses)
    publish_rulebook(ACTOR, decision=ethics.decision, gate=gate)
    return gate


def steward(name: str) -> Person:
    """Add somebody who edits rules."""
    ensure_roles()
    return create_person(ACTOR, email=f"{name}@example.org", password=None, roles=["steward", "ethics-board"])
