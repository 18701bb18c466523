"""What somebody tries who knows how the program works, which series are hidden, and what could stand in them.

An attack is a list of requests; they are sent to both cities in the same order. The attacker knows both cities' truth,
so that whatever is asked of one hidden value is asked of its counterpart too.
"""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import msgspec

from allmende.kernel.clock import iso_from_micros
from tests.redteam.worlds import BLIND, COARSE, COUNTED, DAY, HOUR, LATE, MASKED, MINUTE, OPEN, SECRET, STREAMS, World

BASE = "/sensorthings/v1.1"
SETS = (
    *("Things", "Locations", "HistoricalLocations", "Sensors", "ObservedProperties", "Datastreams"),
    *("MultiDatastreams", "Observations", "FeaturesOfInterest"),
)
FORMS = ("dataArray", "CSV", "GeoJSON", "Arrow", "Parquet")
# What hidden results are in one city or the other, and what lies between.
BISECT = (11.25, 344.5, 400.0, 570.0, 840.0)
SECRETS = ("Farn", "Distel")
# An open value, by which whoever listens knows that what was done before has come through.
LAST = 7_000.0


class Request(msgspec.Struct, frozen=True):
    """One request; ``token`` names whose."""

    method: str
    path: str
    body: Any = None
    token: str = ""
    headers: dict[str, str] = {}


def _get(path: str, token: str = "", **headers: str) -> Request:
    return Request("GET", f"{BASE}/{path}", None, token, headers)


def _asked(path: str, **options: str) -> str:
    return f"{path}?" + "&".join(f"${name}={quote(value, safe='(),/$=')}" for name, value in options.items())


