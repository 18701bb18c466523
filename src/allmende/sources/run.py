"""One run of a source: ask, keep the raw replies, read, write, remember; and the same from what was kept."""

import datetime as dt
import io
from collections.abc import Iterator
from pathlib import Path

import msgspec

from allmende.connectors.table.mapping import Mapping
from allmende.connectors.table.parse import Reading as TableReading
from allmende.connectors.table.parse import TableParser
from allmende.gate.door import Gate
from allmende.kernel.clock import micros_from_instant, utc_now
from allmende.kernel.errors import AllmendeError, Busy, ErrorCode, Invalid
from allmende.kernel.text import Text
from allmende.sources.archive import Archive, RawReply
from allmende.sources.ask import SECOND, Span, pages, spans, targets
from allmende.sources.definition import Connector
from allmende.sources.fetch import Fetched, Fetcher
from allmende.sources.parse import Parser, Reading, Refusal, Told
from allmende.sources.recipe import Request
from allmende.sources.schedule import next_run
from allmende.sources.state import State, StateFile
from allmende.sources.write import Outcome, Sink, collecting

# What stands before a topic where the address of a reply is kept.
MQTT = "mqtt:"
NOT_PULLED = ErrorCode(
    "source.not_pulled",
    Text("„{name}“ wird nicht abgeholt, sondern sendet selbst.", "“{name}” is not fetched, it sends by itself."),
    Text(
        "Senden Sie an /ingest/{name} mit einer Zugangsmarke für ingest:{name}.",
        "Send to /ingest/{name} with a token for ingest:{name}.",
    ),
)
NO_SPAN = ErrorCode(
    "source.no_span",
    Text("„{name}“ gibt nur, was sie gerade hat.", "“{name}” only gives what it has just now."),
    Text(
        "Für Vergangenes braucht das Rezept {{since}} in der Adresse.",
        "For the past the recipe needs {{since}} in the address.",
    ),
)


class House(msgspec.Struct, frozen=True):
    """Where sources keep what they need, whom they may ask beyond the public network, and how to reach the city."""

    home: Path
    allowed_hosts: tuple[str, ...] = ()
    contact: str = ""

    def folder(self, name: str) -> Path:
        """Give the folder of a source's state and raw replies."""
        return self.home / "sources" / name

    def state(self, name: str) -> StateFile:
        """Give the file of a source's state."""
        return StateFile(self.folder(name))

    def archive(self, name: str) -> Archive:
        """Give the raw replies of a source."""
        return Archive(self.folder(name))


def pull(house: House, gate: Gate, connector: Connector, since: dt.datetime | None = None) -> Outcome:
    """Fetch what is new, or everything since an instant, and store it; one run at a time."""
    request = _request(connector)
    if since is not None and request.since is None:
        raise Invalid(NO_SPAN, name=connector.name)
    with house.state(connector.name).alone(connector.name) as state:
        now = utc_now()
        state.last_run = micros_from_instant(now)
        outcome = Outcome()
        fetcher = None
        try:
            fetcher = Fetcher(request, house.allowed_hosts, house.contact)
            run = _Run(house, connector, request, fetcher, _sink(gate, connector))
            run.all(state, outcome, None if since is None else micros_from_instant(since))
        except AllmendeError as error:
            failed(state, connector, error)
            raise
        finally:
            if fetcher is not None:
                fetcher.close()
            remember(state, outcome)
        succeeded(state, connector)
        return outcome


def asker(connector: Connector) -> str:
    """Name a connector where it acts by itself."""
    return f"system:connector:{connector.name}"


def _sink(gate: Gate, connector: Connector) -> Sink:
    return Sink(gate, connector, collecting(gate, connector, asker(connector)))


def _request(connector: Connector) -> Request:
    if connector.recipe.request is None:
        raise Invalid(NOT_PULLED, name=connector.name)
    return connector.recipe.request


class _Run:
    """A run over all stations and spans; each span is stored whole before the next is asked for."""

    def __init__(self, house: House, connector: Connector, request: Request, fetcher: Fetcher, sink: Sink) -> None:
        self._archive = house.archive(connector.name)
        self._connector, self._request, self._fetcher, self._sink = connector, request, fetcher, sink

    def all(self, state: State, outcome: Outcome, since: int | None) -> None:
        """Ask for everything; a station that is refused holds no other up, a host that is away ends the run."""
        first: AllmendeError | None = None
        for asked in targets(self._connector):
            try:
                self._station(asked, state, outcome, since)
            except Busy:
                raise
            except Invalid as error:
                first = first or error
        if first is not None:
            raise first

    def _station(self, asked: str, state: State, outcome: Outcome, since: int | None) -> None:
        now = micros_from_instant(utc_now())
        parser = self._connector.parser()
        part = self._request.since
        cursor = state.cursors.get(asked)
        for span in self._spans(asked, cursor if since is None else since, now, exact=since is not None):
            replies = pages(self._fetcher, self._connector, self._request, span, state.validators)
            found = [one for reply in replies if reply.fresh for one in self._read(parser, reply, asked)]
            written = self._sink.write(found)
            outcome.add(written)
            note_unknown(state, written)
            latest = _known(found) if part is not None and part.cursor == "result" else written.latest
            cursor = max((one for one in (cursor, latest) if one is not None), default=None)
            if part is None:
                state.validators = {**state.validators, **{one.url: one.validators for one in replies if one.fresh}}
            elif cursor is not None:
                state.cursors[asked] = min(cursor, now)
        if part is not None:
            # A station that fell silent is not asked for ever longer spans.
            oldest = now - max(part.first_seconds, part.overlap_seconds) * SECOND
            state.cursors[asked] = max(state.cursors.get(asked, oldest), oldest)

    def _spans(self, asked: str, cursor: int | None, now: int, *, exact: bool) -> Iterator[Span]:
        part = self._request.since
        if part is not None and exact:
            part = msgspec.structs.replace(part, overlap_seconds=0)
        return spans(part, asked, cursor, now)

    def _read(self, parser: Parser, reply: Fetched, asked: str) -> list[Reading | Refusal]:
        now = utc_now()
        if keeps(self._connector):
            self._archive.add(RawReply(now.isoformat(), reply.url, asked, reply.body, reply.status, reply.part))
        return parser.parse(reply.body, Told(asked, reply.part, micros_from_instant(now)))


