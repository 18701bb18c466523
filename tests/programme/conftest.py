"""The Konstanz programme in an empty database."""

import pytest

from allmende.accounts.rules import SystemActor
from allmende.packs.read import read_parts
from allmende.programme.content import ProgrammeContent
from allmende.programme.services import load_programme
from allmende.serve.founding import PROGRAMME_FILES

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
