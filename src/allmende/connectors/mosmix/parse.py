"""KML of MOSMIX, packed or not: one record for each station and step, with the time of issue."""

from xml.etree import ElementTree

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from allmende.connectors.replies import NOT_READABLE, Record, only_member
from allmende.kernel.errors import Invalid
from allmende.kernel.text import Text

LARGEST = 100_000_000
_DWD = "{https://opendata.dwd.de/weather/lib/pointforecast_dwd_extension_V1_0.xsd}"
_KML = "{http://www.opengis.net/kml/2.2}"


def records(body: bytes) -> list[Record]:
    """Give what is foretold: station, time, time of issue, and each element by its name."""
    text = only_member(body, "KMZ", _is_kml, LARGEST) if body.startswith(b"PK") else body
    try:
        root = fromstring(text, forbid_dtd=True)
    except DefusedXmlException as error:
        why = Text("Es enthält eine DTD, die nicht gelesen wird", "it holds a DTD, which is not read")
        raise _unreadable(why) from error
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise _unreadable(str(error)) from error
    issued = root.findtext(f".//{_DWD}IssueTime")
    steps = [(one.text or "").strip() for one in root.iter(f"{_DWD}TimeStep")]
    places = list(root.iter(f"{_KML}Placemark"))
    if issued is None or not steps or not places:
        raise _unreadable(Text("Ausgabe, Zeitschritte oder Orte fehlen", "issue, time steps or places are missing"))
    return [record for place in places for record in _place(place, issued.strip(), steps)]


def _place(place: ElementTree.Element, issued: str, steps: list[str]) -> list[Record]:
    station = (place.findtext(f"{_KML}name") or "").strip()
    found: list[Record] = [{"station": station, "time": step, "issued": issued} for step in steps]
    for element in place.iter(f"{_DWD}Forecast"):
        name = element.get(f"{_DWD}elementName") or ""
        values = (element.findtext(f"{_DWD}value") or "").split()
        if len(values) != len(steps):
            count = f"{station} {name}: {len(values)} / {len(steps)}"
            raise _unreadable(Text(f"Nicht so viele Werte wie Schritte: {count}", f"values and steps differ: {count}"))
        for record, value in zip(found, values, strict=True):
            record[name] = value
    return found


def _is_kml(name: str) -> bool:
    return name.lower().endswith(".kml")


def _unreadable(why: Text | str) -> Invalid:
    return Invalid(NOT_READABLE, form="KML", why=why)
