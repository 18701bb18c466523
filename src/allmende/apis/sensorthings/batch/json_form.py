"""Batches as JSON (OData 4.01, clause 19): ``requests`` in, ``responses`` out."""

from typing import Any

import msgspec

from allmende.apis.sensorthings.batch.parts import METHODS, Outcome, Part, bad_batch, bad_part, check_count


class Incoming(msgspec.Struct, frozen=True, rename={"group": "atomicityGroup", "needs": "dependsOn"}):
    """One request; what a body is depends on its content type."""

    id: str
    method: str
    url: str
    headers: dict[str, str] = {}
    body: Any = None
    group: str = ""
    needs: list[str] = []


class Envelope(msgspec.Struct, frozen=True):
    """The whole batch, its parts still unread, so that a broken one spoils no other."""

    requests: list[msgspec.Raw]


def read(body: bytes) -> list[Part]:
    """Read a batch; parts that are no request carry their error."""
    try:
        raw = msgspec.json.decode(body, type=Envelope).requests
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise bad_batch(str(error), str(error)) from error
    check_count(len(raw))
    parts = [_part(one) for one in raw]
    ids = [part.id for part in parts if part.id]
    if len(set(ids)) < len(ids):
        raise bad_batch("eine id steht zweimal da", "an id stands twice")
    return parts


def _part(raw: msgspec.Raw) -> Part:
    try:
        one = msgspec.json.decode(raw, type=Incoming)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        return Part(id=_id_of(raw), error=bad_part(str(error), str(error)))
    method = one.method.upper()
    if method not in METHODS:
        return Part(id=one.id, group=one.group, error=bad_part("unbekannte Methode", "unknown method"))
    headers = {name.lower(): value for name, value in one.headers.items()}
    body = (
        b"" if one.body is None else one.body.encode() if isinstance(one.body, str) else msgspec.json.encode(one.body)
    )
    return Part(
        id=one.id, method=method, url=one.url, headers=headers, body=body, group=one.group, needs=tuple(one.needs)
    )


def _id_of(raw: msgspec.Raw) -> str:
    """Find the id of a part that is otherwise broken, so that its answer can be told from the others."""
    try:
        found = msgspec.json.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return ""
    return found["id"] if isinstance(found, dict) and isinstance(found.get("id"), str) else ""


def write(outcomes: list[Outcome]) -> bytes:
    """Give the answers in the order of the requests; JSON bodies as JSON, others as text."""
    return msgspec.json.encode({"responses": [_response(outcome) for outcome in outcomes]})


def _response(outcome: Outcome) -> dict[str, Any]:
    found: dict[str, Any] = {"id": outcome.part.id, "status": outcome.status}
    if outcome.part.group:
        found["atomicityGroup"] = outcome.part.group
    if outcome.headers:
        found["headers"] = outcome.headers
    if outcome.body:
        is_json = "json" in outcome.headers.get("content-type", "")
        found["body"] = msgspec.Raw(outcome.body) if is_json else outcome.body.decode("utf-8", "replace")
    return found
