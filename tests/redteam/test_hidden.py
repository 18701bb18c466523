"""Whoever talks HTTP and MQTT with a city learns nothing of what its rules hide.

Two cities differ only in what is hidden. An attacker who knows both sends the same to each; answers that differ are a
leak. Left out are the time that an answer takes, when it was given, the keys by which an instance signs, and how much
it writes in all, which ``/metrics`` tells those inside the city's network.
"""

import asyncio
import os
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from allmende.gate.door import migrate_store
from tests.mqtt_broker import Broker, Client
from tests.pages.conftest import City
from tests.postgres import Databases
from tests.program import founded_copy
from tests.redteam import attacks
from tests.redteam.attacks import BASE, LAST, Request, deeds, told
from tests.redteam.worlds import BLIND, COARSE, COUNTED, LATE, MASKED, OPEN, SECRET, STREAMS, World, noon_ago, store_of

pytestmark = pytest.mark.xdist_group("redteam")
# The other database is attacked as well where it is asked for: two more cities take as long again.
BOTH = os.environ.get("ALLMENDE_CONFORMANCE") == "both"
HOST = {"Host": "stadt.example"}
KEPT = ("content-type", "etag", "location", "link", "allow", "retry-after", "www-authenticate", "cache-control")
SETTLED_SECONDS = 5.5


class Attacked:
    """A city as whoever attacks it sees it."""

    def __init__(self, world: World, city: City) -> None:
        self.world, self.city = world, city
        self.client = httpx.Client(base_url=city.address, headers=HOST, timeout=30)

    def answer(self, request: Request) -> str:
        """Send a request; give the answer without what may differ."""
        headers = dict(request.headers)
        if request.token:
            headers["Authorization"] = f"Bearer {self.world.tokens[request.token]}"
        found = self.client.request(request.method, request.path, json=request.body, headers=headers)
        kept = {name: found.headers[name] for name in KEPT if name in found.headers}
        return plain(f"{found.status_code} {kept} {found.text}")


def plain(text: str) -> str:
    """Take out what may differ: the key of a form, and when a rule book was published."""
    text = re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"', "", text)
    return re.sub(r'"published":"[^"]*"', "", text)


def _both(cities: tuple[Attacked, Attacked], deed: Callable[[Attacked], Any]) -> tuple[Any, Any]:
    """Do the same in both cities at the same time."""
    with ThreadPoolExecutor(2) as pool:
        one, other = pool.map(deed, cities)
    return one, other


def _serve(
    homes: list[Path], worlds: list[World], *part: str, **settings: list[str]
) -> Iterator[tuple[Attacked, Attacked]]:
    running = []
    try:
        for place, home in enumerate(homes):
            own = {name: values[place] for name, values in settings.items()}
            running.append(City(home, *part, ALLMENDE_ALLOWED_HOSTS="stadt.example,127.0.0.1", **own))
        for city in running:
            city.wait(BASE if part else "/")
        one, other = (Attacked(world, city) for world, city in zip(worlds, running, strict=True))
        yield one, other
    finally:
        for city in running:
            city.stop()


@pytest.fixture(scope="module")
def brokers() -> Iterator[list[Broker]]:
    """Start a broker for each city."""
    started = [Broker().start() for _ in range(2)]
    yield started
    for broker in started:
        broker.end()


@pytest.fixture(scope="module")
def cities(tmp_path_factory: pytest.TempPathFactory, brokers: list[Broker]) -> Iterator[tuple[Attacked, Attacked]]:
    """Serve both cities, each beside a broker of its own."""
    noon = noon_ago(4)
    homes = [founded_copy(tmp_path_factory.mktemp("world")) for _ in range(2)]
    worlds = [World(store_of(home), noon, other=bool(place)) for place, home in enumerate(homes)]
    yield from _serve(homes, worlds, ALLMENDE_MQTT_URL=[broker.url for broker in brokers])


