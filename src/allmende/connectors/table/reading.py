"""Reads a mapping and checks it whole; errors name the file and the field."""

from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
import yaml

from allmende.connectors.table.mapping import ZONE_IN_TIME, Mapping, Time, Value
from allmende.connectors.vocabulary import VOCABULARY
from allmende.kernel.errors import ErrorCode, Invalid, NotFound
from allmende.kernel.ids import slug_from_title
from allmende.kernel.text import Text
from allmende.kernel.units import UNITS

MAPPING_BYTES = 1_000_000

MAPPING_MISSING = ErrorCode(
    "table.mapping_missing",
    Text("Die Zuordnung {file} lässt sich nicht lesen.", "The mapping {file} cannot be read."),
    Text("Prüfen Sie Pfad und Leserecht.", "Check the path and the right to read it."),
)
MAPPING_SYNTAX = ErrorCode(
    "table.mapping_syntax",
    Text("Die Zuordnung {file} ist kein gültiges YAML: {reason}", "The mapping {file} is not valid YAML: {reason}"),
    Text("Berichtigen Sie die genannte Stelle.", "Correct the place named."),
)
MAPPING_FIELD = ErrorCode(
    "table.mapping_field",
    Text("Zuordnung {file}, Feld {field}: {reason}.", "Mapping {file}, field {field}: {reason}."),
    Text(
        "Berichtigen Sie dieses Feld; eine vollständige Zuordnung ist packs/konstanz/mappings/weather-2024.yaml.",
        "Correct this field; a complete mapping is packs/konstanz/mappings/weather-2024.yaml.",
    ),
)


def read_mapping(path: Path) -> Mapping:
    """Read and check a mapping; raise ``table.mapping_*`` naming the file and the field."""
    try:
        if path.stat().st_size > MAPPING_BYTES:
            raise Invalid(MAPPING_FIELD, file=path.name, field="$", reason="> 1 MB")
        tree = yaml.safe_load(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise NotFound(MAPPING_MISSING, file=path) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise Invalid(MAPPING_SYNTAX, file=path.name, reason=" ".join(str(error).split())) from error
    try:
        mapping = msgspec.convert(tree, Mapping)
    except msgspec.ValidationError as error:
        reason, _, field = str(error).partition(" - at `")
        raise Invalid(MAPPING_FIELD, file=path.name, field=field.rstrip("`") or "$", reason=reason) from error
    for field, reason in _faults(mapping):
        raise Invalid(MAPPING_FIELD, file=path.name, field=field, reason=reason)
    return mapping


def _faults(mapping: Mapping) -> list[tuple[str, str]]:
    return [
        *_time_faults(mapping.time),
        *_station_faults(mapping),
        *(fault for index, value in enumerate(mapping.values) for fault in _value_faults(index, value)),
        *_column_faults(mapping),
    ]


def _time_faults(time: Time) -> list[tuple[str, str]]:
    faults = []
    if not time.columns:
        faults.append(("$.time.columns", "at least one column is needed"))
    if time.interval_seconds <= 0:
        faults.append(("$.time.interval_seconds", "must be above 0"))
    if time.zone != ZONE_IN_TIME:
        try:
            ZoneInfo(time.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            faults.append(("$.time.zone", f"{time.zone!r} is no IANA zone such as Europe/Berlin or UTC"))
    return faults


def _station_faults(mapping: Mapping) -> list[tuple[str, str]]:
    faults = []
    if (mapping.station.column is None) == (mapping.station.thing is None):
        faults.append(("$.station", "give either column or thing"))
    for index, thing in enumerate(mapping.things):
        if thing.slug != slug_from_title(thing.slug):
            faults.append((f"$.things[{index}].slug", f"write it as {slug_from_title(thing.slug)!r}"))
        if not _on_globe(thing.longitude, thing.latitude):
            faults.append((f"$.things[{index}]", "longitude and latitude must both be on the globe, or both be absent"))
    return faults


def _on_globe(longitude: float | None, latitude: float | None) -> bool:
    if longitude is None or latitude is None:
        return longitude is latitude
    return -180 <= longitude <= 180 and -90 <= latitude <= 90


def _value_faults(index: int, value: Value) -> list[tuple[str, str]]:
    field = f"$.values[{index}]"
    faults = []
    if value.unit not in UNITS:
        faults.append((f"{field}.unit", f"{value.unit!r} is not a known UCUM code such as Cel, %, hPa, mm, m/s"))
    if not value.minimum < value.maximum:
        faults.append((f"{field}.minimum", "must be below maximum"))
    if value.observed not in VOCABULARY and not value.definition:
        faults.append((f"{field}.definition", f"{value.observed!r} is not in the vocabulary and needs a definition"))
    if value.counter is not None and value.counter.modulus <= 0:
        faults.append((f"{field}.counter.modulus", "must be above 0"))
    return faults


def _column_faults(mapping: Mapping) -> list[tuple[str, str]]:
    if not mapping.values:
        return [("$.values", "at least one value is needed")]
    columns = [*mapping.columns(), *(ignored.column for ignored in mapping.ignored)]
    observed = [value.observed for value in mapping.values]
    contents = [value.column for value in mapping.values]
    doubled = sorted({name for names in (columns, observed, contents) for name in names if names.count(name) > 1})
    return [("$.values", f"named twice: {', '.join(doubled)}")] if doubled else []
