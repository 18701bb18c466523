"""Observations that are there: corrected, deleted one by one or over a span of time, and as they were before."""

from collections.abc import Callable
from typing import Any

from allmende.apis.sensorthings.bodies import plain, reference
from allmende.apis.sensorthings.create import collecting, decoded, deleting
from allmende.apis.sensorthings.lex import fault as option_fault
from allmende.apis.sensorthings.members import Members, fault
from allmende.apis.sensorthings.options import read_options
from allmende.apis.sensorthings.paths import NO_ENTITY, NO_PATH, Resource
from allmende.apis.sensorthings.render import WRITERS, Json
from allmende.apis.sensorthings.revise import BAD_PATCH, apply_step, steps_of
from allmende.apis.sensorthings.where import walk
from allmende.gate.door import Gate, Grant
from allmende.gate.query import Arrival, Bounds, Correction, Former, Within, bounds_of
from allmende.gate.tokens import Token
from allmende.kernel.clock import iso_from_micros, micros_from_instant, utc_now
from allmende.kernel.errors import ErrorCode, Malformed, NotFound
from allmende.kernel.ids import datastream_of_observation
from allmende.kernel.text import Text

REASON = "reason"
LONGEST_REASON = 1_000
NO_SPAN = ErrorCode(
    "sensorthings.no_span",
    Text(
        "Gelöscht wird nur, was $filter an phenomenonTime genau abgrenzt.",
        "Only what $filter delimits exactly by phenomenonTime is deleted.",
    ),
    Text(
        "Vergleichen Sie phenomenonTime mit lt, ge oder gt und verbinden Sie mit and; alles löscht $filter=true.",
        "Compare phenomenonTime with lt, ge or gt, joined by and; $filter=true deletes all.",
    ),
)
OF_ONE_STREAM = ErrorCode(
    "sensorthings.of_one_stream",
    Text("Viele Messwerte werden je Messreihe gelöscht.", "Many observations are deleted datastream by datastream."),
    Text(
        "Senden Sie DELETE an Datastreams(ID)/Observations?$filter=…",
        "Send DELETE to Datastreams(ID)/Observations?$filter=…",
    ),
)
DEFAULTS: Json = {"result_time": None, "parameters": None, "quality": "unchecked", "valid": None}
# What tells nothing about a value that the token may not read.
STEPS = ("add", "replace", "remove")


def _stays(m: Members, name: str, stream: int) -> None:
    """Refuse another datastream than the one to which the observation belongs."""
    if m.values.get(name) is None:
        return
    link = reference(m.values[name], m.at(name))
    if link is None or link.id != stream:
        de = "ein Messwert bleibt in seiner Messreihe; löschen Sie ihn und legen Sie ihn in der anderen an"
        en = "an observation stays in its datastream; delete it and create it in the other one"
        raise fault(m.at(name), de, en)


def _feature(m: Members) -> int:
    link = reference(m.values["FeatureOfInterest"], m.at("FeatureOfInterest"))
    if link is None:
        de, en = "beim Ändern wird nur mit @iot.id verknüpft", "a change links by @iot.id only"
        raise fault(m.at("FeatureOfInterest"), de, en)
    return link.id


def _time(m: Members) -> Json:
    start, end = m.span("phenomenonTime")
    return {"phenomenon_start": start, "phenomenon_end": end}


READ: dict[str, Callable[[Members], Json]] = {
    "result": lambda m: {"result": m.any("result")},
    "phenomenonTime": _time,
    "resultTime": lambda m: {"result_time": None if m.values["resultTime"] is None else m.instant("resultTime")},
    "parameters": lambda m: {"parameters": m.object("parameters") or None},
    "resultQuality": lambda m: {"quality": m.otherwise("resultQuality", "unchecked")},
    "validTime": lambda m: {"valid": m.period("validTime")},
}


def _correction(m: Members, stream: int, given: Json) -> Correction:
    """Read what a body says; ``given`` is what holds where it says nothing."""
    for name in ("Datastream", "MultiDatastream"):
        _stays(m, name, stream)
    found = dict(given)
    for name in m.values:
        found |= READ[name](m) if name in READ else {}
    if m.values.get("FeatureOfInterest") is not None:
        found["feature_id"] = _feature(m)
    return Correction(**found)


def merging(body: Any, stream: int) -> Correction:
    """Read a PATCH: what it names is new, the rest stays."""
    return _correction(plain("Observations", Members(body)), stream, {})


def replacing(body: Any, stream: int) -> Correction:
    """Read a PUT: what it does not name gets its default; time and feature stay."""
    m = plain("Observations", Members(body))
    m.any("result")
    return _correction(m, stream, DEFAULTS)


