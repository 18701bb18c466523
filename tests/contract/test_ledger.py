"""The public log on both databases: what happened stands in it once, and nothing about a person."""

import datetime as dt
import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from allmende.gate import released
from allmende.gate.door import Ask, Asker, Gate, Grant, open_gate
from allmende.gate.ledger import Ledger
from allmende.gate.query import Arrival
from allmende.kernel.errors import AllmendeError
from allmende.ledger.check import verify_consistency, verify_log, verify_proof
from allmende.ledger.entry import commitment
from allmende.ledger.files import CHECKPOINT, require
from allmende.ledger.note import LOG, Signer, opened
from tests.contract.conftest import DELETE, NOON, READ, STANDARD
from tests.ledger import naive

SIGNER = Signer.made("stadt.example/ledger", LOG)
NOW = dt.datetime(2030, 5, 1, 12, 0, 30, tzinfo=dt.UTC)
HOUR = 3_600_000_000


@pytest.fixture
def log(gate: Gate) -> Ledger:
    """Give the log of the gate, with the first rule book in it."""
    found = Ledger(gate)
    found.sequence(SIGNER)
    return found


def told(log: Ledger, kind: str = "") -> list[dict[str, Any]]:
    """Give the entries, of one kind when it is named."""
    found = [json.loads(entry) for entry in log.entries(0, log.size)]
    return [entry for entry in found if kind in ("", entry["kind"])]


def deleting(gate: Gate) -> Grant:
    return gate.grant(DELETE)


def arrival(number: int, start: int, result: float) -> Arrival:
    return Arrival(datastream_id=number, phenomenon_start=start, result=result)


def fill(gate: Gate, collect: Grant, number: int, count: int) -> None:
    gate.append(collect, [arrival(number, NOON + step * HOUR, float(step)) for step in range(count)])


def test_rules_and_deletions_stand_in_it_and_all_of_it_is_sound(
    gate: Gate, log: Ledger, collect: Grant, stream: Callable[..., int]
) -> None:
    number, hidden = stream("weather"), stream("secret")
    fill(gate, collect, number, 3)
    fill(gate, collect, hidden, 2)
    gate.remove(deleting(gate), number, until=NOON + 1)
    gate.remove(deleting(gate), hidden)
    gate.publish(STANDARD, "rita@example.org")
    assert log.sequence(SIGNER) == 3
    assert [entry["kind"] for entry in told(log)] == ["begun", "rules", "deleted", "deleted", "rules"]
    open_one, closed_one = told(log, "deleted")
    assert (open_one["category"], open_one["amount"], open_one["rulebook"]) == ("weather", 1, 1)
    assert open_one["rules"] == ["collect-all"]
    assert "amount" not in closed_one
    assert {one.value for one in log.openings(3)} == {"system:tests", "2"}
    found = verify_log(log, SIGNER.key)
    assert (found.checkpoint.size, found.rulebooks) == (5, 2)
    assert found.checkpoint.root == naive.head(log.entries(0, 5))
    for index in range(5):
        assert verify_proof(log.proof(index), SIGNER.key)[1] == index


def test_what_is_taken_back_is_not_told(gate: Gate, log: Ledger, collect: Grant, stream: Callable[..., int]) -> None:
    number = stream()
    fill(gate, collect, number, 3)
    bundle = gate.bundle()
    with bundle.joined():
        gate.delete(deleting(gate), "Datastreams", number)
    bundle.drop()
    assert log.sequence(SIGNER) == 0
    bundle = gate.bundle()
    with bundle.joined():
        gate.delete(deleting(gate), "Datastreams", number)
    bundle.keep()
    assert log.sequence(SIGNER) == 1
    assert told(log, "deleted")[0]["amount"] == 3