def _leaks(cities: tuple[Attacked, Attacked], attack: Callable[[World], Iterator[Request]]) -> list[str]:
    requests = list(attack(cities[0].world))
    assert requests == list(attack(cities[1].world))
    ones, others = _both(cities, lambda city: [city.answer(request) for request in requests])
    return [
        f"{told(request)}\n  {one[:900]}\n  {other[:900]}"
        for request, one, other in zip(requests, ones, others, strict=True)
        if one != other
    ]


def test_the_cities_differ_for_who_may_look(cities: tuple[Attacked, Attacked]) -> None:
    stream = cities[0].world.ids[SECRET]["Datastreams"]
    for path in (f"Datastreams({stream})", f"Datastreams({stream})/Observations", f"Observations({stream << 32 | 1})"):
        request = Request("GET", f"{BASE}/{path}", None, "desk")
        one, other = _both(cities, lambda city, asked=request: city.answer(asked))  # type: ignore[misc]
        assert one != other
        assert one.startswith("200"), one


@pytest.mark.parametrize(
    "attack",
    [attacks.reading, attacks.asking, attacks.batches, attacks.pages, attacks.writing, attacks.insider],
    ids=lambda attack: attack.__name__,
)
def test_no_answer_tells_the_hidden(
    cities: tuple[Attacked, Attacked], attack: Callable[[World], Iterator[Request]]
) -> None:
    leaks = _leaks(cities, attack)
    assert not leaks, f"{len(leaks)}:\n" + "\n".join(leaks[:30])


def _leafed(city: Attacked, path: str) -> list[str]:
    """Leaf through all pages of a question."""
    found, next_path = list[str](), f"{BASE}/{path}"
    while next_path:
        answer = city.client.get(next_path)
        found.append(plain(answer.text))
        told = answer.json() if answer.status_code == 200 else {}
        next_path = told.get("@iot.nextLink", "").partition(HOST["Host"])[2]
        assert len(found) < 300, path
    return found


def test_leafing_tells_nothing_of_the_hidden(cities: tuple[Attacked, Attacked]) -> None:
    streams = [cities[0].world.ids[category]["Datastreams"] for category in (COARSE, COUNTED, LATE, MASKED, BLIND)]
    within = [f"Datastreams({stream})/Observations?$top=1&$count=true" for stream in streams]
    orders = [f"Observations?$top=7&$orderby={key}" for key in ("result", "resultTime%20desc", "phenomenonTime,id")]
    leaves = 0
    for path in (*within, *orders, "Things?$top=1&$expand=Datastreams($top=1;$expand=Observations($top=1))"):
        one, other = _both(cities, lambda city, asked=path: _leafed(city, asked))  # type: ignore[misc]
        assert one == other, path
        leaves += len(one)
    assert leaves > 30, "there is something to leaf through"


class _Listening:
    """Hears all that a city tells without being asked."""

    def __init__(self, city: Attacked, port: int) -> None:
        self.city, self.port = city, port
        self.heard: set[tuple[str, str]] = set()

    async def hear(self) -> set[tuple[str, str]]:
        """Listen while the city writes, until its last open value has come, and for a while longer."""
        world = self.city.world
        own = f"v1.1/Datastreams({world.ids[OPEN]['Datastreams']})/Observations"
        secret = world.ids[SECRET]["Datastreams"]
        async with Client(self.port) as client, httpx.AsyncClient(base_url=self.city.city.address, headers=HOST) as web:
            topics = ("#", "v1.1/#", "+/+/+", "$SYS/#", "in/#", f"v1.1/Datastreams({secret})/Observations")
            select = [f"v1.1/{kind}?$select=name,result" for kind in ("Things", "Observations", "Datastreams")]
            await client.subscribe(*topics, *select, own)
            streams = [asyncio.create_task(self._events(web, category)) for category in STREAMS]
            await asyncio.sleep(0.5)
            await asyncio.to_thread(lambda: [self.city.answer(request) for request in deeds(world)])
            await client.until(lambda: any(name == own and f"{LAST + 1}".encode() in body for name, body in client.got))
            await asyncio.sleep(SETTLED_SECONDS)
            for task in streams:
                task.cancel()
            await asyncio.gather(*streams, return_exceptions=True)
            told = self.heard | {(name, plain(body.decode())) for name, body in client.got}
            return {(name, _timeless(body)) for name, body in told if not body.startswith(":")}

    async def _events(self, web: httpx.AsyncClient, category: str) -> None:
        stream = self.city.world.ids[category]["Datastreams"]
        path = f"{BASE}/Datastreams({stream})/Observations?$live"
        async with web.stream("GET", path, headers={"Last-Event-ID": f"{stream << 32}"}, timeout=60) as answer:
            self.heard.add((category, str(answer.status_code)))
            async for line in answer.aiter_lines():
                self.heard.add((category, line))


