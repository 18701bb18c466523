"""The log's files, its entries one by one, and their proofs; all of it is public, and none of it asks a rule."""

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from allmende.families.manifest import Manifest
from allmende.gate.door import Gate
from allmende.gate.ledger import Ledger
from allmende.kernel.errors import ErrorCode, NotFound
from allmende.kernel.text import Text
from allmende.ledger.files import CHECKPOINT, KEY

NO_FILE = ErrorCode(
    "ledger.no_file",
    Text("Im Protokoll gibt es {path} nicht.", "There is no {path} in the log."),
    Text(
        "Es gibt checkpoint, key, tile/…, entries/N, entries/N/proof und rulebooks/N.json.",
        "There are checkpoint, key, tile/…, entries/N, entries/N/proof and rulebooks/N.json.",
    ),
)
PAGE = "/datenethik/"
# A checkpoint is replaced at any time; what it covers never changes.
FLEETING, LASTING = "public, max-age=2", "public, max-age=31536000, immutable"
PLAIN, BYTES, JSON = "text/plain; charset=utf-8", "application/octet-stream", "application/json"


class Doors:
    """Answers for the files."""

    def __init__(self, gate: Gate) -> None:
        self.ledger = Ledger(gate)

    async def file(self, request: Request) -> Response:
        """Give a file of the log."""
        path = request.path_params["path"]
        found = await anyio.to_thread.run_sync(self.ledger.read, path)
        if found is None:
            raise NotFound(NO_FILE, path=path[:100])
        fleeting = path in (CHECKPOINT, KEY)
        media = PLAIN if fleeting else JSON if path.endswith(".json") else BYTES
        return Response(found, 200, {"Cache-Control": FLEETING if fleeting else LASTING}, media)

    async def entry(self, request: Request) -> Response:
        """Give one entry, byte for byte as it was hashed."""
        found = await anyio.to_thread.run_sync(self.ledger.entry, request.path_params["index"])
        return Response(found, 200, {"Cache-Control": LASTING}, JSON)

    async def proof(self, request: Request) -> Response:
        """Give the proof of an entry under the present checkpoint."""
        found = await anyio.to_thread.run_sync(self.ledger.proof, request.path_params["index"])
        return Response(found, 200, {"Cache-Control": FLEETING}, PLAIN)


async def _page(_request: Request) -> Response:
    return RedirectResponse(PAGE, 303)


def routes(gate: Gate, manifest: Manifest, _public_url: str, _house: object) -> list[BaseRoute]:
    """Give the routes that the data process mounts under the prefix."""
    doors, prefix = Doors(gate), manifest.prefix
    return [
        Route(prefix, _page, methods=["GET"]),
        Route(f"{prefix}/", _page, methods=["GET"]),
        Route(f"{prefix}/entries/{{index:int}}", doors.entry, methods=["GET"]),
        Route(f"{prefix}/entries/{{index:int}}/proof", doors.proof, methods=["GET"]),
        Route(f"{prefix}/{{path:path}}", doors.file, methods=["GET"]),
    ]
