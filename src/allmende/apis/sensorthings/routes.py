"""The doors of SensorThings: thin, everything that blocks runs in a thread."""

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import unquote_plus

import anyio
import anyio.to_thread
import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from allmende.apis.sensorthings.answer import Answerer
from allmende.apis.sensorthings.batch.door import Batches
from allmende.apis.sensorthings.carried import TOKEN_NEEDED, TOO_LARGE, TooLarge, body_of, plain_token
from allmende.apis.sensorthings.change import ChangeDoors, Entrance
from allmende.apis.sensorthings.conditional import require_match, tag_of
from allmende.apis.sensorthings.correct import former_states
from allmende.apis.sensorthings.creating import Creating
from allmende.apis.sensorthings.hub import Hub
from allmende.apis.sensorthings.ingest import Ingest
from allmende.apis.sensorthings.lane import Lane, root_of
from allmende.apis.sensorthings.lex import fault
from allmende.apis.sensorthings.live import OPTION as LIVE
from allmende.apis.sensorthings.live import Live
from allmende.apis.sensorthings.options import Options
from allmende.apis.sensorthings.paths import NO_PATH, read_path
from allmende.apis.sensorthings.reading import Reading
from allmende.apis.sensorthings.render import self_link
from allmende.families.manifest import Manifest
from allmende.gate.door import PUBLIC, Ask, Asker, Gate
from allmende.gate.query import LINKS
from allmende.gate.tokens import Token, authenticate
from allmende.kernel.errors import Denied, ErrorCode, Malformed, NotFound, Unknown
from allmende.kernel.text import Text

Handler = Callable[[Request], Awaitable[Response]]
# Topics with $select are missing: a broker does not tell who asks for which properties.
IN_PART = "/receive-updates-via-mqtt/receive-updates"
LONGEST_URL = 16_384

NOT_ENCODED = ErrorCode(
    "sensorthings.not_encoded",
    Text("Die Adresse ist nicht richtig in UTF-8 kodiert.", "The address is not correctly encoded in UTF-8."),
    Text("Kodieren Sie Sonderzeichen mit %.", "Encode special characters with %."),
)


