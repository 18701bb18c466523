"""Sources in the staff room: what is seen of them, and orders that the work process carries out."""

import os
import time
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from django.conf import settings as running

from allmende.accounts.models import AuditEntry
from allmende.accounts.rules import ROLES, may_read, may_write
from allmende.gate.door import Gate
from allmende.gate.query import Arrival
from allmende.kernel.clock import micros_from_instant, utc_now
from allmende.sources.orders import Orders
from allmende.sources.rounds import Rounds
from allmende.sources.run import House
from tests.office.conftest import SignIn, entries_since
from tests.office.test_alerts import COLLECT, stream
from tests.office.test_pages import text
from tests.sources.conftest import MANIFEST, RECIPE, Remote, remote, stored

__all__ = ["remote", "stream"]
PAGE = "/intern/datenquellen/probe/"
VALUES = [{"time": f"2024-05-01T10:{minute}:00Z", "temperature": minute} for minute in (10, 20, 30)]


@pytest.fixture
def rounds(city: Gate, remote: Remote) -> Iterator[Rounds]:
    """Set up a source that asks a service on loopback, and whoever looks which sources are due."""
    house = House(running.ALLMENDE.home, ("127.0.0.1",), "tests")
    folder = house.home / "connectors" / "probe"
    folder.mkdir(parents=True)
    (folder / "manifest.toml").write_text(MANIFEST.format(name="probe", kind="pull"), encoding="utf-8")
    recipe = {**RECIPE, "data_use": "stadtklima-messnetz", "request": {"url": remote.url + "/values"}}
    (folder / "source.yaml").write_text(yaml.safe_dump(recipe), encoding="utf-8")
    looking = Rounds(house, city, lambda one: None)
    yield looking
    looking.close()


def _look(rounds: Rounds) -> None:
    """Look who is due, and wait until all that began has ended."""
    rounds.look()
    while rounds.busy():
        time.sleep(0.01)


def test_a_source_is_shown_with_its_values_and_its_replies(
    city: Gate, rounds: Rounds, remote: Remote, sign_in: SignIn
) -> None:
    client = sign_in("steward")
    remote.says("/values", VALUES)
    assert "noch nie gelaufen" in text(client, "/intern/datenquellen/")
    _look(rounds)
    assert "verspätet" in text(client, "/intern/datenquellen/"), "the values are of 2024"
    page = text(client, PAGE)
    assert "3 übernommen, 0 waren schon da" in page
    assert "CC-BY-4.0" in page
    line = text(client, "/intern/datenquellen.csv").splitlines()[1]
    assert line.startswith("probe,pull,late,False,") and ",3,0," in line
    received = page.partition("?empfangen=")[2].partition('"')[0]
    shown = text(client, f"{PAGE}antwort/?empfangen={received}")
    assert "2024-05-01T10:20:00Z" in shown


def test_what_went_wrong_is_explained_with_the_raw_reply(
    city: Gate, rounds: Rounds, remote: Remote, sign_in: SignIn
) -> None:
    remote.says("/values", b"<html><script>alert(1)</script></html>")
    _look(rounds)
    client = sign_in("auditor")
    page = text(client, PAGE)
    assert "braucht jemanden" in page or "versucht es wieder" in page
    received = page.partition("?empfangen=")[2].partition('"')[0]
    shown = text(client, f"{PAGE}antwort/?empfangen={received}")
    assert "&lt;script&gt;alert(1)" in shown
    assert "Jetzt abholen" not in page, "an auditor gives no orders"


def test_orders_are_carried_out_once_and_stand_in_the_trail(
    city: Gate, rounds: Rounds, remote: Remote, sign_in: SignIn
) -> None:
    client, count = sign_in("steward"), AuditEntry.objects.count()
    remote.says("/values", VALUES[:1], VALUES)

    def order(**values: Any) -> str:
        response = client.post(PAGE, values, follow=True)
        return str(response.content.decode())

    assert "Weiterlaufen lassen" in order(order="pause")
    _look(rounds)
    assert remote.asked == []
    assert "Ein Auftrag wartet" in order(order="ask-now")
    _look(rounds)
    _look(rounds)
    assert (len(remote.asked), len(stored(city))) == (1, 1)
    order(order="resume")
    order(order="ask-now")
    _look(rounds)
    assert (len(remote.asked), len(stored(city))) == (2, 3)
    order(order="read-again", since="2024-01-01")
    _look(rounds)
    assert (len(remote.asked), len(stored(city))) == (2, 3), "what is kept is read, the source is not asked"
    verbs = [entry.verb for entry in entries_since(count)]
    deeds = ["paused", "asked", "resumed", "asked", "read_again"]
    assert sorted(verbs) == sorted(f"source.{deed}" for deed in deeds)
    assert "Diesen Auftrag gibt es nicht" in order(order="read-again", since="gestern")


def test_a_source_that_was_quiet_for_long_is_asked_when_it_is_ordered(
    city: Gate, rounds: Rounds, remote: Remote
) -> None:
    remote.says("/values", VALUES[:1], VALUES)
    house = House(running.ALLMENDE.home, ("127.0.0.1",), "tests")
    _look(rounds)
    for _ in range(2):
        os.utime(house.folder("probe"), (1_700_000_000, 1_700_000_000))
        _look(rounds)
    assert len(remote.asked) == 1, "it is not due"
    Orders(house, "probe").ask_now()
    _look(rounds)
    assert len(remote.asked) == 2


def test_who_may_see_sources_and_who_may_order(city: Gate, rounds: Rounds, sign_in: SignIn) -> None:
    for role in ROLES:
        client, count = sign_in(role), AuditEntry.objects.count()
        for address in ("/intern/datenquellen/", "/intern/datenquellen.csv", PAGE, f"{PAGE}tage.csv"):
            assert client.get(address).status_code == (200 if may_read({role}, "sources") else 302), (role, address)
        client.post(PAGE, {"order": "pause"})
        assert len(entries_since(count)) == may_write({role}, "sources"), role


def test_silent_sensors_are_on_a_map_in_a_list_and_in_a_file(city: Gate, stream: int, sign_in: SignIn) -> None:
    client = sign_in("steward")
    page = text(client, "/intern/datenquellen/")
    assert "Platz: 1 von 1 stumm" in page, "the mark of the map says it too"
    assert "Lufttemperatur Platz: noch kein Wert" in page
    (line,) = text(client, "/intern/datenquellen/stumm.csv").splitlines()[1:]
    assert line == f"Platz,{stream},Lufttemperatur Platz,,False,9.17,47.66"
    now = micros_from_instant(utc_now())
    city.append(city.grant(COLLECT), [Arrival(datastream_id=stream, phenomenon_start=now, result=20.0)])
    page = text(client, "/intern/datenquellen/")
    assert "Platz: 0 von 1 stumm" in page and "Keine: alle Messreihen bringen neue Werte" in page
