"""The doors of OGC API Features and EDR: thin, everything that blocks runs in a thread."""

from collections.abc import Awaitable, Callable, Sequence
from urllib.parse import quote, urlencode

import anyio.to_thread
from shapely import Point
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from allmende.apis.ogc import told, values
from allmende.apis.ogc.asked import Asked, bad, read, within
from allmende.apis.ogc.content import City, Station, city
from allmende.families.manifest import Manifest
from allmende.gate.door import Gate
from allmende.gate.query import Query
from allmende.kernel.errors import ErrorCode, NotFound
from allmende.kernel.ids import datastream_of_observation
from allmende.kernel.text import Text

NOTHING = ErrorCode(
    "ogc.nothing",
    Text("„{name}“ gibt es hier nicht.", "There is no “{name}” here."),
    Text("Was es gibt, steht unter /ogc/collections.", "What there is stands at /ogc/collections."),
)
PLACED = ("bbox", "datetime", "limit", "after", "f")
QUERIED = ("coords", "datetime", "parameter-name", "crs", "f")
NEAR_DEGREES = 0.05
Answer = Callable[[Request], Response]


class Doors:
    """The handlers, with the gate that they ask."""

    def __init__(self, gate: Gate, manifest: Manifest, public_url: str) -> None:
        self.gate, self.manifest, self.public_url = gate, manifest, public_url.rstrip("/")

    def _base(self, request: Request) -> str:
        return self.public_url or f"{request.url.scheme}://{request.url.netloc}"

    def _root(self, request: Request) -> str:
        return self._base(request) + self.manifest.prefix

    def _language(self, request: Request) -> str:
        return "en" if request.headers.get("accept-language", "").lower().startswith("en") else "de"

    def landing(self, request: Request) -> Response:
        """Give the landing page."""
        language = self._language(request)
        read(request.query_params, ("f",), ("json",))
        about = (self.manifest.title.within(language), self.manifest.description.within(language))
        return _json(told.landing(self._root(request), *about, f"{self._base(request)}/api/openapi.json"))

    def conformance(self, request: Request) -> Response:
        """Name what is conformed to."""
        read(request.query_params, ("f",), ("json",))
        return _json({"conformsTo": list(self.manifest.conformance)})

    def collections(self, request: Request) -> Response:
        """List the collections."""
        read(request.query_params, ("f",), ("json",))
        root, language, found = self._root(request), self._language(request), city(self.gate)
        listed = [told.collection(root, name, _stations(found, name), language) for name in told.TITLES]
        return _json({"links": [told.link(f"{root}/collections", "self")], "collections": listed})

    def collection(self, request: Request) -> Response:
        """Describe one collection."""
        read(request.query_params, ("f",), ("json",))
        name = _name(request)
        found = _stations(city(self.gate), name)
        return _json(told.collection(self._root(request), name, found, self._language(request)))

    def items(self, request: Request) -> Response:
        """Give a page of features."""
        name, asked = _name(request), read(request.query_params, PLACED, ("json", "GeoJSON"))
        found = city(self.gate)
        stations = [one for one in _stations(found, name) if within(asked.bbox, one.x, one.y)]
        here = f"{self._root(request)}/collections/{name}/items"
        matched: int | None = None
        if name == told.STATIONS:
            matched, start = len(stations), _start(asked)
            features = [told.station(one) for one in stations[start : start + asked.limit]]
            mark = str(start + asked.limit) if start + asked.limit < matched else ""
        else:
            features, mark = values.page(self.gate, found, stations, asked)
        links = [told.link(f"{here}?{request.url.query}".rstrip("?"), "self", told.GEOJSON)]
        links.append(told.link(f"{self._root(request)}/collections/{name}", "collection"))
        if mark:
            pairs = {**request.query_params, "after": mark}
            links.append(told.link(f"{here}?{urlencode(pairs)}", "next", told.GEOJSON))
        return _json(told.features(features, links, matched), told.GEOJSON)

    def item(self, request: Request) -> Response:
        """Give one feature."""
        read(request.query_params, ("f",), ("json", "GeoJSON"))
        name, key = _name(request), request.path_params["item"]
        found = city(self.gate)
        feature = self._station(found, key) if name == told.STATIONS else self._observation(found, name, key)
        here = f"{self._root(request)}/collections/{name}"
        address = f"{here}/items/{quote(key)}"
        links = [told.link(address, "self", told.GEOJSON), told.link(here, "collection")]
        return _json({**feature, "links": links}, told.GEOJSON)

    def _station(self, found: City, key: str) -> told.Json:
        one = next((one for one in found.stations if one.slug == key), None)
        if one is None:
            raise NotFound(NOTHING, name=key[:100])
        return told.station(one)

    def _observation(self, found: City, name: str, key: str) -> told.Json:
        number = int(key) if key.isascii() and key.isdecimal() and len(key) < 17 else 0
        stream = datastream_of_observation(number)
        for station in _stations(found, name):
            for one in station.series:
                if one.id == stream:
                    query = Query(kind="Observations", id=number, order=values.IN_TIME, top=1)
                    for record in self.gate.page(found.grant, query).records:
                        return values.item(station, one, record.value)
        raise NotFound(NOTHING, name=key[:100])

    def position(self, request: Request) -> Response:
        """Give what the station nearest to a point observes; nothing where none is near."""
        name, asked = self._queried(request)
        if not isinstance(asked.coords, Point):
            raise bad("coords", "ein POINT", "a POINT")
        found = city(self.gate)
        point = asked.coords
        near = sorted(_stations(found, name), key=lambda one: point.distance(Point(one.x, one.y)))[:1]
        chosen = [one for one in near if point.distance(Point(one.x, one.y)) <= NEAR_DEGREES]
        return self._values(found, chosen, asked)

    def area(self, request: Request) -> Response:
        """Give what the stations within an area observe."""
        name, asked = self._queried(request)
        if asked.coords is None or asked.coords.geom_type not in ("Polygon", "MultiPolygon"):
            raise bad("coords", "ein POLYGON", "a POLYGON")
        found = city(self.gate)
        shape = asked.coords
        chosen = [one for one in _stations(found, name) if shape.covers(Point(one.x, one.y))]
        return self._values(found, chosen, asked)

    def locations(self, request: Request) -> Response:
        """List the places for which values may be asked."""
        name, asked = _name(request, observed=True), read(request.query_params, PLACED, ("json", "GeoJSON"))
        found = [one for one in _stations(city(self.gate), name) if within(asked.bbox, one.x, one.y)]
        listed = [{**told.station(one), "id": one.slug} for one in found]
        here = f"{self._root(request)}/collections/{name}/locations"
        return _json(told.features(listed, [told.link(here, "self", told.GEOJSON)], len(listed)), told.GEOJSON)

    def location(self, request: Request) -> Response:
        """Give what one station observes."""
        name, asked = self._queried(request, place=False)
        found, key = city(self.gate), request.path_params["location"]
        chosen = [one for one in _stations(found, name) if one.slug == key]
        if not chosen:
            raise NotFound(NOTHING, name=key[:100])
        return self._values(found, chosen, asked)

    def _queried(self, request: Request, *, place: bool = True) -> tuple[str, Asked]:
        known = QUERIED if place else QUERIED[1:]
        name, asked = _name(request, observed=True), read(request.query_params, known, told.FORMS)
        if request.query_params.get("crs", "CRS84") not in ("CRS84", told.CRS84):
            raise bad("crs", "nur CRS84", "CRS84 only")
        return name, asked

    def _values(self, found: City, chosen: Sequence[Station], asked: Asked) -> Response:
        form = asked.form or "CoverageJSON"
        with self.gate.view():
            series = values.read(self.gate, found, chosen, asked)
        if form == "CSV":
            return Response(values.table(series), 200, _headers(), told.FORMS[form])
        content = values.coverages(series) if form == "CoverageJSON" else values.points(series)
        return _json(content, told.FORMS[form])


