"""A small client of SensorThings 1.1: it knows the standard and an address, and nothing of who answers."""

import itertools
from typing import Any
from urllib.parse import quote

import httpx

from tests.standards.sensorthings.conformance import PREFIX

Json = dict[str, Any]
MEASUREMENT = "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement"
COMPLEX = "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_ComplexObservation"
CELSIUS = {"name": "degree Celsius", "symbol": "°C", "definition": "https://ucum.org/ucum#Cel"}
PERCENT = {"name": "percent", "symbol": "%", "definition": "https://ucum.org/ucum#%25"}
SETS = (
    *("Things", "Locations", "HistoricalLocations", "Datastreams", "Sensors", "ObservedProperties", "Observations"),
    "FeaturesOfInterest",
)
_numbers = itertools.count(1)


def unique(word: str) -> str:
    """Give a name that no other test uses."""
    return f"{word} {next(_numbers)}"


def point(longitude: float = 9.17, latitude: float = 47.66) -> Json:
    """Give a GeoJSON point."""
    return {"type": "Point", "coordinates": [longitude, latitude]}


def thing(**more: Any) -> Json:
    """Give the body of a Thing."""
    return {"name": unique("Thing"), "description": "a thing of a test", **more}


def location(**more: Any) -> Json:
    """Give the body of a Location."""
    place = {"encodingType": "application/geo+json", "location": point()}
    return {"name": unique("Location"), "description": "a place of a test", **place, **more}


def room(**more: Any) -> Json:
    """Give the body of a Location in words: a Thing may have it beside one on the map."""
    return location(encodingType="text/plain", location="Room 3", **more)


def sensor(**more: Any) -> Json:
    """Give the body of a Sensor."""
    sheet = {"encodingType": "application/pdf", "metadata": "https://example.org/sheet.pdf"}
    return {"name": unique("Sensor"), "description": "a sensor of a test", **sheet, **more}


def observed_property(**more: Any) -> Json:
    """Give the body of an ObservedProperty."""
    definition = {"definition": "https://qudt.org/vocab/quantitykind/Temperature"}
    return {"name": unique("Property"), "description": "a property of a test", **definition, **more}


def feature(**more: Any) -> Json:
    """Give the body of a FeatureOfInterest."""
    place = {"encodingType": "application/geo+json", "feature": point()}
    return {"name": unique("Feature"), "description": "a feature of a test", **place, **more}


def link(number: Any) -> Json:
    """Give a link to an entity that is there already."""
    return {"@iot.id": number}


class Api:
    """A service under test: its root, a token that may write, and what it demands of a Datastream's properties.

    ``account`` is the name under which its broker knows the token, where MQTT 3.1.1 needs one.
    """

    def __init__(self, root: str, token: str, *, demanded: Json | None = None, account: str = "") -> None:
        self.root, self.token, self.account = root.rstrip("/"), token, account
        self.demanded = demanded or {}
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self.client = httpx.Client(headers=headers, timeout=20, limits=httpx.Limits(keepalive_expiry=2))

    def url(self, path: str) -> str:
        """Give the address of a path, which may be one already."""
        return path if path.startswith("http") else f"{self.root}/{path}" if path else self.root

    def get(self, path: str, **options: object) -> httpx.Response:
        """Ask for a path; options are written without their dollar sign."""
        query = "&".join(f"${name}={quote(str(value))}" for name, value in options.items())
        return self.client.get(self.url(path) + (f"?{query}" if query else ""))

    def body(self, path: str, **options: object) -> Json:
        """Ask for what has to be there."""
        answer = self.get(path, **options)
        assert answer.status_code == 200, f"GET {answer.url}: {answer.status_code} {answer.text}"
        found: Json = answer.json()
        return found

    def values(self, path: str, **options: object) -> list[Json]:
        """Give one page of a set."""
        found: list[Json] = self.body(path, **options)["value"]
        return found

    def ids(self, path: str, **options: object) -> list[Any]:
        """Give the ids of one page of a set."""
        return [entry["@iot.id"] for entry in self.values(path, **options)]

    def pages(self, path: str, **options: object) -> list[list[Json]]:
        """Follow the next links to the end."""
        answer = self.body(path, **options)
        found = [answer["value"]]
        while "@iot.nextLink" in answer:
            assert len(found) < 200, "the next links do not come to an end"
            answer = self.body(answer["@iot.nextLink"])
            found.append(answer["value"])
        return found

    def send(self, method: str, path: str, body: object = None, **headers: str) -> httpx.Response:
        """Send JSON, or nothing."""
        return self.client.request(method, self.url(path), json=body, headers=headers)

    def post(self, path: str, body: object) -> httpx.Response:
        """Send JSON to a set."""
        return self.send("POST", path, body)

    def make(self, path: str, body: object) -> str:
        """Create an entity; give its address."""
        answer = self.post(path, body)
        assert answer.status_code == 201, f"POST {path}: {answer.status_code} {answer.text}"
        address: str = answer.headers["location"]
        return address

    def create(self, path: str, body: object) -> Any:
        """Create an entity; give its id."""
        return self.body(self.make(path, body))["@iot.id"]

    def endpoint(self, requirement: str) -> str:
        """Read in the root where the broker of a requirement of MQTT listens."""
        endpoints: list[str] = self.body("")["serverSettings"][PREFIX + requirement]["endpoints"]
        return next(one for one in endpoints if one.startswith("mqtt://"))

    def datastream(self, **more: Any) -> Json:
        """Give the body of a Datastream with all it must be linked to, made in the same request unless named."""
        plain = {"name": unique("Datastream"), "description": "a series of a test", "observationType": MEASUREMENT}
        made = {"Thing": thing(), "Sensor": sensor(), "ObservedProperty": observed_property()}
        properties = {**self.demanded, **more.pop("properties", {})}
        return {**plain, "unitOfMeasurement": CELSIUS, "properties": properties, **made, **more}

    def multi(self, **more: Any) -> Json:
        """Give the body of a MultiDatastream of temperature and humidity."""
        plain = {"name": unique("MultiDatastream"), "description": "a series of pairs", "observationType": COMPLEX}
        types = {"multiObservationDataTypes": [MEASUREMENT, MEASUREMENT], "unitOfMeasurements": [CELSIUS, PERCENT]}
        made: Json = {"Thing": thing(), "Sensor": sensor()}
        made["ObservedProperties"] = [observed_property(), observed_property()]
        properties = {**self.demanded, **more.pop("properties", {})}
        return {**plain, **types, "properties": properties, **made, **more}

    def station(self, **more: Any) -> Any:
        """Create a Thing at a Location with one Datastream; give the Datastream's id."""
        place = thing(Locations=[location()])
        return self.create("Datastreams", self.datastream(Thing=place, **more))

    def observe(self, stream: Any, result: Any, time: str, **more: Any) -> Any:
        """Create an observation; give its id."""
        body = {"phenomenonTime": time, "result": result, "Datastream": link(stream), **more}
        return self.create("Observations", body)
