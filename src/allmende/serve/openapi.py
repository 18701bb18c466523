"""``/api/openapi.json``: all doors for programs, described in OpenAPI 3.1."""

from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec
import yaml
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

PATH, MEDIA = "/api/openapi.json", "application/vnd.oai.openapi+json;version=3.1"


def described() -> dict[str, Any]:
    """Read the description and add the version of the program."""
    tree: dict[str, Any] = yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8"))
    tree["info"]["version"] = version("allmende")
    return tree


@cache
def _document() -> bytes:
    return msgspec.json.encode(described())


async def _answer(_request: Request) -> Response:
    headers = {"Cache-Control": "public, max-age=300", "Access-Control-Allow-Origin": "*"}
    return Response(_document(), 200, headers, MEDIA)


def routes() -> list[Route]:
    """Give the route that the data process mounts."""
    return [Route(PATH, _answer, methods=["GET"])]
