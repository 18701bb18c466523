"""Creating, changing and deleting (18-088, clause 10); new observations have a way of their own."""

from collections.abc import Awaitable, Callable
from typing import Any

import anyio.to_thread
import msgspec
from starlette.requests import Request
from starlette.responses import Response

from allmende.apis.sensorthings.bodies import Bodies, Origin, reference
from allmende.apis.sensorthings.correct import Corrector
from allmende.apis.sensorthings.create import RECIPIENT, decoded, purpose_of
from allmende.apis.sensorthings.paths import NO_PATH, Resource, read_path
from allmende.apis.sensorthings.render import self_link
from allmende.apis.sensorthings.revise import REVISIONS
from allmende.apis.sensorthings.where import walk
from allmende.gate.door import Ask, Asker, Gate, Grant
from allmende.gate.query import Within, inverse_of
from allmende.gate.tokens import Token
from allmende.kernel.errors import NotFound

CATEGORY = "category:"


class Editor:
    """Creates, changes and deletes entities for a token."""

    def __init__(self, gate: Gate, token: Token, root: str) -> None:
        token.require("sensorthings:write")
        self.gate, self.token, self.root = gate, token, root

    def _grant(self, verb: Any) -> Grant:
        return self.gate.grant(Ask(Asker(f"token:{self.token.name}"), verb, purpose_of(self.token), RECIPIENT))

    def _origin(self, grant: Grant) -> Origin:
        """Give the category of datastreams that name none: the token's, or the first open one without persons."""
        for scope in self.token.scopes:
            if scope.startswith(CATEGORY):
                return Origin(category=scope.removeprefix(CATEGORY), source=f"token:{self.token.name}")
        harmless = (
            category.slug
            for category in self.gate.rulebook().categories
            if category.personal == "none" and category.slug in grant.categories
        )
        return Origin(category=next(harmless, ""), source=f"token:{self.token.name}")

    def create(self, resource: Resource, body: bytes) -> str:
        """Make what a POST describes; give the address of the new entity."""
        grant = self._grant("collect")
        bodies = Bodies(self._origin(grant))
        value = decoded(body)
        if resource.single or resource.part or resource.ref:
            raise NotFound(NO_PATH, path=str(resource.kind))
        if not resource.steps:
            return self_link(self.root, resource.kind, self.gate.make(grant, bodies.draft(resource.kind, value)))
        near = walk(self.gate, grant, resource, len(resource.steps) - 1)
        step = resource.steps[-1]
        linked = reference(value, "") if isinstance(value, dict) and set(value) == {"@iot.id"} else None
        part = linked or bodies.draft(step.link.target, value, back=inverse_of(near.kind, step.name))
        number = self.gate.add(grant, near, step.name, part)
        return self_link(self.root, step.link.target, number)

    def change(self, resource: Resource, body: bytes, way: str) -> None:
        """Change an entity as PATCH, PUT or a JSON Patch says."""
        grant = self._grant("collect")
        here = self._target(grant, resource)
        kind: Any = here.kind
        self.gate.change(grant, kind, here.id, REVISIONS[way](here.kind, decoded(body)))

    def delete(self, resource: Resource) -> None:
        """Delete an entity with what cannot be without it."""
        grant = self._grant("delete")
        here = self._target(grant, resource)
        kind: Any = here.kind
        self.gate.delete(grant, kind, here.id)

    def _target(self, grant: Grant, resource: Resource) -> Within:
        if not resource.single or resource.part or resource.ref:
            raise NotFound(NO_PATH, path=str(resource.kind))
        return walk(self.gate, grant, resource, len(resource.steps))


class Entrance(msgspec.Struct, frozen=True):
    """What the doors share: service root, body, options and token of a request, and the way of new observations."""

    gate: Gate
    root: Callable[[Request], str]
    body: Callable[[Request], Awaitable[bytes]]
    options: Callable[[str], dict[str, str]]
    token: Callable[[Request, Gate], Token]
    observations: Callable[[Request], Awaitable[Response]]


class ChangeDoors:
    """The handlers of writing requests; new observations are left to the door of their own."""

    def __init__(self, entrance: Entrance) -> None:
        self.entrance = entrance

    async def post(self, request: Request) -> Response:
        """Create an entity, or hand observations on."""
        path = request.path_params["path"].strip("/")
        if path == "CreateObservations" or read_path(path).target == "Observations":
            return await self.entrance.observations(request)
        resource, root = read_path(path), self.entrance.root(request)
        body = await self.entrance.body(request)
        place = await anyio.to_thread.run_sync(lambda: self._editor(request, root).create(resource, body))
        return Response(status_code=201, headers={"Location": place})

    async def revise(self, request: Request) -> Response:
        """Change an entity by PATCH (merge or JSON Patch) or PUT; correct an observation."""
        resource, root = read_path(request.path_params["path"]), self.entrance.root(request)
        body = await self.entrance.body(request)
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        way = "put" if request.method == "PUT" else "json-patch" if kind == "application/json-patch+json" else "merge"
        if resource.target == "Observations":
            pairs = self.entrance.options(request.url.query)
            await anyio.to_thread.run_sync(lambda: self._corrector(request).change(resource, body, way, pairs))
        else:
            await anyio.to_thread.run_sync(lambda: self._editor(request, root).change(resource, body, way))
        return Response(status_code=200)

    async def delete(self, request: Request) -> Response:
        """Delete an entity or an observation, or the observations of a datastream in a span of time."""
        resource, root = read_path(request.path_params["path"]), self.entrance.root(request)
        if resource.target == "Observations":
            pairs = self.entrance.options(request.url.query)
            count = await anyio.to_thread.run_sync(lambda: self._corrector(request).delete(resource, pairs))
            return Response(msgspec.json.encode({"deleted": count}), media_type="application/json")
        await anyio.to_thread.run_sync(lambda: self._editor(request, root).delete(resource))
        return Response(status_code=200)

    def _corrector(self, request: Request) -> Corrector:
        return Corrector(self.entrance.gate, self.entrance.token(request, self.entrance.gate))

    def _editor(self, request: Request, root: str) -> Editor:
        return Editor(self.entrance.gate, self.entrance.token(request, self.entrance.gate), root)