def keeps(connector: Connector) -> bool:
    """Tell whether raw replies are kept: of what holds more than may be stored none is."""
    return connector.manifest.data is None or connector.manifest.data.keep_raw_days > 0


def _known(found: list[Reading | Refusal]) -> int | None:
    """Give the newest time at which a result was known."""
    return max((one.known for one in found if isinstance(one, Reading) and one.known is not None), default=None)


def replay(house: House, gate: Gate, connector: Connector, since: dt.datetime | None = None) -> tuple[Outcome, int]:
    """Read the kept replies again; what is stored already stays as it is. Gives also how many could not be read."""
    outcome, unread = Outcome(), 0
    # A source that sends all the time would never leave a gap.
    with house.state(connector.name).alone(connector.name, wait=connector.manifest.kind == "push") as state:
        sink = _sink(gate, connector)
        parser = connector.parser()
        for reply in house.archive(connector.name).replies(since):
            try:
                received = micros_from_instant(dt.datetime.fromisoformat(reply.received))
                told = Told(reply.asked, reply.part, received, topic_in(connector, reply.url))
                outcome.add(sink.write(parser.parse(reply.body, told)))
            except Invalid:
                unread += 1
        if not unread:
            state.trouble, state.failures, state.unknown = None, 0, []
            state.unread, state.last_unread = 0, None
        note_unknown(state, outcome)
        state.last_value = max((one for one in (state.last_value, outcome.latest) if one is not None), default=None)
    return outcome, unread


def topic_in(connector: Connector, url: str) -> dict[str, str]:
    """Give what the named levels of a topic say, where a message came by MQTT."""
    asked = connector.recipe.mqtt
    return asked.read(url.removeprefix(MQTT)) if asked is not None and url.startswith(MQTT) else {}


def preview(
    house: House, connector: Connector, body: bytes | None, part: str | None = None, topic: str = ""
) -> list[Reading | Refusal]:
    """Give what would be stored of a reply, or of what the source says just now; stores nothing.

    A message that comes by MQTT has a ``topic``.
    """
    now = micros_from_instant(utc_now())
    if body is not None and connector.mapping is not None:
        return _tabled(connector, connector.mapping, body, now)
    parser = connector.parser()
    if body is not None:
        told = Told(targets(connector)[0], part, now, topic_in(connector, MQTT + topic))
        return parser.parse(body, told)
    request = _request(connector)
    fetcher = Fetcher(request, house.allowed_hosts, house.contact)
    try:
        found: list[Reading | Refusal] = []
        for asked in targets(connector):
            for span in spans(request.since, asked, None, now):
                for reply in pages(fetcher, connector, request, span, {}):
                    found += parser.parse(reply.body, Told(asked, reply.part, now))
        return found
    finally:
        fetcher.close()


def _tabled(connector: Connector, mapping: Mapping, body: bytes, now: int) -> list[Reading | Refusal]:
    """Give what a table holds; stations are those of the mapping."""
    interval = mapping.time.interval_seconds * SECOND
    found: list[Reading | Refusal] = []
    for one in TableParser(mapping, mapping.names().get, now).parse(io.BytesIO(body), connector.name):
        if isinstance(one, TableReading):
            found.append(Reading(one.station, one.value, one.start, one.result, one.start + interval, "", one.since))
        else:
            found.append(Refusal(f"{one.line} {one.column}".strip(), one.value, one.reason))
    return found


def note_unknown(state: State, outcome: Outcome) -> None:
    """Remember the stations that nobody registered."""
    for one in outcome.refusals:
        if one.reason == "unknown-station":
            state.note_unknown(one.shown)


def remember(state: State, outcome: Outcome) -> None:
    """Note what became of a run."""
    state.taken, state.repeated, state.corrected = outcome.taken, outcome.repeated, outcome.corrected
    state.refused = dict(outcome.refused)
    state.last_value = max((one for one in (state.last_value, outcome.latest) if one is not None), default=None)


def succeeded(state: State, connector: Connector) -> None:
    """Note that all is well, and when the next run is due."""
    state.last_success, state.failures, state.trouble = state.last_run, 0, None
    state.next_run = next_run(connector.manifest.schedule, 0, None)


def failed(state: State, connector: Connector, error: AllmendeError) -> None:
    """Note what went wrong, and when it is tried again."""
    state.failures += 1
    state.trouble = State.told(error)
    state.next_run = next_run(connector.manifest.schedule, state.failures, error)