def _observations(world: World, category: str) -> list[int]:
    stream = world.ids[category]["Datastreams"]
    cells = [1 << 31 | (world.noon // HOUR + hour) for hour in range(3)]
    return [stream << 32 | number for number in (1, 6, 7, 8, 9, 17, 22, 24, *cells)]


def reading(world: World) -> Iterator[Request]:
    """Every set, every direct id, every way from an open neighbour, in every form."""
    for kind in SETS:
        yield _get(_asked(kind, count="true", top="200"))
    for number in range(1, 24):
        for kind in ("HistoricalLocations", "FeaturesOfInterest"):
            yield _get(f"{kind}({number})")
    for category, numbers in world.ids.items():
        yield from _around(numbers)
        if category in STREAMS:
            yield from _direct(world, category)
    yield from _expanded(world)


def _around(numbers: dict[str, int]) -> Iterator[Request]:
    for kind, number in numbers.items():
        here = f"{kind}({number})"
        for way in ("", "/$ref", *(f"/{way}" for way in _ways(kind))):
            yield _get(f"{here}{way}")
        yield _get(here, "winter")


def _ways(kind: str) -> tuple[str, ...]:
    return {
        "Things": ("Datastreams", "Locations", "HistoricalLocations", "MultiDatastreams", "Locations/$ref"),
        "Datastreams": (
            *("Observations?$count=true&$top=100", "Thing", "Sensor", "ObservedProperty", "name", "name/$value"),
            *("phenomenonTime", "Thing/Locations", "Observations/$ref?$count=true", "properties/word"),
        ),
        "Sensors": ("Datastreams", "metadata/$value", "MultiDatastreams"),
        "Locations": ("Things", "HistoricalLocations", "location", "location/coordinates"),
        "FeaturesOfInterest": ("Observations?$count=true", "feature", "name/$value"),
        "MultiDatastreams": ("Observations", "ObservedProperties", "unitOfMeasurements"),
        "ObservedProperties": ("Datastreams", "MultiDatastreams", "name"),
    }[kind]


def _direct(world: World, category: str) -> Iterator[Request]:
    numbers = _observations(world, category)
    for number in numbers:
        yield _get(f"Observations({number})")
    for number in (numbers[1], numbers[3]):
        for part in (
            "result",
            "result/$value",
            "parameters",
            "resultTime",
            "FeatureOfInterest",
            "Datastream",
            "former",
        ):
            yield _get(f"Observations({number})/{part}")
        yield Request("HEAD", f"{BASE}/Observations({number})")
        yield _get(f"Observations({number})", "winter")
    stream = world.ids[category]["Datastreams"]
    for form in FORMS:
        yield _get(f"Datastreams({stream})/Observations?$resultFormat={form}")
        yield _get(f"Datastreams({stream})/Observations?$resultFormat={form}&$filter=result%20gt%20{BISECT[1]}")
        yield _get(f"Observations?$resultFormat={form}&$filter=result%20gt%20{BISECT[1]}&$orderby=result%20desc&$top=3")
        yield _get(f"Datastreams({stream})?$resultFormat={form}")
    yield Request("OPTIONS", f"{BASE}/Datastreams({stream})")
    yield _get(f"Datastreams({stream})", **{"If-None-Match": "*"})
    yield _get(f"Datastreams({stream})/Observations?$skip=3&$top=3")


def _expanded(world: World) -> Iterator[Request]:
    thing, warmth = world.ids[OPEN]["Things"], 1
    for form in ("", "&$resultFormat=CSV", "&$resultFormat=GeoJSON"):
        yield _get(f"Observations?$top=500&$count=true&$expand=Datastream{form}")
        yield _get(f"Datastreams?$expand=Thing/Locations,Sensor,Observations{form}")
        yield _get(f"Things({thing})?$expand=Datastreams/Observations,Datastreams/Sensor,Locations{form}")
        yield _get(f"ObservedProperties({warmth})?$expand=Datastreams($expand=Observations;$count=true),"
                   f"MultiDatastreams{form}")  # fmt: skip
        yield _get(f"FeaturesOfInterest?$expand=Observations($top=50;$count=true){form}")
        yield _get(f"Locations?$expand=Things/Datastreams/Observations,HistoricalLocations/Thing{form}")
    yield _get("Datastreams?$expand=Observations($top=1;$orderby=phenomenonTime desc)")
    yield _get("Things?$expand=Datastreams($expand=Observations($filter=result gt 300;$count=true))")


def asking(world: World) -> Iterator[Request]:
    """Conditions that cut the hidden in two, orders by it, aggregates over it, errors that only it would make."""
    yield from _together(world)
    streams = [world.ids[category]["Datastreams"] for category in STREAMS]
    for value in BISECT:
        for test in (f"result gt {value}", f"result eq {value}", f"not (result lt {value})"):
            yield _get(_asked("Observations", filter=test, count="true", top="0"))
            yield _get(
                _asked("Datastreams", filter=f"Observations/{test}" if "not" not in test else test, count="true")
            )
        yield _get(_asked("Things", filter=f"Datastreams/Observations/result gt {value}", count="true"))
        yield _get(_asked("FeaturesOfInterest", filter=f"Observations/result gt {value}", count="true"))
        yield _get(_asked("Observations", filter=f"1 div (result sub {value}) gt 0", count="true", top="0"))
        yield _get(_asked("Observations", filter=f"Datastream/Thing/Datastreams/Observations/result gt {value}"))
    for depth in (0, 3, 50, 53):
        yield _get(_asked("Observations", filter=f"parameters/depth ge {depth}", count="true", top="0"))
        yield _get(_asked("Observations", filter=f"10 div (parameters/depth sub {depth}) gt 1", count="true"))
    for word in (*SECRETS, "arrays"):
        yield from _words(word)
    for kind in SETS:
        for key in _keys(kind):
            yield _get(_asked(kind, orderby=f"{key} desc", top="4", count="true"))
            yield _get(_asked(kind, orderby=key, top="3", skip="2"))
    for stream in streams:
        yield from _of_stream(world, stream)


def _together(world: World) -> Iterator[Request]:
    """Sums over all series, in which the hidden would be a part."""
    for groups in (
        "aggregate(result with sum as s,$count as n)",
        "groupby((Datastream/id),aggregate(result with max as h,$count as n))",
        "groupby((Datastream/Thing/id),aggregate(result with sum as s))",
        "groupby((day(phenomenonTime)),aggregate(result with sum as s,$count as n))",
        "groupby((parameters/depth),aggregate($count as n))",
    ):
        for first in ("", f"filter(result gt {BISECT[1]})/", f"filter(parameters/depth gt {BISECT[0]})/"):
            yield _get(f"Observations?$apply={quote(first + groups, safe='(),/$')}")


def _words(word: str) -> Iterator[Request]:
    for kind in SETS:
        if kind not in ("Observations", "HistoricalLocations"):
            yield _get(_asked(kind, filter=f"substringof('{word}',name)", count="true"))
            yield _get(_asked(kind, filter=f"properties/word eq '{word}' or startswith(description,'{word}')"))
    yield _get(_asked("Things", filter=f"substringof('{word}',Datastreams/name)", count="true"))
    yield _get(_asked("Things", filter=f"substringof('{word}',Datastreams/Sensor/name)", count="true"))
    yield _get(_asked("Locations", filter=f"substringof('{word}',Things/Datastreams/unitOfMeasurement/name)"))
    yield _get(_asked("ObservedProperties", filter=f"substringof('{word}',Datastreams/Thing/name)", count="true"))
    yield _get(_asked("ObservedProperties", filter=f"substringof('{word}',MultiDatastreams/name)", count="true"))
    yield _get(_asked("Things", filter=f"1 div (indexof(properties/slug,'{word.lower()}') sub 7) gt 0"))


def _keys(kind: str) -> tuple[str, ...]:
    if kind == "Observations":
        return ("result", "resultTime", "parameters/depth", "Datastream/name", "phenomenonTime", "id", "validTime")
    more = {"Things": (), "Datastreams": ("Thing/name", "phenomenonTime", "Sensor/name", "unitOfMeasurement/name")}
    return ("id",) if kind == "HistoricalLocations" else ("id", "name", "properties/slug", *more.get(kind, ()))


def _of_stream(world: World, stream: int) -> Iterator[Request]:
    here = f"Datastreams({stream})/Observations"
    for value in BISECT[1:4:2]:
        yield _get(_asked(here, filter=f"result gt {value}", count="true", top="0"))
    yield _get(_asked(here, orderby="result desc", top="2"))
    yield _get(_asked(here, orderby="resultTime desc", top="2"))
    for hours in (1, 2):
        since, until = iso_from_micros(world.noon + hours * HOUR), iso_from_micros(world.noon + (hours + 1) * HOUR)
        span = f"phenomenonTime ge {since} and phenomenonTime lt {until}"
        yield _get(_asked(here, filter=span, count="true"))
        yield _get(
            _asked(
                here, filter=f"{span} and phenomenonTime lt {iso_from_micros(world.noon + hours * HOUR + HOUR // 2)}"
            )
        )
    for unit in ("hour", "day"):
        groups = f"groupby((Datastream/id,{unit}(phenomenonTime)),aggregate(result with average as m,$count as n," \
                 "result with max as h,result with sum as s))"  # fmt: skip
        yield _get(f"{here}?$apply={groups.replace('Datastream/id,', '')}")
        yield _get(f"Observations?$apply=filter(Datastream/id%20eq%20{stream})/{groups}")
    yield _get(f"{here}?$apply=aggregate(result with average as m,$count as n)".replace(" ", "%20"))
    number = stream << 32
    yield _get(_asked("Observations", filter=f"id gt {number} and id lt {number + 99}", count="true", orderby="id"))


def batches(world: World) -> Iterator[Request]:
    """Many requests in one, with references from one to the next."""
    numbers = _observations(world, SECRET)
    parts: list[dict[str, Any]] = [
        {"id": str(place), "method": "get", "url": f"Observations({number})"} for place, number in enumerate(numbers)
    ]
    yield Request("POST", f"{BASE}/$batch", {"requests": parts})
    thing = world.ids[SECRET]["Things"]
    make = {"name": "Spion", "description": "", "properties": {}}
    chain: list[dict[str, Any]] = [
        {"id": "a", "method": "post", "url": "Things", "body": make, "atomicityGroup": "g"},
        {"id": "b", "method": "get", "url": "$a/Datastreams"},
        {"id": "c", "method": "get", "url": f"Things({thing})/Datastreams", "dependsOn": ["a"]},
        {"id": "d", "method": "patch", "url": f"Things({thing})", "body": {"name": "x"}, "atomicityGroup": "g"},
    ]
    yield Request("POST", f"{BASE}/$batch", {"requests": chain}, "gritter")


def writing(world: World) -> Iterator[Request]:
    """Write what would clash with, hang on or uncover what is hidden, as somebody who writes for another purpose."""
    yield from _sending(world)
    yield from _hanging(world)
    for category in (BLIND, SECRET, COARSE, "neighbour", "arrays"):
        for kind, number in world.ids[category].items():
            for token in ("gritter",) if category == BLIND else ("gritter", "winter"):
                for method, body in (("PATCH", {"name": "x"}), ("PUT", {"name": "x"}), ("DELETE", None)):
                    yield Request(method, f"{BASE}/{kind}({number})", body, token)
                    yield Request(method, f"{BASE}/{kind}({number})", body, token, {"If-Match": '"0"'})
        for number in _observations(world, category)[:3] if category in STREAMS else ():
            yield Request("PATCH", f"{BASE}/Observations({number})", {"result": 1}, "gritter")
            yield Request("DELETE", f"{BASE}/Observations({number})", None, "gritter")


def _sending(world: World) -> Iterator[Request]:
    """Send observations again that may be there, to series that may not be seen."""
    for category in (*STREAMS, "neighbour"):
        stream = world.ids[category]["Datastreams"]
        for value in (10.25, 343.5, 543.5, 1.0e7):
            for quarter in (0, 1):
                sent = {"phenomenonTime": iso_from_micros(world.noon + quarter * HOUR // 4), "result": value}
                yield Request("POST", f"{BASE}/Datastreams({stream})/Observations", sent, "gritter")
        arrays = {"components": ["phenomenonTime", "result"], "dataArray": [[iso_from_micros(world.noon), 343.5]]}
        block = [{"Datastream": {"@iot.id": stream}, **arrays}]
        yield Request("POST", f"{BASE}/CreateObservations", block, "gritter")
        yield Request("POST", f"{BASE}/Observations", {"result": [1, 2], "Datastream": {"@iot.id": stream}}, "gritter")
    number = world.ids["arrays"]["MultiDatastreams"]
    for name in ("Datastream", "MultiDatastream"):
        yield Request("POST", f"{BASE}/Observations", {"result": [1, 2], name: {"@iot.id": number}}, "gritter")
        yield Request("POST", f"{BASE}/Observations", {"result": 1, name: {"@iot.id": number}}, "gritter")


def _hanging(world: World) -> Iterator[Request]:
    """Hang something of one's own on what is hidden, and look whether that brings it to light."""
    own = world.ids[OPEN]["Datastreams"]
    for category in (SECRET, BLIND):
        for form in SECRETS:
            slug = f"{category}-{form.lower()}"
            thing = {"name": "Spion", "description": "", "properties": {"slug": f"{slug}-station"}}
            yield Request("POST", f"{BASE}/Things", thing, "gritter")
        hidden = world.ids[category]
        seen = {"phenomenonTime": iso_from_micros(world.noon - HOUR * hidden["Things"]), "result": 1.5}
        about = {"FeatureOfInterest": {"@iot.id": hidden["FeaturesOfInterest"]}}
        yield Request("POST", f"{BASE}/Datastreams({own})/Observations", {**seen, **about}, "gritter")
        yield _get(f"FeaturesOfInterest({hidden['FeaturesOfInterest']})")
        yield Request("PATCH", f"{BASE}/Observations({own << 32 | 2})", about, "gritter")
        yield _get(f"FeaturesOfInterest({hidden['FeaturesOfInterest']})")
        for name, kind in (("Thing", "Things"), ("Sensor", "Sensors")):
            links = {
                **{"Thing": {"@iot.id": world.ids[OPEN]["Things"]}, "Sensor": {"@iot.id": world.ids[OPEN]["Sensors"]}},
                **{"ObservedProperty": {"@iot.id": 1}, name: {"@iot.id": hidden[kind]}},
            }
            yield Request("POST", f"{BASE}/Datastreams", {**_series(), **links}, "gritter")
            yield _get(f"{kind}({hidden[kind]})")
        place: dict[str, Any] = {"name": "Spion", "description": "", "Locations": [{"@iot.id": hidden["Locations"]}]}
        yield Request("POST", f"{BASE}/Things", place, "gritter")
        link = {"@iot.id": hidden["Datastreams"]}
        parent: dict[str, Any] = {"name": "Spion", "description": "", "Datastreams": [link]}
        yield Request("POST", f"{BASE}/Things", parent, "gritter")
        yield Request("POST", f"{BASE}/Sensors({world.ids[OPEN]['Sensors']})/Datastreams", link, "gritter")


def _series() -> dict[str, Any]:
    return {
        "name": "Spion", "description": "", "unitOfMeasurement": {"name": "x", "symbol": "x", "definition": "x"},
        "observationType": "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement",
        "properties": {"category": "weather"},
    }  # fmt: skip


def insider(world: World) -> Iterator[Request]:
    """Write in a series into which one may write and not look: does an answer tell what stands beside?"""
    stream = world.ids[BLIND]["Datastreams"]
    for quarter, value in ((1, 345.0), (1, 545.0), (5, 700.0), (9, 10.0), (21, 349.0), (30, 352.0), (30, 552.0)):
        sent = {"phenomenonTime": iso_from_micros(world.noon + quarter * HOUR // 4 + 1_000_000), "result": value}
        yield Request("POST", f"{BASE}/Datastreams({stream})/Observations", sent, "station")
    number = _observations(world, BLIND)[0]
    patch = {"Content-Type": "application/json-patch+json"}
    for value in (343.5, 543.5):
        steps = [{"op": "test", "path": "/result", "value": value}]
        yield Request("PATCH", f"{BASE}/Observations({number})", steps, "station", patch)
    steps = [{"op": "copy", "from": "/result", "path": "/parameters/leak"}]
    yield Request("PATCH", f"{BASE}/Observations({number})", steps, "station", patch)
    place = world.ids[COARSE]["Locations"]
    for step in (
        {"op": "copy", "from": "/location", "path": "/properties/leak"},
        {"op": "move", "from": "/location", "path": "/properties/leak"},
        {"op": "test", "path": "/location/coordinates/0", "value": 9.12},
    ):
        yield Request("PATCH", f"{BASE}/Locations({place})", [step], "station", patch)
        yield _get(f"Locations({place})")
    for category in (COARSE, LATE, COUNTED, MASKED, BLIND):
        yield _get(f"Datastreams({world.ids[category]['Datastreams']})/Observations?$top=100", "station")


def deeds(world: World) -> Iterator[Request]:
    """What the city itself does, in the other one otherwise: it measures, corrects and deletes what is hidden."""
    more, begin = 200.0 * world.other, world.noon - DAY
    for category, token in ((SECRET, "office"), (BLIND, "station"), (MASKED, "station"), (COARSE, "station")):
        here = f"{BASE}/Datastreams({world.ids[category]['Datastreams']})/Observations"
        for place in range(2 if category != SECRET else 2 + world.other):
            sent = {"phenomenonTime": iso_from_micros(begin + place * MINUTE), "result": 350.0 + more + place}
            yield Request("POST", here, sent, token)
    late = {"phenomenonTime": iso_from_micros(world.noon + 3 * DAY - HOUR), "result": 20.0 + more}
    yield Request("POST", f"{BASE}/Datastreams({world.ids[LATE]['Datastreams']})/Observations", late, "station")
    coarse = world.ids[COARSE]["Datastreams"]
    slow = {"phenomenonTime": iso_from_micros(world.noon + 7 * MINUTE), "result": 350.0 + more}
    yield Request("POST", f"{BASE}/Datastreams({coarse})/Observations", slow, "station")
    # The first values of the fourth and the fifth hour; the other city has one value less before them.
    fourth, fifth = coarse << 32 | (11 - world.other), coarse << 32 | (15 - world.other)
    yield Request("PATCH", f"{BASE}/Observations({fourth})", {"result": 350.0 + more}, "station")
    yield Request("DELETE", f"{BASE}/Observations({fifth})", None, "station")
    secret = world.ids[SECRET]
    yield Request("PATCH", f"{BASE}/Things({secret['Things']})", {"name": f"Neu {world.word}"}, "office")
    yield Request("PATCH", f"{BASE}/Observations({secret['Datastreams'] << 32 | 2})", {"result": 1.0 + more}, "office")
    below = quote(f"phenomenonTime lt {iso_from_micros(world.noon + (1 + world.other) * HOUR)}")
    yield Request("DELETE", f"{BASE}/Datastreams({secret['Datastreams']})/Observations?$filter={below}", None, "office")
    for place in range(2):
        sent = {"phenomenonTime": iso_from_micros(begin + place * HOUR), "result": LAST + place}
        yield Request("POST", f"{BASE}/Datastreams({world.ids[OPEN]['Datastreams']})/Observations", sent, "station")


def differencing(world: World) -> Iterator[Request]:
    """Ask anew for cells that were told before something came late to them, was corrected in them or deleted."""
    hourly = "groupby((hour(phenomenonTime)),aggregate(result with sum as s,$count as n))"
    for category in (COARSE, COUNTED):
        stream = world.ids[category]["Datastreams"]
        here = f"Datastreams({stream})/Observations"
        for form in ("", *(f"&$resultFormat={form}" for form in FORMS)):
            yield _get(f"{here}?$count=true&$top=100{form}")
        for groups in (hourly, hourly.replace("hour", "day"), "aggregate(result with average as m,$count as n)"):
            yield _get(f"{here}?$apply={groups}".replace(" ", "%20"))
        for value in BISECT:
            yield _get(_asked(here, filter=f"result gt {value}", count="true", top="0"))
        yield _get(f"Datastreams({stream})?$expand=Observations($top=50;$count=true)")
        for number in _observations(world, category):
            yield _get(f"Observations({number})")
            yield _get(f"Observations({number})/former")


def pages(world: World) -> Iterator[Request]:
    """Pages, pictures and files of the portal, and the doors of the operation."""
    slugs = [f"{category}-station" for category in (OPEN, COARSE, LATE, COUNTED, MASKED)]
    slugs += [f"{category}-{word.lower()}-station" for category in (SECRET, BLIND) for word in SECRETS]
    for slug in slugs:
        here, shown = f"/daten/stationen/{slug}", slug.count("-") == 1
        yield Request("GET", f"{here}/")
        yield Request("GET", f"/en/datenethik/register/{slug}/")
        for name in ("woche.svg", "woche.csv", "jahr.svg", "tage.csv", "alle.csv") if shown else ("alle.csv",):
            yield Request("GET", f"{here}/air-temperature/{name}")
        if shown:
            yield Request("GET", f"{here}/klimatage.csv")
            yield Request("GET", f"{here}/air-temperature/alle.csv?datensatz={SECRET}")
    for path in (
        *("/", "/daten/", "/daten/datensaetze.csv", "/daten/karte/", "/daten/karte.csv", "/daten/klimatage/"),
        *("/daten/klimatage.csv", "/daten/klimatage/heisse-tage.svg", "/datenethik/", "/datenethik/register/"),
        *("/datenethik/register.csv", "/datenethik/regeln.csv", "/datenethik/einwaende/", "/wirkung/", "/wirkung.csv"),
        *(
            "/datenethik/sitzungen/",
            "/datenethik/sitzungen.csv",
            "/sitemap.xml",
            "/robots.txt",
            "/leichte-sprache/",
            "/mitmachen/",
            "/projekte/klimadatenplattform/",
        ),
        *("/health", "/intern/", BASE, f"{BASE}/", "/sensorthings/v1.1/nothing", "/datenethik/fassungen/2.json"),
    ):
        yield Request("GET", path)


def told(request: Request) -> str:
    """Write a request down, for whoever reads which of them told something."""
    body = "" if request.body is None else f" {json.dumps(request.body)[:200]}"
    return f"{request.method} {request.path}{body}{f' as {request.token}' if request.token else ''}"
