"""Answers to reading requests, free of any web framework."""

from collections.abc import Callable, Iterator
from urllib.parse import quote

import msgspec

from allmende.apis.sensorthings.cells import Written
from allmende.apis.sensorthings.options import Expand, Options
from allmende.apis.sensorthings.paths import NO_ENTITY, Resource, properties_of
from allmende.apis.sensorthings.render import Json, self_link
from allmende.apis.sensorthings.rendered import RENDERED, SPANS, opening
from allmende.apis.sensorthings.runs import page as written_page
from allmende.apis.sensorthings.runs import writable
from allmende.gate.door import Gate, Grant
from allmende.gate.query import (
    LINKS,
    PROPERTIES,
    Columns,
    Kind,
    Order,
    Page,
    Path,
    Query,
    Record,
    Within,
)
from allmende.kernel.errors import Malformed, NotFound

STREAMS = ("Datastreams", "MultiDatastreams")
SAME_ONE = (Order(Path(("id",))),)


class Shown(msgspec.Struct, frozen=True):
    """What an entity shows of those behind one of its links."""

    values: list[bytes]
    count: int | None = None
    link: str | None = None

    def many(self, name: str) -> bytes:
        """Write the entities as members, with their count and the link to the rest."""
        mark = name.encode()
        found = b"".join((b',"', mark, b'":[', b",".join(self.values), b"]"))
        if self.count is not None:
            found += b',"%b@iot.count":%d' % (mark, self.count)
        if self.link is not None:
            found += b',"%b@iot.nextLink":%b' % (mark, msgspec.json.encode(self.link))
        return found

    def one(self, name: str) -> bytes:
        """Write the only entity as a member."""
        return b"".join((b',"', name.encode(), b'":', self.values[0] if self.values else b"null"))


NOTHING = Shown([])