def _json(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(msgspec.json.encode(value), status, headers, "application/json")


def _pairs(query: str) -> dict[str, str]:
    """Read the query options; a plus is a blank, an option stands once."""
    if len(query) > LONGEST_URL:
        raise TooLarge(TOO_LARGE, limit=LONGEST_URL)
    found: dict[str, str] = {}
    try:
        for part in filter(None, query.split("&")):
            name, value = (unquote_plus(side, errors="strict") for side in part.partition("=")[::2])
            if name in found:
                raise fault(name[:40], 1, "die Option steht zweimal da", "the option stands here twice")
            found[name] = value
    except UnicodeDecodeError as error:
        raise Malformed(NOT_ENCODED) from error
    return found


def _token(request: Request, gate: Gate) -> Token | None:
    plain = plain_token(request.headers.get("authorization", ""))
    return None if plain is None else authenticate(gate, plain)


def _writer(request: Request, gate: Gate) -> Token:
    token = _token(request, gate)
    if token is None:
        raise Unknown(TOKEN_NEEDED)
    return token


def _reading(token: Token | None) -> Ask:
    """Give the request of a reader: the public, or the purpose of the token."""
    for scope in token.scopes if token else ():
        if scope.startswith("read:"):
            return Ask(
                Asker(f"token:{token.name if token else ''}"), "use", scope.removeprefix("read:"), "administration"
            )
    return Ask(PUBLIC, "publish", "open-data", "public")


async def _body(request: Request) -> bytes:
    return await body_of(request.receive, request.headers.get("content-length", ""))


def _place_of(path: str) -> tuple[int | None, bool]:
    """Tell in which datastream a path creates observations, if it names one, and whether it is a MultiDatastream."""
    resource = read_path(path)
    whole_set = resource.kind == "Observations" and resource.id is None and not resource.steps
    streams = ("Datastreams", "MultiDatastreams")
    of_stream = resource.kind in streams and [step.name for step in resource.steps] == ["Observations"]
    if not (whole_set or of_stream) or resource.part:
        raise NotFound(NO_PATH, path=path[:100])
    return resource.id if of_stream else None, resource.kind == "MultiDatastreams"


class House(msgspec.Struct, frozen=True):
    """What the data process lends its doors: whom to tell of new observations, and what to announce beside them."""

    written: Callable[[int], None]
    hub: Hub
    ingest: Ingest
    announced: dict[str, dict[str, list[str]]] = {}
    lanes: list[Lane] = []


class Doors:
    """The handlers, with the gate that they ask."""

    def __init__(self, gate: Gate, manifest: Manifest, public_url: str, house: House) -> None:
        self.gate, self.manifest, self.public_url = gate, manifest, public_url.rstrip("/")
        self.written, self.hub, self.announced = house.written, house.hub, house.announced
        self.creating = Creating(gate, house.ingest)

    def _root(self, request: Request) -> str:
        return root_of(request.url, self.public_url, self.manifest.prefix)

    async def entrance(self, request: Request) -> Response:
        """List the entity sets and what is conformed to (18-088, clause 9.2.1)."""
        root = self._root(request)
        sets = [{"name": kind, "url": f"{root}/{kind}"} for kind in LINKS]
        kept = [uri for uri in self.announced if not uri.endswith(IN_PART)]
        settings = {"conformance": [*self.manifest.conformance, *kept], **self.announced}
        return _json({"value": sets, "serverSettings": settings})

    async def former(self, request: Request) -> Response:
        """Answer how an observation was before it was corrected."""
        number, root = request.path_params["number"], self._root(request)

        def answer() -> Response:
            token = _token(request, self.gate)
            grant = self.gate.grant(_reading(token))
            Answerer(self.gate, grant, root).body(read_path(f"Observations({number})"), Options(), "")
            states = former_states(self.gate.former(grant, number), named=token is not None)
            return _json(states, headers={"Cache-Control": "no-store"})

        return await anyio.to_thread.run_sync(answer)

    async def read(self, request: Request) -> Response:
        """Answer a reading request."""
        path = request.path_params["path"]
        pairs, root = _pairs(request.url.query), self._root(request)
        if LIVE in pairs and request.method == "GET":
            last = request.headers.get("last-event-id", "")
            live = Live(self.gate, self.hub, path, pairs, last)
            return await live.answer(lambda: _reading(_token(request, self.gate)), root)
        reading = Reading(path, pairs, request.headers, request.method)
        address = f"{root}/{path}" + (f"?{request.url.query}" if request.url.query else "")

        def answer() -> Response:
            grant = self.gate.grant(_reading(_token(request, self.gate)))
            return reading.answer(self.gate, grant, root, address)

        return await anyio.to_thread.run_sync(answer)

    async def write(self, request: Request) -> Response:
        """Create observations; the answer comes when they are durable."""
        path = request.path_params["path"].strip("/")
        body = await _body(request)
        key = request.headers.get("idempotency-key", "")[:200]
        root = self._root(request)
        plain = plain_token(request.headers.get("authorization", ""))
        if plain is None:
            raise Unknown(TOKEN_NEEDED)
        if path == "CreateObservations":
            answers, added = await self.creating.arrays(plain, body, key, root)
            self.written(added)
            return _json(answers, 201)
        datastream, multi = _place_of(path)
        number, new = await self.creating.one(plain, body, datastream, key, multi=multi)
        self.written(int(new))
        return Response(status_code=201, headers={"Location": self_link(root, "Observations", number)})

    def guarded(self, write: Handler) -> Handler:
        """Let a write with ``If-Match`` through only while the entity is as its sender knows it."""

        async def checked(request: Request) -> Response:
            known = request.headers.get("if-match", "")
            if not known:
                return await write(request)
            bundle = await anyio.to_thread.run_sync(lambda: self.gate.bundle(alone=True))
            end = bundle.drop
            try:
                with bundle.joined():
                    await anyio.to_thread.run_sync(lambda: require_match(known, self._state(request)))
                    response = await write(request)
                end = bundle.keep
            finally:
                with anyio.CancelScope(shield=True):
                    await anyio.to_thread.run_sync(end)
            return response

        return checked

    def _state(self, request: Request) -> str:
        """Give the tag that a GET of the entity would have now; none where it cannot be read."""
        root, resource = self._root(request), read_path(request.path_params["path"])
        try:
            grant = self.gate.grant(_reading(_token(request, self.gate)))
            return tag_of(Answerer(self.gate, grant, root).body(resource, Options(), ""))
        except (NotFound, Denied):
            return ""

    def entrance_of_changes(self) -> Entrance:
        """Give what the doors of changes share with these."""
        return Entrance(self.gate, self._root, _body, _pairs, _writer, self.write)


def routes(gate: Gate, manifest: Manifest, public_url: str, house: House) -> list[BaseRoute]:
    """Give the routes that the data process mounts under the prefix."""
    doors = Doors(gate, manifest, public_url, house)
    changes = ChangeDoors(doors.entrance_of_changes())
    prefix = manifest.prefix
    house.lanes.append(Lane(prefix, doors.public_url, doors.creating, house.written))
    return [
        Route(prefix, doors.entrance, methods=["GET"]),
        Route(f"{prefix}/", doors.entrance, methods=["GET"]),
        Route(f"{prefix}/$batch", Batches(gate, prefix, _body).answer, methods=["POST"]),
        Route(f"{prefix}/Observations({{number:int}})/former", doors.former, methods=["GET"]),
        Route(f"{prefix}/{{path:path}}", doors.read, methods=["GET"]),
        Route(f"{prefix}/{{path:path}}", changes.post, methods=["POST"]),
        Route(f"{prefix}/{{path:path}}", doors.guarded(changes.revise), methods=["PATCH", "PUT"]),
        Route(f"{prefix}/{{path:path}}", doors.guarded(changes.delete), methods=["DELETE"]),
    ]
