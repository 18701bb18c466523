"""Whoever talks HTTP and MQTT with a city learns nothing of what its rules hide.

Two cities differ only in what is hidden. An attacker who knows both sends the same to each; answers that differ, or
that show a word or number of what is hidden, are a leak. Left out are the time that an answer takes, when it was
given, and the keys by which an instance signs.
"""

import re
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.mqtt_broker import Broker
from tests.pages.conftest import City
from tests.program import founded_copy
from tests.redteam import attacks
from tests.redteam.attacks import Request, told
from tests.redteam.worlds import World, noon_ago, store_of

HOST = {"Host": "stadt.example"}
KEPT = ("content-type", "etag", "location", "link", "allow", "retry-after", "www-authenticate", "cache-control")


class Attacked:
    """A city as whoever attacks it sees it."""

    def __init__(self, world: World, city: City, broker: Broker) -> None:
        self.world, self.city, self.broker = world, city, broker
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


@pytest.fixture(scope="module")
def cities(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Attacked, Attacked]]:
    """Serve both cities, each beside a broker of its own."""
    noon = noon_ago(4)
    with ThreadPoolExecutor(2) as pool:
        brokers = [Broker().start() for _ in range(2)]
        homes = [founded_copy(tmp_path_factory.mktemp("world")) for _ in range(2)]
        worlds = [World(store_of(home), noon, other=bool(place)) for place, home in enumerate(homes)]
        settings = {"ALLMENDE_ALLOWED_HOSTS": "stadt.example,127.0.0.1"}
        running = [
            City(home, ALLMENDE_MQTT_URL=broker.url, **settings) for home, broker in zip(homes, brokers, strict=True)
        ]
        try:
            list(pool.map(City.wait, running))
            one, other = (Attacked(*parts) for parts in zip(worlds, running, brokers, strict=True))
            yield one, other
        finally:
            list(pool.map(City.stop, running))
            for broker in brokers:
                broker.end()


@pytest.mark.parametrize("attack", [
    attacks.reading, attacks.asking, attacks.batches, attacks.pages, attacks.writing, attacks.insider,
])  # fmt: skip
def test_nothing_hidden_is_told(
    cities: tuple[Attacked, Attacked], attack: Callable[[World], Iterator[Request]]
) -> None:
    requests = list(attack(cities[0].world))
    assert [told(request) for request in attack(cities[1].world)] == [told(request) for request in requests]
    with ThreadPoolExecutor(2) as pool:
        ones, others = pool.map(lambda city: [city.answer(request) for request in requests], cities)
    leaks = [
        f"{told(request)}\n  {one[:700]}\n  {other[:700]}"
        for request, one, other in zip(requests, ones, others, strict=True)
        if one != other
    ]
    assert not leaks, f"{len(leaks)} of {len(requests)}:\n" + "\n".join(leaks[:60])
