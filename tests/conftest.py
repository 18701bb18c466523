"""What all tests share: the sample files, PostgreSQL when it is there, a founded city."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.postgres import Databases
from tests.program import founded_copy
from tests.standards.tally import print_counts

SAMPLES = Path(os.environ.get("ALLMENDE_SAMPLES", Path(__file__).parents[2] / "shared" / "samples"))


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