def _timeless(body: str) -> str:
    """Leave out of the last open values whether a round of checks came before the message or after it."""
    last = any(f'"result":{LAST + place}' in body for place in range(2))
    return body.replace(',"resultQuality":"bad"', "") if last else body


def test_nothing_hidden_is_announced(cities: tuple[Attacked, Attacked], brokers: list[Broker]) -> None:
    ports = {id(city): broker.receive_port for city, broker in zip(cities, brokers, strict=True)}
    one, other = _both(cities, lambda city: asyncio.run(_Listening(city, ports[id(city)]).hear()))
    assert {name for name, _ in one} >= {OPEN, COARSE, LATE, COUNTED, MASKED, BLIND, SECRET, "v1.1/Observations"}
    assert one ^ other == set()


def test_the_difference_of_two_answers_tells_nothing(cities: tuple[Attacked, Attacked]) -> None:
    """The city has measured late, corrected and deleted since what was told before: in each city otherwise."""
    stream = cities[0].world.ids[COARSE]["Datastreams"]
    count = Request("GET", f"{BASE}/Datastreams({stream})/Observations?$count=true&$top=0")
    one, other = _both(cities, lambda city: city.answer(count))
    assert one == other
    assert '"@iot.count":3' in one, one
    leaks = _leaks(cities, attacks.differencing)
    assert not leaks, f"{len(leaks)}:\n" + "\n".join(leaks[:30])


def test_the_log_tells_deletions_and_no_amounts(cities: tuple[Attacked, Attacked]) -> None:
    def deletions(city: Attacked) -> list[dict[str, Any]]:
        found = []
        for _ in range(60):
            size = int(city.client.get("/ledger/checkpoint").text.split("\n")[1])
            entries = [city.client.get(f"/ledger/entries/{n}").json() for n in range(size)]
            found = [entry for entry in entries if entry["kind"] == "deleted"]
            if found:
                break
        return found

    one, other = _both(cities, deletions)
    salted = {"at", "acted", "actor", "amount_commitment"}
    bare = [[{n: v for n, v in entry.items() if n not in salted} for entry in found] for found in (one, other)]
    assert bare[0] == bare[1]
    assert sorted(entry["category"] for entry in bare[0]) == ["coarse", SECRET]
    assert all("amount" not in entry for entry in bare[0])


@pytest.fixture(scope="module")
def on_postgres(tmp_path_factory: pytest.TempPathFactory, postgres: Databases) -> Iterator[tuple[Attacked, Attacked]]:
    """Serve the data doors of both cities with PostgreSQL."""
    noon, urls = noon_ago(4), [postgres.new() for _ in range(2)]
    for url in urls:
        migrate_store(url)
    worlds = [World(url, noon, other=bool(place)) for place, url in enumerate(urls)]
    homes = [tmp_path_factory.mktemp("postgres") for _ in range(2)]
    yield from _serve(homes, worlds, "data", ALLMENDE_DATABASE_URL=urls)


@pytest.mark.skipif(not BOTH, reason="set ALLMENDE_CONFORMANCE=both")
@pytest.mark.xdist_group("postgres")
def test_no_condition_tells_the_hidden_on_postgresql(on_postgres: tuple[Attacked, Attacked]) -> None:
    leaks = _leaks(on_postgres, attacks.asking)
    assert not leaks, f"{len(leaks)}:\n" + "\n".join(leaks[:30])
