"""The door ``$batch``."""

from collections.abc import Awaitable, Callable

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response

from allmende.apis.sensorthings.batch import json_form, multipart
from allmende.apis.sensorthings.batch.run import Runner
from allmende.gate.door import Gate


class Batches:
    """Answers batches in the form in which they come: JSON, or multipart otherwise."""

    def __init__(self, gate: Gate, prefix: str, body: Callable[[Request], Awaitable[bytes]]) -> None:
        self.gate, self.prefix, self.body = gate, prefix, body

    async def answer(self, request: Request) -> Response:
        """Run the parts, and give an answer to each."""
        body = await self.body(request)
        content_type = request.headers.get("content-type", "")
        in_json = content_type.partition(";")[0].strip().lower() == "application/json"
        parts = await anyio.to_thread.run_sync(
            lambda: json_form.read(body) if in_json else multipart.read(content_type, body)
        )
        outcomes = await Runner(request, self.gate, self.prefix).run(parts)
        headers = {"Cache-Control": "no-store"}
        if in_json:
            return Response(json_form.write(outcomes), 200, headers, "application/json")
        written, media = multipart.write(outcomes)
        return Response(written, 200, headers, media)
