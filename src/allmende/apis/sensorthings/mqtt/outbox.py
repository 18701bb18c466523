"""Updates for everybody who subscribes (18-088, clause 14.2): what the public may read, and nothing else."""

import asyncio
import time
from collections.abc import Callable, Iterator

import anyio.to_thread
import msgspec
import structlog

from allmende.apis.sensorthings.feed import Correction, Feed
from allmende.apis.sensorthings.hub import POLL_SECONDS, Hub, Pace
from allmende.apis.sensorthings.mqtt.connection import Connection
from allmende.apis.sensorthings.mqtt.entities import Changed, Entities
from allmende.apis.sensorthings.mqtt.selections import Selections
from allmende.apis.sensorthings.mqtt.session import Update
from allmende.apis.sensorthings.mqtt.topics import VERSION
from allmende.apis.sensorthings.render import Json, writer
from allmende.gate.door import PUBLIC, Ask, Gate
from allmende.kernel.errors import AllmendeError

log = structlog.get_logger("allmende.mqtt")

ENTITY_SHARE = 2
READ = Ask(PUBLIC, "publish", "open-data", "public")


class Outbox:
    """Publishes as fast as the broker takes it; while the broker is away nothing is passed over."""

    def __init__(
        self,
        gate: Gate,
        hub: Hub,
        connection: Connection,
        selections: Selections,
        root: str,
        busy: Callable[[], bool],
    ) -> None:
        self._root, self._connection, self._selections, self._busy = root, connection, selections, busy
        self._feed = Feed(gate, READ)
        self._entities = Entities(gate, READ, root)
        self._pace = Pace()
        self._sending = asyncio.Lock()
        self.published = 0
        hub.watch(self._pace)

    async def run(self) -> None:
        """Look for observations and publish them until cancelled."""
        while True:
            begin = time.monotonic()
            try:
                await self._send(await anyio.to_thread.run_sync(self._observed))
            except AllmendeError as error:
                log.warning("looking for news failed", error=str(error))
            # What is sent in comes first: it is durable sooner, and told a little later.
            if self._busy() or not self._feed.behind:
                await self._pace.rest(time.monotonic() - begin)

    async def run_entities(self) -> None:
        """Look for new and changed entities and publish them until cancelled."""
        while True:
            begin = time.monotonic()
            try:
                updates = await anyio.to_thread.run_sync(self._altered, self._feed.entities)
                await self._send(updates)
            except AllmendeError as error:
                log.warning("looking for changed entities failed", error=str(error))
            await asyncio.sleep(max(POLL_SECONDS, ENTITY_SHARE * (time.monotonic() - begin)))

    def _observed(self) -> list[Update]:
        """Find new and corrected observations, and write them. Blocks."""
        updates: list[Update] = []
        for fresh in self._feed.poll():
            multi = (fresh.datastream,) if fresh.multi else ()
            write = writer(self._root, "Observations", (), multi)
            kind = "MultiDatastreams" if fresh.multi else "Datastreams"
            own = f"{VERSION}/{kind}({fresh.datastream})/Observations"
            for record in fresh.records:
                updates += self._told((own, f"{VERSION}/Observations"), write(record, None))
            for correction in fresh.corrected:
                updates += self._corrected(own, correction, write(correction.record, None))
        return updates

    def _corrected(self, own: str, correction: Correction, entity: Json) -> Iterator[Update]:
        """Tell a correction to those who follow the set, the observation, or what is different of it."""
        number = correction.record.id
        topic = f"{VERSION}/Observations({number})"
        yield from self._told((own, f"{VERSION}/Observations", topic), entity)
        for name in correction.properties:
            if name in entity:
                yield f"{topic}/{name}", msgspec.json.encode({name: entity[name]})

    def _altered(self, count: int) -> list[Update]:
        """Find new and changed entities, and write them. Blocks."""
        return [update for changed in self._entities.poll(count) for update in self._entity(changed)]

    def _entity(self, changed: Changed) -> Iterator[Update]:
        own = f"{VERSION}/{changed.kind}({changed.id})"
        yield from self._told((f"{VERSION}/{changed.kind}", own), changed.entity)
        for name in changed.properties:
            yield f"{own}/{name}", msgspec.json.encode({name: changed.entity[name]})

    def _told(self, topics: tuple[str, ...], entity: Json) -> Iterator[Update]:
        """Give an entity for each of its topics, and for the topics that select something of it."""
        body = msgspec.json.encode(entity)
        for topic in topics:
            yield topic, body
            yield from self._selections.of(topic, entity)

    async def _send(self, updates: list[Update]) -> None:
        """Publish, and wait until the broker has it; a part that a broken connection may have lost is sent again."""
        begin = 0
        while begin < len(updates):
            session = await self._connection.ready()
            async with self._sending:
                part = updates[begin : begin + session.window]
                if await session.publish(part):
                    self.published += len(part)
                    begin += len(part)
