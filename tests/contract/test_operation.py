"""Versions, rights, tokens, several processes, and death in the middle of a write."""

import datetime as dt
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import create_engine
from sqlalchemy.exc import ProgrammingError

from allmende.gate import tokens
from allmende.gate.door import Gate, Grant, check_store, migrate_store
from allmende.gate.query import Query, Within
from allmende.kernel.clock import today
from allmende.kernel.errors import Broken, Conflict, Denied, Invalid, NotFound, Unknown
from tests.contract.conftest import NOON

WRITER = """
import sys
from allmende.gate.door import Ask, Asker, open_gate
from allmende.gate.query import Arrival
url, stream, offset, step = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
gate = open_gate(url)
grant = gate.grant(Ask(Asker("system:writer"), "collect", "climate", "city"))
for batch in range(100000):
    start = [offset + (batch * 5 + i) * step for i in range(5)]
    receipt = gate.append(grant, [Arrival(datastream_id=stream, phenomenon_start=t, result=1.0) for t in start])
    print(*receipt.ids, flush=True)
"""


def writer(url: str, stream: int, offset: int) -> subprocess.Popen[str]:
    """Start a process that writes and says what was acknowledged."""
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, url, str(stream), str(offset), "1000"], stdout=subprocess.PIPE, text=True
    )


def all_ids(gate: Gate, read: Grant, stream: int) -> list[int]:
    """Page through a datastream."""
    found: list[int] = []
    after = None
    while True:
        page = gate.page(read, Query(kind="Observations", within=Within("Datastreams", stream), top=1000, after=after))
        found += [record.id for record in page.records]
        after = page.next_after
        if after is None:
            return found


def test_nothing_acknowledged_is_lost_or_doubled_by_kill(
    gate: Gate, read: Grant, stream: Callable[..., int], store_url: str
) -> None:
    number = stream()
    acknowledged: set[int] = set()
    for round_ in range(4):
        processes = [writer(store_url, number, NOON + (2 * round_ + i) * 10**10) for i in range(2)]
        first = [process.stdout.readline() for process in processes if process.stdout]
        time.sleep(0.3 + 0.1 * round_)
        for process in processes:
            os.kill(process.pid, signal.SIGKILL)
        for process in processes:
            lines = [*first, *process.communicate()[0].splitlines()]
            acknowledged |= {int(word) for line in lines if line.count(" ") == 4 for word in line.split()}
    stored = all_ids(gate, read, number)
    assert len(acknowledged) > 50
    assert acknowledged <= set(stored)
    assert len(stored) == len(set(stored)) == gate.summary(read)[number].count


def test_a_store_of_a_newer_version_is_refused_untouched(gate: Gate, store_url: str) -> None:
    store = gate.store
    with store.engine.begin() as connection:  # type: ignore[attr-defined]
        connection.exec_driver_sql("INSERT INTO schema_version (version) VALUES (999)")
    for act in (check_store, migrate_store):
        with pytest.raises(Broken, match="has version 999"):
            act(store_url)


def test_an_empty_database_asks_for_migration(tmp_path: Path) -> None:
    with pytest.raises(Broken, match="Run: allmende migrate"):
        check_store(str(tmp_path / "new.sqlite3"))


def test_migrating_again_changes_nothing(gate: Gate, store_url: str) -> None:
    assert migrate_store(store_url) == 4
    assert gate.rulebook().version == 1


def test_the_portal_cannot_touch_observations(store_url: str, gate: Gate) -> None:
    if not store_url.startswith("postgresql"):
        pytest.skip("schemas and roles exist in PostgreSQL only")
    address = store_url.replace("postgresql://", "postgresql+psycopg://")
    options = {"options": "-c role=allmende_portal -c search_path=city"}
    portal = create_engine(address, connect_args=options)
    try:
        for statement in (
            "SELECT * FROM observations.observations",
            "INSERT INTO observations.sources (name) VALUES ('x')",
            "SELECT * FROM observations.tokens",
            "CREATE TABLE observations.x (id int)",
        ):
            with portal.connect() as connection, pytest.raises(ProgrammingError, match="permission denied"):
                connection.exec_driver_sql(statement)
        with portal.begin() as connection:
            connection.exec_driver_sql("CREATE TABLE own (id int)")
    finally:
        portal.dispose()


def test_a_token_is_known_by_its_plain_form_only(gate: Gate) -> None:
    plain = tokens.create_token(gate, "gateway", ("observations:write", "read:climate"))
    assert plain not in repr(gate.store.tokens())
    token = tokens.authenticate(gate, plain)
    assert (token.name, token.scopes) == ("gateway", ("observations:write", "read:climate"))
    token.require("sensorthings:write", "observations:write")
    with pytest.raises(Denied, match="lacks the scope ingest:x"):
        token.require("ingest:x")
    tokens.revoke(gate, "gateway")
    with pytest.raises(Unknown):
        tokens.authenticate(gate, plain)
    assert tokens.list_tokens(gate) == []
    with pytest.raises(NotFound):
        tokens.revoke(gate, "gateway")
    with pytest.raises(Conflict, match="“gateway” already"):
        tokens.create_token(gate, "gateway", ("admin",))


@pytest.mark.parametrize(
    ("name", "scope", "until", "message"),
    [
        ("Gateway!", "admin", None, "no name for a token"),
        ("a", "write", None, "no scope “write”"),
        ("a", "read:good", None, "“good” is not declared"),
        ("a", "read:weather", None, "Declared purposes are: climate, open-data, sale"),
        ("a", "admin", dt.date(2020, 1, 1), "is past"),
    ],
)
def test_a_wrong_token_is_refused_by_name(
    gate: Gate, name: str, scope: str, until: dt.date | None, message: str
) -> None:
    with pytest.raises(Invalid, match=message):
        tokens.create_token(gate, name, (scope,), until)


def test_an_expired_token_looks_like_an_unknown_one(gate: Gate) -> None:
    plain = tokens.create_token(gate, "short", ("admin",), today())
    assert tokens.authenticate(gate, plain).name == "short"
    with gate.store.engine.begin() as connection:  # type: ignore[attr-defined]
        connection.exec_driver_sql("UPDATE tokens SET until = '2020-01-01'")
    with pytest.raises(Unknown, match="not valid"):
        tokens.authenticate(gate, plain)
