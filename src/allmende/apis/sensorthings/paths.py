"""Resource paths of SensorThings 1.1 (18-088, clause 9.2)."""

import re

import msgspec

from allmende.gate.query import LINKS, PROPERTIES, EntityKind, Kind, Link
from allmende.kernel.errors import ErrorCode, NotFound
from allmende.kernel.text import Text

NO_PATH = ErrorCode(
    "sensorthings.no_path",
    Text("Der Pfad „{path}“ führt nirgendwohin.", "The path “{path}” leads nowhere."),
    Text("Alle Eingänge nennt /sensorthings/v1.1.", "All entrances are named at /sensorthings/v1.1."),
)
NO_ENTITY = ErrorCode(
    "sensorthings.no_entity",
    Text("{path} gibt es nicht.", "There is no {path}."),
    Text(
        "Prüfen Sie die Nummer; was die Regeln nicht öffnen, erscheint nicht.",
        "Check the number; what the rules do not open does not appear.",
    ),
)
_STEP = re.compile(r"([A-Za-z]+)(?:\((\d{1,16})\))?")


class Step(msgspec.Struct, frozen=True):
    """One link of a path, with the id where one is named."""

    link: Link
    name: str
    id: int | None = None


class Resource(msgspec.Struct, frozen=True, kw_only=True):
    """What a path names: a set or an entity, links from there, and at the end a property."""

    kind: EntityKind | Kind
    id: int | None
    steps: tuple[Step, ...] = ()
    part: str = ""
    inside: tuple[str, ...] = ()
    raw: bool = False
    ref: bool = False

    @property
    def target(self) -> Kind:
        """Give the set to which the path leads."""
        return self.steps[-1].link.target if self.steps else self.kind

    @property
    def single(self) -> bool:
        """Tell whether the path leads to one entity."""
        if self.steps:
            return not self.steps[-1].link.many or self.steps[-1].id is not None
        return self.id is not None


_WITH_PARTS = ("json", "place", "result", "unit", "quality")


def properties_of(kind: Kind) -> tuple[str, ...]:
    """Name the properties of a set's entities."""
    return (*PROPERTIES[kind], "@iot.id")


def _property(resource: Resource, rest: list[str], path: str) -> Resource:
    """Read ``name``, ``properties/slug`` and ``name/$value`` behind an entity."""
    part, *inside = rest
    raw = inside[-1:] == ["$value"]
    if raw:
        inside.pop()
    known = PROPERTIES[resource.target].get(part)
    if inside and (known is None or known.kind not in _WITH_PARTS):
        raise NotFound(NO_PATH, path=path[:100])
    return msgspec.structs.replace(resource, part=part, inside=tuple(inside), raw=raw)


def read_path(path: str) -> Resource:
    """Read a path behind the service root; raise 404 for one that leads nowhere."""
    parts = [part for part in path.strip("/").split("/") if part]
    head = _STEP.fullmatch(parts[0]) if parts else None
    if head is None or head[1] not in LINKS:
        raise NotFound(NO_PATH, path=path[:100])
    kind: Kind = head[1]
    number = int(head[2]) if head[2] else None
    resource = Resource(kind=kind, id=number)
    for index, part in enumerate(parts[1:], 1):
        rest = parts[index:]
        if resource.single and part in properties_of(resource.target):
            return _property(resource, rest, path)
        if rest == ["$ref"] and not resource.single:
            return msgspec.structs.replace(resource, ref=True)
        match = _STEP.fullmatch(part)
        link = LINKS[resource.target].get(match[1]) if match and resource.single else None
        if match is None or link is None or (match[2] and not link.many):
            raise NotFound(NO_PATH, path=path[:100])
        step = Step(link, match[1], int(match[2]) if match[2] else None)
        resource = msgspec.structs.replace(resource, steps=(*resource.steps, step))
    return resource
