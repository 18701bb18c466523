"""Topics with ``$select``: which there are to publish under, as the broker tells who subscribes to what.

The broker's log of subscriptions comes as messages. A topic stays known until others push it out, also over a restart,
for a subscription may last longer than either program.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import msgspec
import structlog

from allmende.apis.sensorthings.mqtt.session import Update
from allmende.apis.sensorthings.mqtt.topics import VERSION
from allmende.apis.sensorthings.render import Json

log = structlog.get_logger("allmende.mqtt")

SUBSCRIBED = "$SYS/broker/log/M/subscribe"
# Everybody may subscribe; each topic costs a message for each update.
MOST_OF_ONE, MOST, LONGEST = 8, 1_000, 500
CONTROL = "@iot."
_LINE = re.compile(rf"\d+: .*? [012] ({re.escape(VERSION)}/[^?]+)\?(\$select=[^?]*)", re.DOTALL)


class Selections:
    """The selections that are asked for, by the topic before the question mark."""

    def __init__(self, kept: Path | None = None) -> None:
        self._kept = kept
        self._known: dict[str, dict[str, frozenset[str]]] = {}
        self._patterns: dict[str, re.Pattern[str]] = {}
        for topic in self._read():
            self._add(*topic.split("?", 1))

    def _read(self) -> list[str]:
        try:
            return msgspec.json.decode(self._kept.read_bytes(), type=list[str]) if self._kept is not None else []
        except (OSError, msgspec.DecodeError):
            return []

    def hear(self, line: bytes) -> None:
        """Read a line of the broker's log."""
        match = _LINE.fullmatch(line.decode(errors="replace")) if len(line) <= LONGEST else None
        if match is None or match[2] in self._known.get(match[1], {}):
            return
        self._add(match[1], match[2])
        self._keep()

    def _add(self, topic: str, query: str) -> None:
        names = (unquote(name).strip() for name in query.partition("=")[2].split(","))
        wanted = frozenset(name.partition("/")[0] for name in names)
        some = self._known.pop(topic, {})
        while len(some) >= MOST_OF_ONE:
            del some[next(iter(some))]
        self._known[topic] = {**some, query: wanted}
        if "+" in topic or "#" in topic:
            while len(self._patterns) >= MOST_OF_ONE:
                oldest = next(iter(self._patterns))
                del self._patterns[oldest], self._known[oldest]
            self._patterns[topic] = re.compile(re.escape(topic).replace(r"\+", "[^/]+"))
        while len(self._known) > MOST:
            oldest = next(iter(self._known))
            self._patterns.pop(oldest, None)
            del self._known[oldest]

    def _keep(self) -> None:
        if self._kept is None:
            return
        topics = [f"{topic}?{query}" for topic, queries in self._known.items() for query in queries]
        fresh = self._kept.with_suffix(".new")
        try:
            self._kept.parent.mkdir(parents=True, exist_ok=True)
            fresh.write_bytes(msgspec.json.encode(topics))
            fresh.replace(self._kept)
        except OSError as error:
            log.warning("the topics with $select are not kept", why=str(error))

    def of(self, topic: str, entity: Json) -> Iterator[Update]:
        """Give the updates of an entity that is told under a topic, for those who want some of it."""
        for query, wanted in self._known.get(topic, {}).items():
            yield f"{topic}?{query}", _selected(entity, wanted)
        for filter_, pattern in self._patterns.items():
            if pattern.fullmatch(topic):
                for query, wanted in self._known[filter_].items():
                    yield f"{topic}?{query}", _selected(entity, wanted)


def _selected(entity: Json, wanted: frozenset[str]) -> bytes:
    """Write what is wanted, with the id and the own address, as HTTP does."""
    always = ("@iot.id", "@iot.selfLink")
    return msgspec.json.encode(
        {name: value for name, value in entity.items() if name in always or name.partition("@")[0] in wanted}
    )
