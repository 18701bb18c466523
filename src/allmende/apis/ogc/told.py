"""The documents of the standards: landing page, conformance, collections, features."""

from collections.abc import Sequence
from typing import Any

from allmende.apis.ogc.content import Series, Station
from allmende.kernel.clock import iso_from_micros
from allmende.kernel.text import Text

Json = dict[str, Any]
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
GEOJSON, JSON, COVJSON, CSV = "application/geo+json", "application/json", "application/vnd.cov+json", "text/csv"
FORMS = {"CoverageJSON": COVJSON, "GeoJSON": GEOJSON, "CSV": f"{CSV}; charset=utf-8"}
OBSERVED, MADE_UP, STATIONS = "observations", "observations-simulated", "stations"
TITLES = {
    STATIONS: Text("Stationen", "Stations"),
    OBSERVED: Text("Messwerte", "Observations"),
    MADE_UP: Text("Messwerte (simuliert)", "Observations (simulated)"),
}
TOLD = {
    STATIONS: Text("Wo gemessen wird.", "Where is measured."),
    OBSERVED: Text("Gemessene Werte aller Stationen.", "Measured values of all stations."),
    MADE_UP: Text(
        "Zur Vorführung simulierte Werte; nichts davon wurde gemessen.", "Simulated; none of it was measured."
    ),
}


def link(href: str, rel: str, media: str = JSON, title: str = "") -> Json:
    """Give a link."""
    return {"href": href, "rel": rel, "type": media, **({"title": title} if title else {})}


def landing(root: str, title: str, description: str, definition: str) -> Json:
    """Give the landing page."""
    return {
        "title": title,
        "description": description,
        "links": [
            link(f"{root}/", "self"),
            link(definition, "service-desc", "application/vnd.oai.openapi+json;version=3.1"),
            link(f"{root}/conformance", "conformance"),
            link(f"{root}/collections", "data"),
        ],
    }


def _extent(stations: Sequence[Station]) -> Json:
    series = [one for station in stations for one in station.series]
    first = min((one.first for one in series if one.first is not None), default=None)
    last = max((one.last for one in series if one.last is not None), default=None)
    xs, ys = [one.x for one in stations] or [-180.0, 180.0], [one.y for one in stations] or [-90.0, 90.0]
    span = [None if first is None else iso_from_micros(first), None if last is None else iso_from_micros(last)]
    return {
        "spatial": {"bbox": [[min(xs), min(ys), max(xs), max(ys)]], "crs": CRS84},
        "temporal": {
            "interval": [span],
            "values": ["/".join(end or ".." for end in span)],
            "trs": "http://www.opengis.net/def/uom/ISO-8601/0/Gregorian",
        },
    }


def parameter(one: Series) -> Json:
    """Describe what is observed, as EDR does."""
    unit = {"value": one.unit or "1", "type": "http://www.opengis.net/def/uom/UCUM/"}
    return {
        "type": "Parameter",
        "observedProperty": {"id": one.definition or one.parameter, "label": one.name},
        "unit": {"label": one.symbol or "1", "symbol": unit},
    }


def covered(one: Series) -> Json:
    """Describe what is observed, as CoverageJSON does: its labels name their language."""
    found = parameter(one)
    for name in ("observedProperty", "unit"):
        found[name] = {**found[name], "label": {"de": found[name]["label"]}}
    return found


def parameters(stations: Sequence[Station]) -> Json:
    """Describe all that stations observe."""
    return {one.parameter: {**parameter(one), "id": one.parameter} for station in stations for one in station.series}


def collection(root: str, name: str, stations: Sequence[Station], language: str) -> Json:
    """Describe a collection."""
    here = f"{root}/collections/{name}"
    found: Json = {
        "id": name,
        "title": TITLES[name].within(language),
        "description": TOLD[name].within(language),
        "extent": _extent(stations),
        "crs": [CRS84],
        "links": [link(here, "self"), link(f"{here}/items", "items", GEOJSON)],
    }
    if name == STATIONS:
        return {**found, "parameter_names": {}}
    queries = {
        kind: {"link": {**link(f"{here}/{path}", "data", COVJSON), "variables": _variables(kind)}}
        for kind, path in (("position", "position"), ("area", "area"), ("locations", "locations"), ("items", "items"))
    }
    return {
        **found,
        "data_queries": queries,
        "output_formats": list(FORMS),
        "parameter_names": parameters(stations),
    }


def _variables(kind: str) -> Json:
    forms = ["GeoJSON"] if kind == "items" else list(FORMS)
    return {"title": kind, "query_type": kind, "output_formats": forms, "default_output_format": forms[0]}


def feature(one: Station, properties: Json) -> Json:
    """Give a station as a feature."""
    point = {"type": "Point", "coordinates": [one.x, one.y]}
    return {"type": "Feature", "id": one.slug, "geometry": point, "properties": properties}


def station(one: Station) -> Json:
    """Give a station with what it observes."""
    return feature(
        one,
        {
            "name": one.name,
            "description": one.description,
            "position": one.position or None,
            "observed": sorted({s.parameter for s in one.series if not s.simulated}),
            "simulated": sorted({s.parameter for s in one.series if s.simulated}),
        },
    )


def features(found: Sequence[Json], links: Sequence[Json], matched: int | None = None) -> Json:
    """Give a collection of features."""
    return {
        "type": "FeatureCollection",
        "features": list(found),
        "links": list(links),
        "numberReturned": len(found),
        **({} if matched is None else {"numberMatched": matched}),
    }
