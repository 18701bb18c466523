"""The programmes of Konstanz and of the fictional Musterstadt in an empty database."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction

from allmende.accounts.rules import SystemActor
from allmende.packs.read import read_parts
from allmende.programme.content import ProgrammeContent
from allmende.programme.services import load_programme
from allmende.programme.steering import SteeringContent
from allmende.serve.founding import PROGRAMME_FILES
from tests.office.conftest import empty_store, gate

__all__ = ["empty_store", "gate"]

ACTOR = SystemActor("system:test")


@pytest.fixture(scope="session")
def konstanz() -> ProgrammeContent:
    """Read what the Konstanz pack says."""
    return read_parts("konstanz", PROGRAMME_FILES, ProgrammeContent)


@pytest.fixture
def loaded(db: None, konstanz: ProgrammeContent) -> ProgrammeContent:
    """Load the Konstanz programme."""
    assert load_programme(ACTOR, content=konstanz)
    return konstanz


@pytest.fixture(scope="session")
def musterstadt() -> tuple[ProgrammeContent, SteeringContent]:
    """Read what the fictional pack says."""
    steering = read_parts("musterstadt", ("steering.yaml",), SteeringContent)
    return read_parts("musterstadt", PROGRAMME_FILES, ProgrammeContent), steering


@pytest.fixture(scope="module")
def town(
    django_db_setup: None, django_db_blocker: Any, musterstadt: tuple[ProgrammeContent, SteeringContent]
) -> Iterator[None]:
    """Load the fictional programme once for a module; what a test writes is taken back behind it."""
    with django_db_blocker.unblock(), transaction.atomic():
        assert load_programme(ACTOR, content=musterstadt[0], steering=musterstadt[1])
        yield
        transaction.set_rollback(True)
