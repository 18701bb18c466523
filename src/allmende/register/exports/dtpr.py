"""The register as device chains of DTPR (Digital Trust for Places and Routines, helpfulplaces.com, CC BY 4.0).

Its first version of the device chain (elements of 29 August 2025) is the target: it stays, while the part about
algorithms changes every few weeks. What a sheet does not say is left out, never guessed; DTPR has no German, so the
German words are ours.
"""

from typing import Any

from allmende.ethics.decide import compile_rulebook
from allmende.ethics.vocabulary import terms_of
from allmende.kernel.text import LANGUAGES, Text
from allmende.register.exports.content import Register
from allmende.register.models import DataUse
from allmende.register.queries import SensorEntry

VERSION = "device@2025-08-29"
ATTRIBUTION = "Digital Trust for Places and Routines (DTPR), helpfulplaces.com, CC BY 4.0; German by Allmende"
# What measures, by the property that is observed; a weather station is an element of its own.
TECHNOLOGIES = {"weather-station": "weather_station"}
SENSES = {
    "air-temperature": "thermometer",
    "water-temperature": "thermometer",
    "surface-temperature": "thermometer",
    "soil-moisture": "soil_moisture_sensor",
    "water-level": "ultrasonic_level_sensor",
    "sound-level": "sound_level_meter",
}
READ, OBJECT = Text("Alles lesen", "Read everything"), Text("Widersprechen", "Object")
Element = dict[str, Any]


def _words(text: Text) -> list[dict[str, str]]:
    return [{"locale": language, "value": text.within(language)} for language in LANGUAGES]


def _element(name: str, priority: int, said: Text | None = None, variable: str = "additional_description") -> Element:
    variables = [{"id": variable, "value": _words(said)}] if said else []
    return {"element_id": name, "priority": priority, "variables": variables}


def _technology(entry: SensorEntry) -> list[str]:
    if entry.kind in TECHNOLOGIES:
        return [TECHNOLOGIES[entry.kind]]
    return sorted({SENSES[name] for name in entry.measures if name in SENSES})


def _access(register: Register, entry: SensorEntry, use: DataUse) -> list[str]:
    """Say who has access, as the rules decide it, not as somebody wrote it."""
    rules = compile_rulebook(register.book)
    open_to_all = all(
        rules.decide("publish", "open-data", category, "public", register.day).allowed for category in entry.categories
    )
    found = ["available_to_the_accountable_organization"]
    if open_to_all:
        found += ["available_to_me", "available_to_download"]
    if use.part("provider"):
        found.append("available_to_vendor")
    if {"partner", "research"} & {one.slug for one in use.recipients.all()}:
        found.append("available_to_3rd_parties")
    return found


def _processing(entry: SensorEntry) -> list[str]:
    """Say how data is coarsened before anybody reads it: what the rules' duties demand."""
    duties = [rule.duties for rule in entry.rules if rule.effect == "permit"]
    found = set()
    if any(one.time_grid_seconds or one.space_grid_metres for one in duties):
        found.add("aggregated")
    if any(one.minimum_persons or one.minimum_group for one in duties):
        found.add("k_anonymity")
    return sorted(found) or ["raw_data"]


def _actions(register: Register, entry: SensorEntry, use: DataUse) -> list[dict[str, Any]]:
    """Offer what people can do: read the page, object."""
    return [
        {"type": "url", "label": _words(READ), "target": register.sensor(entry.slug)},
        {"type": "form", "label": _words(OBJECT), "target": f"{register.base}/datenethik/einwand/?zu={use.slug}"},
    ]


def _chain(register: Register, entry: SensorEntry, use: DataUse) -> dict[str, Any]:
    """Write what one sensor does for one data use."""
    purpose = terms_of(use.purpose.slug, register.book)[1].removeprefix("purpose__")
    said = Text(
        f"{use.purpose.title.de}: {use.purpose.description.de}", f"{use.purpose.title.en}: {use.purpose.description.en}"
    )
    elements = [_element(purpose, 1, said)] if purpose else []
    institution = _element("institution", 2, use.part("responsible"))
    elements.append({**institution, "actions": _actions(register, entry, use)})
    if use.part("provider"):
        elements.append(_element("organization", 3, use.part("provider")))
    elements += [_element(name, 4, use.part("technology")) for name in _technology(entry)]
    elements.append(_element("values_time", 5, use.part("what")))
    if use.category.personal in ("personal", "special", "pseudonymous"):
        elements.append(_element("personal", 5, use.part("personal")))
    elements += [_element(name, 6) for name in (*_processing(entry), "immutable_query_ledger")]
    elements += [_element(name, 7) for name in _access(register, entry, use)]
    if retention := use.part("retention"):
        elements.append(_element("data_retained", 8, retention, "duration"))
    made = register.made.strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "id": f"{entry.slug}/{use.slug}",
        "title": _words(Text(entry.name, entry.name)),
        "description": _words(use.title),
        "schema_version": VERSION,
        "created_at": made,
        "elements": elements,
    }


def dtpr(register: Register) -> dict[str, Any]:
    """Write a chain for each sensor and data use."""
    return {
        "attribution": ATTRIBUTION,
        "datachains": [_chain(register, entry, use) for entry in register.entries for use in entry.data_uses],
    }
