"""The doors of the downloads: thin, everything that blocks runs in a thread."""

from collections.abc import Callable, Iterator
from itertools import chain

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from allmende.apis.downloads.content import DataSet, dataset
from allmende.apis.downloads.package import descriptor, package_of, stations, written
from allmende.apis.downloads.tables import csv_of, parquet_of
from allmende.families.manifest import Manifest
from allmende.gate.door import Gate
from allmende.kernel.errors import ErrorCode, NotFound
from allmende.kernel.text import Text

Write = Callable[[Gate, DataSet], Iterator[bytes]]
NO_FILE = ErrorCode(
    "downloads.no_file",
    Text("Zu einem Datensatz gibt es keine Datei {name}.", "A data set has no file {name}."),
    Text("Es gibt {known}.", "There are {known}."),
)


def _once(write: Callable[[DataSet], dict[str, object]]) -> Write:
    return lambda _gate, data: iter([written(write(data))])


FILES: dict[str, tuple[str, Write]] = {
    "observations.csv": ("text/csv; charset=utf-8", csv_of),
    "observations.parquet": ("application/vnd.apache.parquet", parquet_of),
    "stations.geojson": ("application/geo+json", _once(stations)),
    "datapackage.json": ("application/json", _once(descriptor)),
    "package.zip": ("application/zip", package_of),
}


class Doors:
    """Answers for the files of data sets."""

    def __init__(self, gate: Gate) -> None:
        self.gate = gate

    async def file(self, request: Request) -> Response:
        """Give a file while it is written; what goes wrong before its first block is told as an error."""
        slug, name = request.path_params["slug"], request.path_params["name"]
        if name not in FILES:
            raise NotFound(NO_FILE, name=name[:60], known=", ".join(FILES))
        media, write = FILES[name]
        head = request.method == "HEAD"

        def begin() -> Iterator[bytes]:
            data = dataset(self.gate, slug)
            blocks = iter(()) if head else write(self.gate, data)
            return chain([next(blocks, b"")], blocks)

        blocks = await anyio.to_thread.run_sync(begin)
        headers = {
            "Content-Disposition": f'attachment; filename="{slug}-{name}"',
            "Cache-Control": "public, no-cache",
            "Access-Control-Allow-Origin": "*",
        }
        return StreamingResponse(blocks, 200, headers, media)


def routes(gate: Gate, manifest: Manifest, _public_url: str, _house: object) -> list[BaseRoute]:
    """Give the routes that the data process mounts under the prefix."""
    doors = Doors(gate)
    return [Route(f"{manifest.prefix}/{{slug}}/{{name}}", doors.file, methods=["GET"])]
