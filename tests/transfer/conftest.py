"""The invented city with its findings, loaded once and undone after each test."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.db import transaction

from allmende.packs.read import read_parts
from allmende.transfer.content import FindingsContent
from allmende.transfer.services import load_findings
from tests.reports.conftest import ACTOR, load

EARLY, LATE = dt.date(2025, 12, 1), dt.date(2026, 6, 30)


@pytest.fixture(scope="module")
def _told(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    with django_db_blocker.unblock(), transaction.atomic():
        load("musterstadt")
        load_findings(ACTOR, content=read_parts("musterstadt", ("findings.yaml",), FindingsContent))
        yield
        transaction.set_rollback(True)


@pytest.fixture
def musterstadt(_told: None, db: None) -> None:
    """Give the invented city; what a test writes is undone."""
    cache.clear()
