"""Updates for everybody who subscribes (18-088, clause 14.2): what the public may read, and nothing else."""

import time
from collections.abc import Iterator

import anyio.to_thread
import msgspec
import structlog

from allmende.apis.sensorthings.feed import ID, Feed, Fresh, Standing
from allmende.apis.sensorthings.hub import Hub, Pace
from allmende.apis.sensorthings.mqtt.connection import Connection
from allmende.apis.sensorthings.mqtt.inbox import Inbox
from allmende.apis.sensorthings.mqtt.topics import VERSION
from allmende.apis.sensorthings.render import Json, writer
from allmende.gate.door import PUBLIC, Ask, Gate
from allmende.gate.query import LINKS, Kind, Order, Query, Record
from allmende.kernel.errors import AllmendeError

log = structlog.get_logger("allmende.mqtt")

READ = Ask(PUBLIC, "publish", "open-data", "public")
PAGE = 1_000
ENTITY_SECONDS, ENTITY_SHARE, CALM_SECONDS = 3.0, 50, 1.0
CONTROL = "@iot."

Update = tuple[str, bytes]


class Entities:
    """Notices new and changed entities by comparing them with the last look. Blocks, and so runs in a thread."""

    def __init__(self, gate: Gate, root: str) -> None:
        self._gate, self._root, self._standing = gate, root, Standing(gate, READ)
        self._known: dict[tuple[Kind, int], dict[str, int]] | None = None

    def poll(self) -> list[Update]:
        """Give the updates since the last time; the first time there are none."""
        self._standing.renew()
        grant = self._standing.grant
        if grant is None:
            return []
        seen: dict[tuple[Kind, int], dict[str, int]] = {}
        updates: list[Update] = []
        for kind in LINKS:
            if kind == "Observations":
                continue
            write, after = writer(self._root, kind, ()), None
            while True:
                query = Query(kind=kind, order=(Order(ID),), top=PAGE, after=after)
                page = self._gate.page(grant, query)
                for record in page.records:
                    updates += self._compared(kind, record, write(record, None), seen)
                after = page.next_after
                if after is None:
                    break
        first, self._known = self._known is None, seen
        return [] if first else updates

    def _compared(
        self, kind: Kind, record: Record, entity: Json, seen: dict[tuple[Kind, int], dict[str, int]]
    ) -> Iterator[Update]:
        parts = {name: msgspec.json.encode(value) for name, value in entity.items() if CONTROL not in name}
        seen[kind, record.id] = hashes = {name: hash(part) for name, part in parts.items()}
        known = (self._known or {}).get((kind, record.id), {})
        changed = [name for name, value in hashes.items() if known.get(name) != value]
        if changed:
            body, own = msgspec.json.encode(entity), f"{VERSION}/{kind}({record.id})"
            yield f"{VERSION}/{kind}", body
            yield own, body
            for name in changed:
                yield f"{own}/{name}", b'{"%b":%b}' % (name.encode(), parts[name])


class Outbox:
    """Publishes as fast as the broker takes it; while the broker is away nothing is passed over."""

    def __init__(self, gate: Gate, hub: Hub, connection: Connection, inbox: Inbox, root: str) -> None:
        self._feed = Feed(gate, READ)
        self._entities = Entities(gate, root)
        self._connection, self._inbox = connection, inbox
        self._write = writer(root, "Observations", ())
        self._pace = Pace()
        self._entities_due = 0.0
        self.published = 0
        hub.watch(self._pace)

    async def run(self) -> None:
        """Look and publish until cancelled."""
        while True:
            # What is sent in comes first: it is durable sooner, and told a little later.
            await self._inbox.calm(CALM_SECONDS)
            begin = time.monotonic()
            took = 0.0
            try:
                fresh = await anyio.to_thread.run_sync(self._feed.poll)
                took = time.monotonic() - begin
                await self._send(list(self._updates(fresh)))
                await self._look_at_entities()
            except AllmendeError as error:
                log.warning("looking for news failed", error=str(error))
            if not self._feed.behind:
                await self._pace.rest(took)

    async def _look_at_entities(self) -> None:
        begin = time.monotonic()
        if begin >= self._entities_due:
            updates = await anyio.to_thread.run_sync(self._entities.poll)
            now = time.monotonic()
            self._entities_due = now + max(ENTITY_SECONDS, ENTITY_SHARE * (now - begin))
            await self._send(updates)

    def _updates(self, found: list[Fresh]) -> Iterator[Update]:
        for fresh in found:
            own = f"{VERSION}/Datastreams({fresh.datastream})/Observations"
            for record in fresh.records:
                body = msgspec.json.encode(self._write(record, None))
                yield own, body
                yield f"{VERSION}/Observations", body

    async def _send(self, updates: list[Update]) -> None:
        """Publish, and wait until the broker has it; a part that a broken connection may have lost is sent again."""
        while updates:
            session = await self._connection.ready()
            part = updates[: session.window]
            for topic, body in part:
                session.publish(topic, body)
            if await session.delivered():
                self.published += len(part)
                updates = updates[len(part) :]