def _start(asked: Asked) -> int:
    if asked.after and not (asked.after.isascii() and asked.after.isdecimal() and len(asked.after) < 9):
        raise bad("after", "folgen Sie dem Verweis „next“", "follow the link “next”")
    return int(asked.after or 0)


def _name(request: Request, *, observed: bool = False) -> str:
    name = str(request.path_params["name"])
    if name not in told.TITLES or (observed and name == told.STATIONS):
        raise NotFound(NOTHING, name=name[:100])
    return name


def _stations(found: City, name: str) -> list[Station]:
    return list(found.stations) if name == told.STATIONS else found.of(simulated=name == told.MADE_UP)


def _headers() -> dict[str, str]:
    return {"Cache-Control": "public, no-cache", "Access-Control-Allow-Origin": "*", "Vary": "Accept-Language"}


def _json(content: told.Json, media: str = told.JSON) -> Response:
    return Response(values.written(content), 200, _headers(), media)


def _threaded(answer: Answer) -> Callable[[Request], Awaitable[Response]]:
    async def handler(request: Request) -> Response:
        return await anyio.to_thread.run_sync(answer, request)

    return handler


def routes(gate: Gate, manifest: Manifest, public_url: str, _house: object) -> list[BaseRoute]:
    """Give the routes that the data process mounts under the prefix."""
    doors, prefix = Doors(gate, manifest, public_url), manifest.prefix
    one = f"{prefix}/collections/{{name}}"
    paths: dict[str, Answer] = {
        prefix: doors.landing,
        f"{prefix}/": doors.landing,
        f"{prefix}/conformance": doors.conformance,
        f"{prefix}/collections": doors.collections,
        one: doors.collection,
        f"{one}/items": doors.items,
        f"{one}/items/{{item}}": doors.item,
        f"{one}/position": doors.position,
        f"{one}/area": doors.area,
        f"{one}/locations": doors.locations,
        f"{one}/locations/{{location}}": doors.location,
    }
    return [Route(path, _threaded(answer), methods=["GET"]) for path, answer in paths.items()]
