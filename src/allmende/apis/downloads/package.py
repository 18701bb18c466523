"""The description of a data set as a Data Package (version 2.0), its stations, and all of it as one file."""

import re
import zipfile
from collections.abc import Iterator
from typing import IO, Any, cast

import msgspec

from allmende.apis.downloads.content import DataSet
from allmende.apis.downloads.tables import csv_of
from allmende.apis.sensorthings.formats.table import Outlet
from allmende.gate.door import Gate

PROFILE = "https://datapackage.org/profiles/2.0/datapackage.json"
RESOURCE = "https://datapackage.org/profiles/2.0/dataresource.json"
SCHEMA = "https://datapackage.org/profiles/2.0/tableschema.json"
# What each column holds: type, and meaning.
FIELDS = {
    "station": ("string", "short name of the station, as in stations.geojson"),
    "observed": ("string", "observed property"),
    "unit": ("string", "unit of the value"),
    "simulated": ("boolean", "true where nothing was measured"),
    "datastream": ("integer", "number of the Datastream in SensorThings"),
    "time": ("datetime", "when, or the beginning of what lasts (UTC)"),
    "time_end": ("datetime", "end of what lasts (UTC)"),
    "value": ("number", "the result, if it is a number"),
    "text": ("string", "the result as JSON, if it is none"),
    "quality": ("string", "good, suspect, bad, missing; empty where nobody checked"),
}
# Licences that have a short name in the list of the Open Definition, and an address.
LICENCES = {
    "cc010": ("CC0-1.0", "https://creativecommons.org/publicdomain/zero/1.0/"),
    "ccby40": ("CC-BY-4.0", "https://creativecommons.org/licenses/by/4.0/"),
    "ccbysa40": ("CC-BY-SA-4.0", "https://creativecommons.org/licenses/by-sa/4.0/"),
    "dldeby20": ("DL-DE-BY-2.0", "https://www.govdata.de/dl-de/by-2-0"),
    "dldezero20": ("DL-DE-ZERO-2.0", "https://www.govdata.de/dl-de/zero-2-0"),
}


def descriptor(data: DataSet) -> dict[str, Any]:
    """Describe a data set."""
    known = LICENCES.get(re.sub(r"[^a-z0-9]", "", data.licence.lower()))
    fields = [{"name": name, "type": kind, "description": told} for name, (kind, told) in FIELDS.items()]
    return {
        "$schema": PROFILE,
        "name": data.slug,
        "title": data.slug,
        "description": "Simulated, nothing was measured." if data.simulated else "Observations.",
        **({"licenses": [{"name": known[0], "path": known[1]}]} if known else {}),
        **({"contributors": [{"title": data.attribution, "roles": ["creator"]}]} if data.attribution else {}),
        "resources": [
            {
                "$schema": RESOURCE,
                "name": "observations",
                "path": "observations.csv",
                "type": "table",
                "format": "csv",
                "mediatype": "text/csv",
                "encoding": "utf-8",
                "schema": {"$schema": SCHEMA, "fields": fields},
            },
            {
                "$schema": RESOURCE,
                "name": "stations",
                "path": "stations.geojson",
                "format": "geojson",
                "mediatype": "application/geo+json",
            },
        ],
    }


def stations(data: DataSet) -> dict[str, Any]:
    """Give the stations as features, as exact as the rules show their places."""
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "id": one.slug,
                "geometry": one.geometry,
                "properties": {
                    "name": one.name,
                    "description": one.description,
                    "position": one.position or None,
                    "observed": sorted({s.observed for s in data.streams if s.station == one.slug}),
                    "simulated": data.simulated,
                },
            }
            for one in data.stations
        ],
    }


def written(content: dict[str, Any]) -> bytes:
    """Write JSON."""
    return msgspec.json.format(msgspec.json.encode(content), indent=1)


def package_of(gate: Gate, data: DataSet) -> Iterator[bytes]:
    """Give description, stations and observations as one zip file, while it is written."""
    outlet = Outlet()
    with zipfile.ZipFile(cast("IO[bytes]", outlet), "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in (("datapackage.json", descriptor(data)), ("stations.geojson", stations(data))):
            archive.writestr(zipfile.ZipInfo(name), written(content), zipfile.ZIP_DEFLATED)
        with archive.open(zipfile.ZipInfo("observations.csv"), "w", force_zip64=True) as member:
            for block in csv_of(gate, data):
                member.write(block)
                yield outlet.fetch()
    yield outlet.fetch()
