"""The base map of the interactive map: a PMTiles file in ranges, or tiles of a service passed on (and kept a while)."""

import re
from collections import OrderedDict

import httpx
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Route

from allmende.kernel.errors import Busy, ErrorCode, NotFound
from allmende.kernel.text import Text
from allmende.serve.settings import Settings
from allmende.ui.maps import BASEMAP_FILE, BASEMAP_TILES

NO_TILE = ErrorCode(
    "basemap.no_tile",
    Text("Diese Kachel gibt es nicht.", "There is no such tile."),
    Text("Prüfen Sie die Adresse in ALLMENDE_BASEMAP.", "Check the address in ALLMENDE_BASEMAP."),
)
SERVICE_SILENT = ErrorCode(
    "basemap.service_silent",
    Text("Der Kartendienst antwortet nicht: {why}.", "The tile service does not answer: {why}."),
    Text("Die gezeichnete Karte und die Liste bleiben.", "The drawn map and the list remain."),
)
DEEPEST_ZOOM, TILES_KEPT, LARGEST_TILE, DAY = 22, 2000, 2_000_000, 86_400


class TileService:
    """Fetches tiles for browsers, so that these ask nobody else, and keeps the newest in memory."""

    def __init__(self, template: str) -> None:
        self.template = template
        self.client = httpx.AsyncClient(timeout=10, headers={"User-Agent": "Allmende"})
        self.kept: OrderedDict[tuple[int, int, int], tuple[bytes, str]] = OrderedDict()

    async def answer(self, request: Request) -> Response:
        """Give a tile (web mercator, XYZ); raises NotFound outside the pyramid, Busy when the service fails."""
        z, x, y = (int(request.path_params[name]) for name in "zxy")
        if z > DEEPEST_ZOOM or max(x, y) >= 2**z:
            raise NotFound(NO_TILE)
        if (z, x, y) not in self.kept:
            self.kept[z, x, y] = await self._fetch(z, x, y)
            while len(self.kept) > TILES_KEPT:
                self.kept.popitem(last=False)
        body, media = self.kept[z, x, y]
        return Response(body, 200, {"Cache-Control": f"public, max-age={DAY}"}, media)

    async def _fetch(self, z: int, x: int, y: int) -> tuple[bytes, str]:
        address = self.template.replace("{z}", str(z)).replace("{x}", str(x)).replace("{y}", str(y))
        try:
            answer = await self.client.get(address, follow_redirects=True)
        except httpx.HTTPError as error:
            raise Busy(SERVICE_SILENT, why=type(error).__name__) from error
        media = answer.headers.get("content-type", "")
        if answer.status_code in {204, 404}:
            raise NotFound(NO_TILE)
        if answer.is_error or len(answer.content) > LARGEST_TILE or media.startswith("text/"):
            raise Busy(SERVICE_SILENT, why=f"HTTP {answer.status_code}")
        return answer.content, media


def routes(settings: Settings) -> list[BaseRoute]:
    """Give the path under which browsers get the base map; none without the setting."""
    if settings.basemap_kind == "service":
        path = re.sub(r"{(\w)}", r"{\1:int}", BASEMAP_TILES)
        return [Route(path, TileService(settings.basemap).answer, methods=["GET"])]
    if settings.basemap_kind == "file":

        async def file(_request: Request) -> Response:
            return FileResponse(settings.basemap, media_type="application/vnd.pmtiles")

        return [Route(BASEMAP_FILE, file, methods=["GET", "HEAD"])]
    return []
