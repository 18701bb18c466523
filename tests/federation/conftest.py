"""This city with its programme and indicators, its log, and a neighbour that answers over HTTP."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from allmende.accounts.rules import SystemActor
from allmende.federation import fetching
from allmende.federation.models import Peer
from allmende.federation.services import add
from allmende.federation.updating import House
from allmende.gate.door import Gate
from allmende.gate.ledger import Ledger
from allmende.ledger.note import LOG, WITNESS, Signer
from tests.federation.towns import Town
from tests.reports.conftest import _musterstadt, empty_store, gate, musterstadt

__all__ = ["_musterstadt", "empty_store", "gate", "musterstadt"]

ACTOR = SystemActor("system:test")
OURS, OUR_WITNESS = Signer.made("musterstadt.example/ledger", LOG), Signer.made("musterstadt.example/w", WITNESS)


@pytest.fixture
def house(musterstadt: None, gate: Gate, settings: Any, monkeypatch: pytest.MonkeyPatch) -> House:
    """Give what following needs: a log that has begun, and loopback allowed; who is slow is given up soon."""
    monkeypatch.setattr(fetching, "SECONDS", 1.5)
    ledger = Ledger(gate)
    ledger.sequence(OURS)
    return House(("127.0.0.1",), "", None, ledger, OUR_WITNESS)


@pytest.fixture
def town(empty_store: Path, tmp_path: Path) -> Iterator[Town]:
    """Give a neighbour."""
    shutil.copy(empty_store, tmp_path / "neighbour.sqlite3")
    made = Town(tmp_path / "neighbour.sqlite3")
    made.grow("eins", "zwei")
    yield made
    made.close()


@pytest.fixture
def peer(house: House, town: Town) -> Peer:
    """Follow the neighbour, as its witness."""
    return add(ACTOR, house=house, url=town.url, key=str(town.signer.key), witness=True)