def patching(body: Any, stream: int) -> Callable[[Arrival], Correction]:
    """Read a JSON Patch; it sees the observation with its links as objects with ``@iot.id``."""
    steps = steps_of(body)
    for index, step in enumerate(steps):
        if step.get("op") not in STEPS:
            de = f"an Messwerten nur {', '.join(STEPS)}; den Stand prüft If-Match"
            why = Text(de, f"only {', '.join(STEPS)} on observations; If-Match tests the state")
            raise Malformed(BAD_PATCH, step=index, why=why)

    def change(present: Arrival) -> Correction:
        state = {**WRITERS["Observations"](present, None), "Datastream": {"@iot.id": stream}}
        if present.feature_id is not None:
            state["FeatureOfInterest"] = {"@iot.id": present.feature_id}
        for index, step in enumerate(steps):
            state = apply_step(state, step, index)
        m = plain("Observations", Members(state))
        for name in ("result", "phenomenonTime"):
            m.any(name)
        return _correction(m, stream, {**DEFAULTS, "feature_id": None})

    return change


WAYS: dict[str, Callable[[Any, int], Any]] = {"merge": merging, "put": replacing, "json-patch": patching}


class Corrector:
    """Corrects and deletes observations for a token."""

    def __init__(self, gate: Gate, token: Token) -> None:
        self.gate, self.token = gate, token

    def change(self, resource: Resource, body: bytes, way: str, pairs: dict[str, str]) -> None:
        """Correct an observation as PATCH, PUT or a JSON Patch says; ``reason`` in the address says why."""
        self.token.require("sensorthings:write", "observations:write")
        reason = pairs.pop(REASON, "")
        _refuse_options(pairs)
        if len(reason) > LONGEST_REASON:
            raise option_fault(REASON, 1, f"länger als {LONGEST_REASON} Zeichen", f"longer than {LONGEST_REASON}")
        grant = self.gate.grant(collecting(self.token))
        number = self._target(grant, resource)
        change = WAYS[way](decoded(body), datastream_of_observation(number))
        self.gate.correct(grant, number, change, reason)

    def delete(self, resource: Resource, pairs: dict[str, str]) -> int:
        """Delete an observation, or those of a datastream within a span of time; give how many."""
        self.token.require("sensorthings:write")
        grant = self.gate.grant(deleting(self.token))
        if not resource.single:
            return self._delete_span(grant, resource, pairs)
        _refuse_options(pairs)
        number = self._target(grant, resource)
        missing = NotFound(NO_ENTITY, path=f"Observations({number})")
        try:
            count = self.gate.remove(grant, datastream_of_observation(number), ids=[number])
        except NotFound as error:
            raise missing from error
        if not count:
            raise missing
        return count

    def _delete_span(self, grant: Grant, resource: Resource, pairs: dict[str, str]) -> int:
        if resource.ref:
            raise NotFound(NO_PATH, path=str(resource.kind))
        near = walk(self.gate, grant, resource, len(resource.steps) - 1) if resource.steps else None
        if near is None or near.kind not in ("Datastreams", "MultiDatastreams"):
            raise Malformed(OF_ONE_STREAM)
        bounds = _span(pairs)
        missing = NotFound(NO_ENTITY, path=f"{near.kind}({near.id})")
        if bool(self.gate.multi({near.id})) != (near.kind == "MultiDatastreams"):
            raise missing
        try:
            return self.gate.remove(grant, near.id, bounds.since, bounds.until)
        except NotFound as error:
            raise missing from error

    def _target(self, grant: Grant, resource: Resource) -> int:
        if not resource.single or resource.part or resource.ref:
            raise NotFound(NO_PATH, path=str(resource.kind))
        here: Within = walk(self.gate, grant, resource, len(resource.steps))
        return here.id


def _refuse_options(pairs: dict[str, str]) -> None:
    for name in pairs:
        raise option_fault(name[:40], 1, "hier nicht möglich", "not possible here")


def _span(pairs: dict[str, str]) -> Bounds:
    """Read the span of time to delete; a condition that says anything else is refused."""
    _refuse_options({name: value for name, value in pairs.items() if name != "$filter"})
    where = read_options(pairs).where
    bounds = bounds_of(where, micros_from_instant(utc_now()))
    if where is None or not bounds.exact or bounds.streams is not None:
        raise Malformed(NO_SPAN)
    return bounds


def former_states(found: list[Former], *, named: bool) -> Json:
    """Write the former states of an observation; ``named`` tells who corrected them."""
    return {"value": [_former(one, named=named) for one in found]}


def _former(one: Former, *, named: bool) -> Json:
    state = {"resultQuality": one.quality, "parameters": one.parameters, **WRITERS["Observations"](one, None)}
    who = {"actor": one.actor} if named else {}
    return {"until": iso_from_micros(one.until), "reason": one.reason, **who, **state}
