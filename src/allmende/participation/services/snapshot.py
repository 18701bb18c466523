"""Open data: everything that is public, written to files in one moment, row by row."""

import csv
import datetime as dt
import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from django.db import connection, transaction

from allmende.accounts.rules import SystemActor
from allmende.accounts.services import record
from allmende.gate.door import Gate
from allmende.kernel.clock import UTC
from allmende.participation.models import Comment, Contribution, ParagraphVersion, Process, Step
from allmende.participation.permission import CONTRIBUTIONS, OPEN_DATA, PANELS, VOTES, WORKSHOPS, Data, shut
from allmende.participation.queries import PUBLIC_STATES
from allmende.participation.services import dipas, snapshot_counts, snapshot_formal
from allmende.participation.shapes import wkt_of
from allmende.participation.vote_queries import groups, standings

FOLDER, KEPT, CHUNK = "open-data/participation", 3, 2_000
LICENCE = "CC BY 4.0"
LICENCE_TEXT = (
    "CC BY 4.0, https://creativecommons.org/licenses/by/4.0/\n\n"
    "Beiträge von Teilnehmenden; keine Aussage der Stadt. Contributions by participants; no statement of the city.\n"
)
# What a row carries for the file of places only.
GEOJSON = "_geojson"
FORMULA = ("=", "+", "-", "@", "\t", "\r")
ACTOR = SystemActor("system:participation")
# Each table: its columns with type and meaning, as schema.json tells them.
TABLES: dict[str, dict[str, str]] = {
    "processes": {
        "slug": "string: short name",
        "title_de": "string",
        "title_en": "string",
        "format": "string",
        "state": "string: open, closed, archived",
        "weight": "string: mood, recommendation, decision",
        "demonstration": "boolean: contributions are made up",
        "closes": "date: on which it closes itself if all is answered; empty where people close it, and once closed",
        "forgets": "date: on which addresses, names and what was hidden are deleted; empty where not known yet",
    },
    "contributions": {
        "number": "string: public number",
        "process": "string: processes.slug",
        "kind": "string: idea, need, proposal, suggestion, question",
        "title": "string",
        "body": "string",
        "language": "string",
        "category": "string",
        "group": "string",
        "tag": "string: idea, caution, conflict",
        "longitude": "number: WGS 84",
        "latitude": "number: WGS 84",
        "geometry": "string: point, line or area as WKT, WGS 84, longitude first; the point stands for line and area",
        "channel": "string: online, onsite, paper",
        "received": "date",
        "state": "string",
        "outcome": "string",
        "answered": "date",
        "due": "date: promised answer",
        "supports": "integer: empty for one to nine people",
        "paragraph": "integer",
        "base_version": "integer",
        "proposed": "string",
    },
    "comments": {
        "contribution": "string: contributions.number",
        "paragraph": "integer",
        "process": "string",
        "stance": "string: pro, contra, question",
        "body": "string",
        "language": "string",
        "day": "date",
    },
    "steps": {
        "contribution": "string: contributions.number",
        "at": "date-time",
        "state": "string",
        "outcome": "string",
        "office_de": "string",
        "note_de": "string",
        "note_en": "string",
        "project": "string",
    },
    "paragraphs": {
        "process": "string",
        "number": "integer",
        "version": "integer",
        "text_de": "string",
        "text_en": "string",
        "reason_de": "string",
        "at": "date-time",
    },
    "statements": {
        "process": "string",
        "number": "integer",
        "text_de": "string",
        "text_en": "string",
        "group": "string: empty for all",
        "agree": "integer: only where at least 10 people voted",
        "disagree": "integer",
        "passed": "integer",
    },
    **snapshot_counts.TABLES,
    **snapshot_formal.TABLES,
}
Row = dict[str, Any]
# What each table holds of the data that rules speak of; the others hold words of the city.
HOLDS = {
    **dict.fromkeys(("contributions", "comments", "steps", "dipas-contributions"), CONTRIBUTIONS),
    "contribution-channels": CONTRIBUTIONS,
    **dict.fromkeys(("statements", "ballot-channels", "budget-projects", "rankings", "pairs", "statement-ways"), VOTES),
    **dict.fromkeys(("survey-questions", "survey-answers"), VOTES),
    **dict.fromkeys(("panels", "panel-quotas"), PANELS),
    "workshops": WORKSHOPS,
}