def test_what_is_published_is_counted_by_the_minute(gate: Gate, log: Ledger, stream: Callable[..., int]) -> None:
    stream()
    for _ in range(4):
        gate.grant(READ)
    gate.decisions()
    with pytest.raises(AllmendeError):
        gate.grant(Ask(Asker("public"), "publish", "Rita Mustermann, Seestraße 1", "public"))
    size = log.size
    assert log.sequence(SIGNER, NOW) == 1
    (entry,) = told(log, "released")
    assert {tally["category"]: tally["times"] for tally in entry["tallies"]} == {
        "weather": 4,
        "coarse": 4,
        "late": 4,
    }
    assert {(tally["verb"], tally["purpose"], tally["recipient"]) for tally in entry["tallies"]} == {
        ("publish", "open-data", "public")
    }
    assert log.sequence(SIGNER, NOW) == 0
    gate.grant(READ)
    gate.decisions()
    assert log.sequence(SIGNER, NOW) == 1
    assert log.size == size + 2
    assert "Rita" not in b"".join(log.entries(0, log.size)).decode()


def test_what_was_let_go_is_counted_by_day_from_the_entries(
    gate: Gate, log: Ledger, stream: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    stream()
    today, day = NOW.date(), dt.timedelta(days=1)
    monkeypatch.setattr(released, "today", lambda: today)
    counts = released.Releases(log)

    def read(times: int, now: dt.datetime) -> None:
        for _ in range(times):
            gate.grant(READ)
        gate.decisions()
        log.sequence(SIGNER, now)

    def counted(first: dt.date, last: dt.date) -> int:
        return counts.between(first, last, {"weather"}).total()

    read(4, NOW - day)
    read(1, NOW)
    flow = released.Flow("publish", "weather", "open-data", "public")
    assert counts.between(today - 365 * day, today, {"weather", "secret"}) == {flow: 5}
    assert [counted(today - day, today - day), counted(today, today), counted(today, today + 9 * day)] == [4, 1, 1]
    read(2, NOW + dt.timedelta(hours=1))
    assert [counted(today - day, today), counted(today - 9 * day, today - 2 * day)] == [7, 0]


def test_a_person_can_be_forgotten_and_the_log_stays_valid(gate: Gate, log: Ledger) -> None:
    for _ in range(2):
        gate.publish(STANDARD, "rita@example.org")
    log.sequence(SIGNER)
    assert "rita" not in b"".join(log.entries(0, log.size)).decode()
    entries = told(log, "rules")[-2:]
    assert entries[0]["actor"] != entries[1]["actor"]
    (opening,) = log.openings(2)
    assert commitment(opening.salt, opening.value) == entries[0]["actor"]
    proof = log.proof(2)
    assert log.forget("rita@example.org") == 2
    assert log.openings(2) == []
    assert verify_log(log, SIGNER.key).checkpoint.size == 4
    assert verify_proof(proof, SIGNER.key)[1] == 2


def test_a_clock_set_back_is_told_and_breaks_nothing(gate: Gate, log: Ledger) -> None:
    gate.publish(STANDARD, "tests")
    log.sequence(SIGNER, NOW)
    gate.publish(STANDARD, "tests")
    log.sequence(SIGNER, NOW - dt.timedelta(days=400))
    (clock,) = told(log, "clock")
    assert (clock["at"], clock["clock"]) == ("2030-05-01T12:00:30Z", "2029-03-27T12:00:30Z")
    assert told(log)[-1]["at"] == "2030-05-01T12:00:30Z"
    assert verify_log(log, SIGNER.key).last == "2030-05-01T12:00:30Z"


def test_another_key_signs_nothing(gate: Gate, log: Ledger) -> None:
    before = require(log, CHECKPOINT)
    gate.publish(STANDARD, "tests")
    other = Signer.made(SIGNER.key.name, LOG)
    with pytest.raises(AllmendeError) as refused:
        log.sequence(other)
    assert refused.value.code.code == "ledger.wrong_signer"
    assert str(SIGNER.key) in refused.value.what.en
    assert require(log, CHECKPOINT) == before
    assert log.sequence(SIGNER) == 1
    assert verify_consistency(log, SIGNER.key, opened(before, SIGNER.key)).size == 3


def test_days_are_closed_once_and_compared_later(
    gate: Gate, log: Ledger, collect: Grant, stream: Callable[..., int]
) -> None:
    number = stream()
    fill(gate, collect, number, 3)
    first = dt.datetime(2024, 7, 3, 8, tzinfo=dt.UTC)
    day = dt.datetime.fromtimestamp(NOON / 1e6, dt.UTC).date()
    assert day == first.date()
    assert log.close_days(first) == 0
    assert log.close_days(first.replace(day=4, hour=0, minute=59)) == 0
    assert log.close_days(first.replace(day=5)) == 2
    assert log.close_days(first.replace(day=5)) == 0
    log.sequence(SIGNER)
    assert [entry["day"] for entry in told(log, "day")] == ["2024-07-03", "2024-07-04"]
    assert log.day_is_as_closed(day)
    gate.seal()
    assert log.day_is_as_closed(day)
    gate.append(collect, [arrival(number, NOON + 1, 5.0)])
    assert not log.day_is_as_closed(day)
    assert log.day_is_as_closed(dt.date(2024, 7, 4))
    with pytest.raises(AllmendeError, match="is not closed"):
        log.day_is_as_closed(dt.date(2024, 7, 5))


def delete_each(store_url: str, number: int) -> None:
    own = open_gate(store_url)
    for step in range(8):
        own.remove(deleting(own), number, until=NOON + step * HOUR + 1)
    own.close()


def sequence_until(store_url: str, done: threading.Event) -> None:
    own = open_gate(store_url)
    while not done.is_set():
        Ledger(own).sequence(SIGNER)
        time.sleep(0.01)
    own.close()


def test_several_put_in_at_once_and_nothing_is_lost_or_doubled(
    gate: Gate, log: Ledger, store_url: str, collect: Grant, stream: Callable[..., int]
) -> None:
    numbers = [stream() for _ in range(3)]
    for number in numbers:
        fill(gate, collect, number, 8)
    done = threading.Event()
    writers = [threading.Thread(target=delete_each, args=(store_url, number)) for number in numbers]
    sequencers = [threading.Thread(target=sequence_until, args=(store_url, done)) for _ in range(2)]
    for thread in [*writers, *sequencers]:
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    for thread in sequencers:
        thread.join()
    log.sequence(SIGNER)
    deleted = told(log, "deleted")
    assert (len(deleted), sum(entry["amount"] for entry in deleted)) == (24, 24)
    assert verify_log(log, SIGNER.key).checkpoint.root == naive.head(log.entries(0, log.size))


KILLED = """
import sys
from allmende.gate.door import open_gate
from allmende.gate.ledger import Ledger
from allmende.ledger.note import Signer
from tests.contract.conftest import STANDARD

gate, signer = open_gate(sys.argv[1]), Signer.read(sys.argv[2])
while True:
    version = gate.publish(STANDARD, "tests")
    print(version, flush=True)
    Ledger(gate).sequence(signer)
    print(-Ledger(gate).size, flush=True)
"""


def test_killed_while_it_is_put_in_nothing_is_lost_or_doubled(gate: Gate, log: Ledger, store_url: str) -> None:
    acknowledged, size = 1, log.size
    before = opened(require(log, CHECKPOINT), SIGNER.key)
    for patience in (0.05, 0.11, 0.17):
        process = subprocess.Popen(
            [sys.executable, "-c", KILLED, store_url, SIGNER.secret()],
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        assert process.stdout is not None
        first = process.stdout.readline()
        time.sleep(patience)
        process.send_signal(signal.SIGKILL)
        said = [int(line) for line in [first, *process.stdout.read().splitlines(keepends=True)] if line.endswith("\n")]
        process.wait()
        acknowledged = max([acknowledged, *said])
        size = max([size, *(-number for number in said)])
    assert log.size >= size
    log.sequence(SIGNER)
    versions = [entry["version"] for entry in told(log, "rules")]
    assert versions == list(range(1, len(versions) + 1))
    assert len(versions) >= acknowledged
    assert gate.store.rulebook_version() == len(versions)
    assert verify_log(log, SIGNER.key, before=before).checkpoint.size == log.size
