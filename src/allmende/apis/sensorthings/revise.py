"""The new state of an entity: PATCH merges, PUT replaces, JSON Patch edits (18-088, clause 10.3)."""

from collections.abc import Callable
from typing import Any

import jsonpatch
import msgspec
from jsonpointer import JsonPointerException

from allmende.apis.sensorthings.bodies import READERS, Origin, plain, reference
from allmende.apis.sensorthings.members import Members, fault
from allmende.apis.sensorthings.render import WRITERS, Json
from allmende.gate.query import LINKS, Change, Edit, Kind, Record, Ref
from allmende.kernel.errors import Conflict, ErrorCode, Malformed
from allmende.kernel.text import Text

PATCH_FAILED = ErrorCode(
    "sensorthings.patch_failed",
    Text("Der JSON Patch passt nicht: {why}", "The JSON Patch does not fit: {why}"),
    Text("Lesen Sie das Objekt neu, und prüfen Sie Pfade und Werte.", "Read the entity anew; check paths and values."),
)
BAD_PATCH = ErrorCode(
    "sensorthings.bad_patch",
    Text("Schritt {step} ist kein JSON Patch: {why}", "Step {step} is no JSON Patch: {why}"),
    Text("Senden Sie eine Liste von Schritten nach RFC 6902.", "Send a list of operations as in RFC 6902."),
)
MOST_STEPS, LARGEST = 1_000, 10_000_000
# Those who write may see places only as coarse as the rules say; these steps would tell them exactly.
READING = ("test", "copy", "move")
PLACES = ("location", "feature", "observedArea")
NO_READING = Text(
    "Orte lassen sich mit add, replace und remove ändern; den Stand prüft If-Match",
    "places are changed by add, replace and remove; If-Match tests the state",
)


def merged(old: Any, new: Any) -> Any:
    """Merge as RFC 7396 does: null takes a member away."""
    if not isinstance(new, dict):
        return new
    found = dict(old) if isinstance(old, dict) else {}
    for name, value in new.items():
        if value is None:
            found.pop(name, None)
        else:
            found[name] = merged(found.get(name), value)
    return found


def _origin(value: Any) -> Origin:
    """Keep what a body need not repeat."""
    names = [name for name in Origin.__struct_fields__ if hasattr(value, name)]
    return Origin(**{name: getattr(value, name) for name in names})


def _state(kind: Kind, record: Record) -> Json:
    return WRITERS[kind](record.value, None)


def _change(kind: Kind, record: Record, members: Members, links: dict[str, Any], *, exact: bool) -> Change:
    """Read the new state; links must lead to what is there."""
    value = READERS[kind](members, _origin(record.value))
    found = {name: _references(kind, name, target) for name, target in links.items()}
    return Change(value=value, links=found, exact=exact)


def _references(kind: Kind, name: str, target: Any) -> tuple[Ref, ...]:
    parts = (
        [(f"{name}[{index}]", part) for index, part in enumerate(target)]
        if LINKS[kind][name].many
        else [(name, target)]
    )
    found = []
    for place, part in parts:
        link = reference(part, place)
        if link is None:
            de, en = "beim Ändern wird nur mit @iot.id verknüpft", "a change links by @iot.id only"
            raise fault(place, de, en)
        found.append(link)
    return tuple(found)


def _split(kind: Kind, members: Members) -> tuple[Json, Json]:
    """Part what a body says of the entity from what it says of links; a link that is null is not spoken of."""
    links = {}
    for name in LINKS[kind]:
        if members.values.get(name) is not None:
            links[name] = members.list(name) if LINKS[kind][name].many else members.values[name]
    return {name: value for name, value in members.values.items() if name not in LINKS[kind]}, links


def merging(kind: Kind, body: Any) -> Edit:
    """Read a PATCH: what it names is new, the rest stays; links to many are added."""
    own, links = _split(kind, plain(kind, Members(body)))

    def edit(record: Record, _links: dict[str, tuple[int, ...]]) -> Change:
        state = _state(kind, record)
        for name, value in own.items():
            if name == "unitOfMeasurement" and isinstance(value, dict):
                state[name] = {**state[name], **value}
            else:
                state[name] = merged(state.get(name), value) if name == "properties" else value
        return _change(kind, record, Members(state), links, exact=False)

    return edit


def replacing(kind: Kind, body: Any) -> Edit:
    """Read a PUT: what it does not name gets its default; links that it does not name stay."""
    own, links = _split(kind, plain(kind, Members(body)))
    return lambda record, _links: _change(kind, record, Members(own), links, exact=True)


def patching(kind: Kind, body: Any) -> Edit:
    """Read a JSON Patch; it sees the entity with its links as objects with ``@iot.id``."""
    steps = steps_of(body)
    for index, step in enumerate(steps):
        if step.get("op") in READING and any(_holds_place(step.get(end)) for end in ("path", "from")):
            raise Malformed(BAD_PATCH, step=index, why=NO_READING)

    def edit(record: Record, links: dict[str, tuple[int, ...]]) -> Change:
        state = {**_state(kind, record), **_documents(kind, links)}
        before = {name: state[name] for name in links}
        for index, step in enumerate(steps):
            state = apply_step(state, step, index)
        own, named = _split(kind, plain(kind, Members(state)))
        new = {name: target for name, target in named.items() if target != before.get(name)}
        new |= {name: [] for name in before if name not in named and LINKS[kind][name].many}
        return _change(kind, record, Members(own), new, exact=True)

    return edit


def _holds_place(pointer: Any) -> bool:
    """Tell whether a JSON Pointer leads to a place, into one, or to the whole entity."""
    return pointer is not None and (pointer == "" or str(pointer).split("/")[1:2] in [[name] for name in PLACES])


def steps_of(body: Any) -> list[Json]:
    """Read the steps of a JSON Patch."""
    if not isinstance(body, list) or len(body) > MOST_STEPS or not all(isinstance(step, dict) for step in body):
        raise Malformed(BAD_PATCH, step=0, why=f"[{{…}}, …], ≤ {MOST_STEPS}")
    return body


def _documents(kind: Kind, links: dict[str, tuple[int, ...]]) -> Json:
    return {
        name: [{"@iot.id": number} for number in numbers] if LINKS[kind][name].many else {"@iot.id": numbers[0]}
        for name, numbers in links.items()
    }


def apply_step(state: Json, step: Json, index: int) -> Json:
    """Apply one step; a document that grows beyond what a body may hold is refused."""
    try:
        found: Json = jsonpatch.apply_patch(state, [step])
        if step.get("op") == "copy" and len(msgspec.json.encode(found)) > LARGEST:
            raise Malformed(BAD_PATCH, step=index, why=f"> {LARGEST} B")
    except jsonpatch.JsonPatchTestFailed as error:
        raise Conflict(PATCH_FAILED, why=f"{index}: test {step.get('path')}"[:200]) from error
    except jsonpatch.JsonPatchConflict as error:
        raise Conflict(PATCH_FAILED, why=f"{index}: {error}"[:200]) from error
    except (
        jsonpatch.JsonPatchException,
        JsonPointerException,
        TypeError,
        KeyError,
        ValueError,
        RecursionError,
    ) as error:
        raise Malformed(BAD_PATCH, step=index, why=str(error)[:200]) from error
    return found


REVISIONS: dict[str, Callable[[Kind, Any], Edit]] = {"merge": merging, "put": replacing, "json-patch": patching}