def _day(at: dt.datetime | None) -> str | None:
    return at.astimezone(UTC).date().isoformat() if at else None


def _processes() -> Iterator[Row]:
    for one in Process.objects.filter(state__in=PUBLIC_STATES).order_by("pk").prefetch_related("phases"):
        row = {name: getattr(one, name) for name in TABLES["processes"]}
        yield row | {"closes": _day(one.closes), "forgets": _day(one.forgets)}


def _contributions() -> Iterator[Row]:
    rows = Contribution.objects.filter(visibility="shown", process__state__in=PUBLIC_STATES).order_by("pk")
    for one in rows.select_related("process", "category", "group", "paragraph").iterator(CHUNK):
        row = {name: getattr(one, name) for name in TABLES["contributions"] if hasattr(one, name)}
        yield row | {
            "process": one.process.slug,
            "category": one.category.slug if one.category else None,
            "group": one.group.slug if one.group else None,
            "paragraph": one.paragraph.number if one.paragraph else None,
            "geometry": wkt_of(one.geojson),
            GEOJSON: one.geojson,
            "supports": one.supported,
            "received": _day(one.received),
            "answered": _day(one.answered),
            "due": _day(one.due),
        }


def _comments() -> Iterator[Row]:
    rows = Comment.objects.filter(visibility="shown").order_by("pk")
    for one in rows.select_related("contribution__process", "paragraph__process").iterator(CHUNK):
        about = one.contribution or one.paragraph
        if about is None or about.process.state not in PUBLIC_STATES:
            continue
        if one.contribution and one.contribution.visibility != "shown":
            continue
        yield {
            "contribution": one.contribution.number if one.contribution else None,
            "paragraph": one.paragraph.number if one.paragraph else None,
            "process": about.process.slug,
            "stance": one.stance,
            "body": one.body,
            "language": one.language,
            "day": _day(one.at),
        }


def _steps() -> Iterator[Row]:
    rows = Step.objects.filter(contribution__visibility="shown", contribution__process__state__in=PUBLIC_STATES)
    for one in rows.order_by("pk").select_related("contribution").iterator(CHUNK):
        row = {name: getattr(one, name) for name in TABLES["steps"]}
        yield row | {"contribution": one.contribution.number, "at": one.at.astimezone(UTC).isoformat()}


def _paragraphs() -> Iterator[Row]:
    rows = ParagraphVersion.objects.filter(paragraph__process__state__in=PUBLIC_STATES).order_by("pk")
    for one in rows.select_related("paragraph__process").iterator(CHUNK):
        yield {
            "process": one.paragraph.process.slug,
            "number": one.paragraph.number,
            "version": one.version,
            "text_de": one.text_de,
            "text_en": one.text_en,
            "reason_de": one.reason_de,
            "at": one.at.astimezone(UTC).isoformat(),
        }


def _statements() -> Iterator[Row]:
    for process in Process.objects.filter(state__in=PUBLIC_STATES).prefetch_related("topics").order_by("pk"):
        names = ["", *(group.slug for group in groups(process))]
        for one in standings(process):
            for name, share in zip(names, (one.all, *one.groups), strict=True):
                yield {
                    "process": process.slug,
                    "number": one.statement.number,
                    "text_de": one.statement.text_de,
                    "text_en": one.statement.text_en,
                    "group": name,
                    "agree": share.agree if share else None,
                    "disagree": share.disagree if share else None,
                    "passed": share.passed if share else None,
                }


SOURCES = {
    "processes": _processes,
    "contributions": _contributions,
    "comments": _comments,
    "steps": _steps,
    "paragraphs": _paragraphs,
    "statements": _statements,
    **snapshot_counts.SOURCES,
    **snapshot_formal.SOURCES,
}


