"""What all tests share: the sample files, PostgreSQL when it is there, a founded city."""

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.utils import translation

from tests.postgres import Databases
from tests.program import HOMES, founded_copy, migrated_home
from tests.standards.tally import print_counts

SAMPLES = Path(os.environ.get("ALLMENDE_SAMPLES", Path(__file__).parents[2] / "shared" / "samples"))


def pytest_configure(config: pytest.Config) -> None:
    """Make a folder for what all workers of this run share; workers find it in their environment."""
    if HOMES not in os.environ:
        os.environ[HOMES] = tempfile.mkdtemp(prefix="allmende-tests-")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove that folder when the run ends; a worker leaves it to the run."""
    if not hasattr(config, "workerinput"):
        shutil.rmtree(os.environ.pop(HOMES), ignore_errors=True)


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment: None, django_db_blocker: Any) -> Iterator[None]:
    """Give Django the portal's tables as ``allmende migrate`` makes them, in memory."""
    from django.db import connection
    from django.test import override_settings

    home = migrated_home()
    # A password takes half a second of arithmetic, on purpose; whoever signs in through a served city pays it.
    quick = override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"])
    with django_db_blocker.unblock(), quick:
        connection.settings_dict["NAME"] = "file:portal?mode=memory&cache=shared"
        connection.ensure_connection()
        with sqlite3.connect(home / "city.sqlite3") as made:
            made.backup(connection.connection)
        made.close()
        yield


@pytest.fixture(autouse=True)
def _language() -> Iterator[None]:
    """Leave the language of one test's pages behind with the test."""
    yield
    translation.deactivate()


@pytest.fixture(scope="session")
def samples() -> Path:
    """Give the folder of recorded sample files, or skip."""
    if not SAMPLES.is_dir():
        pytest.skip(f"no sample files at {SAMPLES}; set ALLMENDE_SAMPLES")
    return SAMPLES


@pytest.fixture(scope="session")
def postgres() -> Iterator[Databases]:
    """Give the maker of empty PostgreSQL databases, or skip (never in CI)."""
    url = os.environ.get("ALLMENDE_TEST_POSTGRES_URL", "")
    if not url:
        if os.environ.get("CI"):
            pytest.fail("ALLMENDE_TEST_POSTGRES_URL is not set, and in CI these tests must run")
        pytest.skip("no PostgreSQL; set ALLMENDE_TEST_POSTGRES_URL")
    databases = Databases(url)
    yield databases
    databases.drop()


@pytest.fixture
def city(tmp_path: Path) -> Path:
    """Give the home of a founded city that a test may change."""
    return founded_copy(tmp_path)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say at the end which conformance classes of the standards were proved."""
    print_counts(terminalreporter)
