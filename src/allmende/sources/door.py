"""``/ingest/NAME``: sources that send by themselves, such as network servers for LoRaWAN, and files that are sent."""

import asyncio
import time
from functools import partial

import anyio.to_thread
import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from allmende.apis.sensorthings.carried import body_of, plain_token
from allmende.apis.sensorthings.ingest import Sender
from allmende.gate.door import Gate
from allmende.gate.tokens import authenticate
from allmende.kernel.errors import ErrorCode, Invalid, NotFound, Unknown
from allmende.kernel.text import Text
from allmende.sources.definition import Connector, connector
from allmende.sources.inbox import take_upload
from allmende.sources.intake import Intake
from allmende.sources.parse import REASONS
from allmende.sources.reception import Parcel
from allmende.sources.run import House
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
KNOWN_SECONDS, MOST_KNOWN = 1.0, 1_000


class Door:
    """Takes messages; a mended connector is in force within a second."""

    def __init__(self, house: House, gate: Gate, intake: Intake) -> None:
        self._house, self._gate, self._intake = house, gate, intake
        self._let_in: dict[tuple[str, str], tuple[float, Connector, Sender]] = {}

    async def answer(self, request: Request) -> Response:
        """Store a message, or say why not; what is answered with 200 is durable."""
        name = request.path_params["name"]
        plain = plain_token(request.headers.get("authorization", ""))
        body = await body_of(request.receive, request.headers.get("content-length", ""))
        connector, sender = await self._who(name, plain)
        if connector.manifest.kind == "folder":
            outcome = await anyio.to_thread.run_sync(partial(self._upload, connector, sender, body))
            return Response(msgspec.json.encode(_said(outcome)), 200, None, "application/json")
        told: asyncio.Future[Parcel] = asyncio.get_running_loop().create_future()

        def settle(parcel: Parcel) -> None:
            if not told.done():
                told.set_result(parcel)

        self._intake.put(Parcel(connector, sender, [("", body)]), settle)
        parcel = await told
        if parcel.error is not None:
            raise parcel.error
        return Response(msgspec.json.encode(_said(parcel.outcome)), 200, None, "application/json")

    async def _who(self, name: str, plain: str | None) -> tuple[Connector, Sender]:
        """Tell who sends to what; whether the token is still valid is told again by the commit."""
        if not plain:
            raise Unknown(TOKEN_NEEDED, name=name[:60])
        known = self._let_in.get((name, plain))
        if known is None or time.monotonic() - known[0] > KNOWN_SECONDS:
            found = await anyio.to_thread.run_sync(partial(self._look, name, plain))
            if len(self._let_in) >= MOST_KNOWN:
                self._let_in.clear()
            known = self._let_in[name, plain] = (time.monotonic(), *found)
        return known[1], known[2]

    def _look(self, name: str, plain: str) -> tuple[Connector, Sender]:
        scope = f"ingest:{name[:60]}"
        authenticate(self._gate, plain).require(scope)
        connector = self._open(name)
        return connector, Sender(plain, "", (scope,), connector.recipe.purpose)

    def _upload(self, connector: Connector, sender: Sender, body: bytes) -> Outcome:
        token = authenticate(self._gate, sender.plain)
        token.require(*sender.scopes)
        return take_upload(self._house, self._gate, connector, body, f"token:{token.name}")

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


def routes(house: House, gate: Gate, intake: Intake) -> list[BaseRoute]:
    """Give the routes that the data process mounts."""
    return [Route("/ingest/{name}", Door(house, gate, intake).answer, methods=["POST"])]