def _cell(value: object) -> object:
    """Keep text from becoming a formula in a spreadsheet."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def _write(folder: Path, name: str, rows: Iterator[Row]) -> int:
    """Write a table as CSV and as JSON lines, and places as GeoJSON; give the number of rows."""
    columns, count, encode = list(TABLES[name]), 0, msgspec.json.Encoder().encode
    with (
        (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as table,
        (folder / f"{name}.jsonl").open("wb") as lines,
        (folder / f"{name}.geojson").open("wb") as places,
    ):
        writer = csv.writer(table)
        writer.writerow(columns)
        places.write(b'{"type":"FeatureCollection","features":[')
        begun = False
        for row in rows:
            writer.writerow([_cell(row[column]) for column in columns])
            lines.write(encode({column: row[column] for column in columns}) + b"\n")
            feature = _feature(row)
            if feature is not None:
                places.write((b",\n" if begun else b"\n") + encode(feature))
                begun = True
            count += 1
        places.write(b"\n]}\n")
    if "longitude" not in columns:
        (folder / f"{name}.geojson").unlink()
    return count


def _feature(row: Row) -> Row | None:
    """Give a row at its place; None where it has none."""
    if row.get("longitude") is None:
        return None
    point = {"type": "Point", "coordinates": [row["longitude"], row["latitude"]]}
    about = {name: value for name, value in row.items() if name not in ("longitude", "latitude", "geometry", GEOJSON)}
    return {"type": "Feature", "geometry": row.get(GEOJSON, point), "properties": about}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def held_by(name: str) -> Data | None:
    """Give the data of the register that a file of a generation holds."""
    return HOLDS.get(name.partition(".")[0])


def _withheld(gate: Gate) -> dict[str, Row]:
    """Ask for each kind of data once; give the tables that stay away, each with the reason."""
    reasons = {data: shut(gate, OPEN_DATA, data) for data in dict.fromkeys(HOLDS.values())}
    found = {name: reasons[data] for name, data in HOLDS.items()}
    return {name: {"de": error.what.de, "en": error.what.en} for name, error in found.items() if error is not None}


def write_snapshot(home: Path, now: dt.datetime, gate: Gate) -> Path:
    """Write all files of one generation that the rules let out, and only then show them; older generations go."""
    generation = now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    folder = home / FOLDER
    made = folder / f".{generation}"
    shutil.rmtree(made, ignore_errors=True)
    made.mkdir(parents=True)
    withheld = _withheld(gate)
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        counts = {name: _write(made, name, source()) for name, source in SOURCES.items() if name not in withheld}
        for name, features in dipas.SOURCES.items():
            if name not in withheld:
                counts[name] = dipas.write(made / f"{name}.geojson", features())
    (made / "licence.txt").write_text(LICENCE_TEXT, encoding="utf-8")
    (made / "schema.json").write_bytes(msgspec.json.format(msgspec.json.encode(TABLES)))
    files = {path.name: _sha256(path) for path in sorted(made.iterdir())}
    manifest = {"generation": generation, "licence": LICENCE, "rows": counts, "withheld": withheld, "sha256": files}
    (made / "manifest.json").write_bytes(msgspec.json.format(msgspec.json.encode(manifest)))
    final = folder / generation
    shutil.rmtree(final, ignore_errors=True)
    made.rename(final)
    for old in sorted(path for path in folder.iterdir() if path.name[0] != ".")[:-KEPT]:
        shutil.rmtree(old, ignore_errors=True)
    record(ACTOR, "participation.snapshot_written", "participation", after={"generation": generation, "rows": counts})
    return final


def newest_snapshot(home: Path) -> Path | None:
    """Give the folder of the newest generation."""
    folder = home / FOLDER
    found = sorted(path for path in folder.iterdir() if path.name[0] != ".") if folder.is_dir() else []
    return found[-1] if found else None


def snapshot_facts(folder: Path) -> dict[str, Any]:
    """Give what a generation says of itself."""
    found: dict[str, Any] = msgspec.json.decode((folder / "manifest.json").read_bytes())
    return found
