"""``/ingest/NAME``: sources that send by themselves, such as network servers for LoRaWAN, and files that are sent."""

from collections.abc import Callable
from functools import partial

import anyio.to_thread
import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from allmende.apis.sensorthings.carried import body_of, plain_token
from allmende.gate.door import Gate
from allmende.gate.tokens import authenticate
from allmende.kernel.errors import ErrorCode, Invalid, NotFound, Unknown
from allmende.kernel.text import Text
from allmende.sources.definition import Connector, connector
from allmende.sources.inbox import take_upload
from allmende.sources.parse import REASONS
from allmende.sources.run import House, receive
from allmende.sources.write import Outcome

TOKEN_NEEDED = ErrorCode(
    "ingest.token_needed",
    Text("Zum Senden fehlt eine Zugangsmarke.", "Sending needs a token."),
    Text(
        "Senden Sie Authorization: Bearer TOKEN; allmende token create NAME --scope ingest:{name}",
        "Send Authorization: Bearer TOKEN; allmende token create NAME --scope ingest:{name}",
    ),
)
NOT_OPEN = ErrorCode(
    "ingest.not_open",
    Text("An „{name}“ kann nichts gesendet werden.", "Nothing can be sent to “{name}”."),
    Text(
        "Die Stadt richtet die Quelle ein mit: allmende new connector {name} --like …",
        "The city sets the source up with: allmende new connector {name} --like …",
    ),
)


class Door:
    """Takes messages; a connector's files are read anew for each, so that a mended one is in force at once."""

    def __init__(self, house: House, gate: Gate, written: Callable[[int], None]) -> None:
        self._house, self._gate, self._written = house, gate, written

    async def answer(self, request: Request) -> Response:
        """Store a message, or say why not; what is answered with 200 is durable."""
        name = request.path_params["name"]
        plain = plain_token(request.headers.get("authorization", ""))
        body = await body_of(request.receive, request.headers.get("content-length", ""))
        outcome = await anyio.to_thread.run_sync(partial(self._take, name, plain, body))
        if outcome.taken:
            self._written(outcome.taken)
        return Response(msgspec.json.encode(_said(outcome)), 200, None, "application/json")

    def _take(self, name: str, plain: str | None, body: bytes) -> Outcome:
        if not plain:
            raise Unknown(TOKEN_NEEDED, name=name[:60])
        token = authenticate(self._gate, plain)
        token.require(f"ingest:{name[:60]}")
        one = self._open(name)
        take = take_upload if one.manifest.kind == "folder" else receive
        return take(self._house, self._gate, one, body, f"token:{token.name}")

    def _open(self, name: str) -> Connector:
        try:
            found = connector(self._house.home, name)
        except (NotFound, Invalid) as error:
            raise NotFound(NOT_OPEN, name=name[:60]) from error
        if found.manifest.kind not in ("push", "folder") or not found.own:
            raise NotFound(NOT_OPEN, name=name[:60])
        return found


def _said(outcome: Outcome) -> dict[str, object]:
    refused = [
        {"what": one.what, "value": one.shown, "reason": one.reason, "title": REASONS[one.reason].en}
        for one in outcome.refusals[:20]
    ]
    return {"taken": outcome.taken, "repeated": outcome.repeated, "refused": refused}


def routes(house: House, gate: Gate, written: Callable[[int], None]) -> list[BaseRoute]:
    """Give the routes that the data process mounts."""
    return [Route("/ingest/{name}", Door(house, gate, written).answer, methods=["POST"])]