class Answerer:
    """Answers one request within one grant."""

    def __init__(self, gate: Gate, grant: Grant, root: str) -> None:
        self.gate, self.grant, self.root = gate, grant, root

    def body(self, resource: Resource, options: Options, address: str) -> Written:
        """Give the bytes of the answer: JSON, for ``$value`` the value alone, none for a property that is null.

        ``address`` is the request's own, for the next link.
        """
        found = self.columns(resource, options)
        if found is not None and writable(found):
            return written_page(found, self.root, self.around(found, options, address))
        page = next(self.pages(resource, options))
        if resource.single:
            return self._single(resource, page.records[0], options)
        entities = (
            [self._ref(resource.target, record) for record in page.records]
            if resource.ref
            else self.entities(resource.target, page.records, options)
        )
        return b"".join((opening(self.around(page, options, address)), b",".join(entities), b"]}"))

    def _ref(self, kind: Kind, record: Record) -> bytes:
        return msgspec.json.encode({"@iot.selfLink": self_link(self.root, kind, record.id)})

    def columns(self, resource: Resource, options: Options) -> Columns | None:
        """Give a page of whole observations as columns, where it can be read so."""
        plain = resource.target == "Observations" and not resource.single and not resource.ref
        if not plain or options.expand or options.select or resource.kind == "MultiDatastreams":
            return None
        return self.gate.columns(self.grant, self._query(resource, options, self.start(resource)))

    def around(self, page: Page | Columns, options: Options, address: str) -> Json:
        """Write what stands around the entities of a page: the count, and the link to the next page."""
        found: Json = {"@iot.count": page.count} if page.count is not None else {}
        if page.next_after is not None and options.top > 0:
            found["@iot.nextLink"] = next_link(address, page.next_after)
        return found

    def pages(self, resource: Resource, options: Options) -> Iterator[Page]:
        """Give page after page to the end; each is read when it is asked for, and a single entity is one page."""
        self._check_select(resource.target, options)
        start = self.start(resource)
        if resource.single:
            yield Page([self._one(resource, start)])
            return
        query = self._query(resource, options, start)
        while True:
            page = self.page(query, options)
            yield page
            if page.next_after is None or options.top == 0:
                return
            query = msgspec.structs.replace(query, after=page.next_after, skip=0, count=False)

    def _query(self, resource: Resource, options: Options, start: tuple[Kind, int | None]) -> Query:
        return Query(
            kind=resource.target,
            where=options.where,
            within=self._within(resource, start),
            order=options.order,
            top=options.top,
            skip=options.skip if options.after is None else 0,
            after=options.after,
            count=options.count,
        )

    def page(self, query: Query, options: Options) -> Page:
        """Ask for a page; an error names the option, and the place in it, of which it speaks."""
        try:
            return self.gate.page(self.grant, query)
        except Malformed as error:
            raise options.places.placed(error) from error

    def start(self, resource: Resource) -> tuple[Kind, int | None]:
        """Walk the path to its last step; give the set and id from which that step leads."""
        kind, number = resource.kind, resource.id
        if number is not None:
            self._require(kind, number)
        for step in resource.steps[:-1]:
            records = self.gate.related(self.grant, kind, step.name, [number or 0])[number or 0]
            if step.id is not None:
                records = [record for record in records if record.id == step.id]
            if not records:
                raise NotFound(NO_ENTITY, path=f"{kind}({number})/{step.name}")
            kind, number = step.link.target, records[0].id
        return kind, number

    def _require(self, kind: Kind, number: int) -> Record:
        page = self.gate.page(self.grant, Query(kind=kind, id=number, order=SAME_ONE, top=1))
        if not page.records:
            raise NotFound(NO_ENTITY, path=f"{kind}({number})")
        return page.records[0]

    def _one(self, resource: Resource, start: tuple[Kind, int | None]) -> Record:
        kind, number = start
        if not resource.steps:
            return self._require(kind, number or 0)
        step = resource.steps[-1]
        if step.id is not None:
            query = Query(kind=step.link.target, id=step.id, within=Within(kind, number or 0), order=SAME_ONE, top=1)
            records = self.gate.page(self.grant, query).records
        else:
            records = self.gate.related(self.grant, kind, step.name, [number or 0])[number or 0]
        if not records:
            raise NotFound(NO_ENTITY, path=f"{kind}({number})/{step.name}")
        return records[0]

    def _within(self, resource: Resource, start: tuple[Kind, int | None]) -> Within | None:
        return Within(start[0], start[1] or 0) if resource.steps else None

    def _single(self, resource: Resource, record: Record, options: Options) -> bytes:
        if resource.ref:
            return self._ref(resource.target, record)
        (found,) = self.entities(resource.target, [record], options)
        if not resource.part:
            return found
        value = record.id if resource.part in ("id", "@iot.id") else msgspec.json.decode(found).get(resource.part)
        for name in resource.inside:
            value = value.get(name) if isinstance(value, dict) else None
        if value is None:
            if resource.inside:
                raise NotFound(NO_ENTITY, path=f"{resource.part}/{'/'.join(resource.inside)}")
            return b""
        if resource.raw:
            return value.encode() if isinstance(value, str) else msgspec.json.encode(value)
        return msgspec.json.encode({resource.inside[-1] if resource.inside else resource.part: value})

    def _check_select(self, kind: Kind, options: Options) -> None:
        """Refuse names that the set does not have, before anything is asked."""
        properties, links = (*properties_of(kind), "@iot.selfLink"), LINKS[kind]
        for name in options.selected:
            if name.text.split("/")[0] not in (*properties, *links):
                known = ", ".join([*PROPERTIES[kind], *links])
                why = f"„{name.text[:60]}“ gibt es an {kind} nicht (möglich: {known})"
                raise name.source.fault(1, why, f"there is no “{name.text[:60]}” on {kind} (possible: {known})")
        for inner in options.expand:
            if inner.name not in links:
                known = ", ".join(links)
                why = f"von {kind} führt kein Weg zu „{inner.name[:60]}“ (möglich: {known})"
                raise inner.source.fault(1, why, f"there is no link “{inner.name[:60]}” on {kind} (possible: {known})")
            self._check_select(links[inner.name].target, inner.options)

    def objects(self, kind: Kind, records: list[Record], options: Options) -> list[Json]:
        """Give records as JSON objects with what their ``$expand`` adds."""
        found: list[Json] = msgspec.json.decode(b"[%b]" % b",".join(self.entities(kind, records, options)))
        return found

    def entities(self, kind: Kind, records: list[Record], options: Options) -> list[bytes]:
        """Write records with what their ``$expand`` adds, one query for each link where no options narrow it."""
        write = RENDERED.opened(self.root, kind, options.select, self._multi(kind, records))
        return self._closed(kind, records, options, write)

    def _closed(
        self, kind: Kind, records: list[Record], options: Options, write: Callable[[Record], bytes]
    ) -> list[bytes]:
        """Write the pieces of each entity, one column of pieces after the other, and close it."""
        columns = [[write(record) for record in records]]
        if kind in STREAMS and records and _asks_for(options, SPANS):
            summaries = self.gate.summary(self.grant, [record.id for record in records])
            spans = RENDERED.spans(options.select)
            columns.append([spans(record.id, summaries.get(record.id)) for record in records])
        for inner in options.expand:
            expanded = self._expanded(kind, records, inner)
            show = Shown.many if LINKS[kind][inner.name].many else Shown.one
            columns.append([show(expanded[record.id], inner.name) for record in records])
        return [b"".join((*pieces, b"}")) for pieces in zip(*columns, strict=True)]

    def _multi(self, kind: Kind, records: list[Record]) -> set[int]:
        """Tell which datastreams of observations are MultiDatastreams; only arrays can be theirs."""
        if kind != "Observations":
            return set()
        arrays = {r.value.datastream_id for r in records if isinstance(r.value.result, list | None)}
        return self.gate.multi(arrays) if arrays else set()

    def _expanded(self, kind: Kind, records: list[Record], inner: Expand) -> dict[int, Shown]:
        target, options = LINKS[kind][inner.name].target, inner.options
        ids = [record.id for record in records]
        if self._is_newest(kind, inner):
            return self._newest(ids, options)
        if target != "Observations" and options.where is None and not options.order and not options.skip:
            rows = self.gate.related(self.grant, kind, inner.name, ids)
        else:
            return {number: self._page_of(kind, number, inner) for number in ids}
        whole = {number: found for number, found in rows.items() if len(found) <= options.top}
        unique = {record.id: record for found in whole.values() for record in found}
        written = dict(zip(unique, self.entities(target, list(unique.values()), options), strict=True))
        return {
            number: Shown([written[record.id] for record in found], len(found) if options.count else None)
            if number in whole
            else self._page_of(kind, number, inner)
            for number, found in rows.items()
        }

    def _newest(self, ids: list[int], options: Options) -> dict[int, Shown]:
        latest = self.gate.latest(self.grant, ids)
        records = [Record(value.id, value) for value in latest.values()]
        written = self._closed("Observations", records, options, RENDERED.newest(self.root, options.select))
        shown = {number: Shown([entity]) for number, entity in zip(latest, written, strict=True)}
        return {number: shown.get(number, NOTHING) for number in ids}

    def _is_newest(self, kind: Kind, inner: Expand) -> bool:
        """Recognise the question for the newest observation, which the maintained state answers."""
        options = inner.options
        return (
            kind == "Datastreams"
            and inner.name == "Observations"
            and options.top == 1
            and options.order == (Order(Path(("phenomenonTime",)), descending=True),)
            and options.where is None
            and not options.skip
            and not options.count
        )

    def _page_of(self, kind: Kind, number: int, inner: Expand) -> Shown:
        target, options = LINKS[kind][inner.name].target, inner.options
        query = Query(
            kind=target,
            within=Within(kind, number),
            where=options.where,
            order=options.order,
            top=options.top,
            skip=options.skip,
            count=options.count,
        )
        page = self.page(query, options)
        link = None
        if page.next_after is not None and options.top > 0:
            pairs = [f"{name}={quote(value)}" for name, value in options.written.items()]
            address = f"{self_link(self.root, kind, number)}/{inner.name}?{'&'.join(pairs)}"
            link = next_link(address, page.next_after)
        return Shown(self.entities(target, page.records, options), page.count, link)


def _asks_for(options: Options, names: tuple[str, ...]) -> bool:
    return not options.select or any(part.split("/")[0] in names for part in options.select)


def next_link(address: str, token: str) -> str:
    """Give the request's address with the cursor in place of ``$skip`` and of an older cursor."""
    path, _, query = address.partition("?")
    kept = [part for part in query.split("&") if part and not part.startswith(("$skip=", "$skiptoken=", "%24skip"))]
    return f"{path}?{'&'.join([*kept, f'$skiptoken={quote(token)}'])}"
