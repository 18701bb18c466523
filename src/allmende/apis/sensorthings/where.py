"""Where a path of a writing request arrives, among what the writer may know."""

from allmende.apis.sensorthings.paths import NO_ENTITY, Resource
from allmende.gate.door import Gate, Grant
from allmende.gate.query import Within
from allmende.kernel.errors import NotFound
from allmende.kernel.ids import datastream_of_observation


def walk(gate: Gate, grant: Grant, resource: Resource, steps: int) -> Within:
    """Follow a path for some steps; give the entity at which it arrives."""
    here = Within(resource.kind, resource.id or 0)
    for step in resource.steps[:steps]:
        if step.link.target == "Observations" and step.id is not None:
            here = _observation(gate, grant, here, step.id)
            continue
        found = gate.follow(grant, here, step.name)
        if step.id is not None:
            found = [number for number in found if number == step.id]
        if not found:
            raise NotFound(NO_ENTITY, path=f"{here.kind}({here.id})/{step.name}")
        here = Within(step.link.target, found[0])
    return here


def _observation(gate: Gate, grant: Grant, near: Within, number: int) -> Within:
    """Step to an observation by its number, without reading those beside it."""
    stream = datastream_of_observation(number)
    if near.kind in ("Datastreams", "MultiDatastreams"):
        there = near.id == stream and bool(gate.multi({stream})) == (near.kind == "MultiDatastreams")
    else:
        there = near.id in gate.follow(grant, Within("Observations", number), "FeatureOfInterest")
    if not there:
        raise NotFound(NO_ENTITY, path=f"{near.kind}({near.id})/Observations({number})")
    return Within("Observations", number)
