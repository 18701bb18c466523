"""Bringing a city's yearly statistics in: all tables that a pack describes, or none."""

import datetime as dt
import hashlib
from pathlib import Path

import msgspec
import yaml
from django.db import transaction

from allmende.accounts.services import Actor, record
from allmende.catalog.content import DatasetEntry
from allmende.catalog.services import ensure_dataset
from allmende.effects.models import Table, TableLoad
from allmende.effects.tables import BAD_SCHEMA, Cell, Schema, read_schema, read_table
from allmende.kernel.errors import ErrorCode, Invalid
from allmende.kernel.text import Text

NOTHING_DESCRIBED = ErrorCode(
    "statistics.none_described",
    Text("Dieses Stadtpaket beschreibt keine Tabellen.", "This city pack describes no tables."),
    Text(
        "Beschreiben Sie sie im Ordner statistics des Stadtpakets.",
        "Describe them in the folder statistics of the pack.",
    ),
)
NO_FILES = ErrorCode(
    "statistics.no_files",
    Text("In {folder} liegt keine der beschriebenen Dateien.", "None of the described files is in {folder}."),
    Text("Nennen Sie den Ordner, unter dem {example} liegt.", "Name the folder under which {example} lies."),
)


class Loaded(msgspec.Struct, frozen=True):
    """What a load did: tables that are new or changed, those that were the same, and files that are not there."""

    changed: tuple[str, ...]
    same: tuple[str, ...]
    missing: tuple[str, ...]


class Content(msgspec.Struct, frozen=True):
    """What a pack says about its statistics."""

    dataset: DatasetEntry
    schemas: tuple[Schema, ...]


def described(pack_folder: Path) -> Content:
    """Read a pack's descriptions of tables and of the dataset to which they belong."""
    about, folder = pack_folder / "statistics.yaml", pack_folder / "statistics"
    if not about.exists():
        raise Invalid(NOTHING_DESCRIBED)
    try:
        dataset = msgspec.convert(yaml.safe_load(about.read_text(encoding="utf-8")), DatasetEntry)
    except (msgspec.ValidationError, yaml.YAMLError) as error:
        raise Invalid(BAD_SCHEMA, file=about.name, place="$", reason=" ".join(str(error).split())) from error
    return Content(dataset, tuple(read_schema(path) for path in sorted(folder.glob("*.yaml"))))


def load_statistics(actor: Actor, *, content: Content, folder: Path, today: dt.date) -> Loaded:
    """Read all files first, then write all tables; a fault in one file loads none."""
    read: list[tuple[Schema, list[dict[str, Cell]], str]] = []
    missing = []
    for schema in content.schemas:
        path = folder / schema.file
        if not path.exists():
            missing.append(schema.file)
            continue
        read.append((schema, read_table(path, schema), hashlib.sha256(path.read_bytes()).hexdigest()))
    if not read:
        raise Invalid(NO_FILES, folder=folder, example=content.schemas[0].file if content.schemas else "–")
    return _write(actor, content, read, tuple(missing), today)


@transaction.atomic
def _write(
    actor: Actor,
    content: Content,
    read: list[tuple[Schema, list[dict[str, Cell]], str]],
    missing: tuple[str, ...],
    today: dt.date,
) -> Loaded:
    ensure_dataset(actor, entry=content.dataset)
    changed, same = [], []
    for position, (schema, rows, digest) in enumerate(read):
        known = _ensure_table(schema, content.dataset.slug, position)
        last = known.loads.first()
        form = msgspec.json.decode(msgspec.json.encode(schema))
        if last is not None and last.rows == rows and last.schema == form:
            same.append(schema.slug)
            continue
        TableLoad.objects.create(table=known, known_since=today, digest=digest, schema=form, rows=rows)
        changed.append(schema.slug)
    if changed:
        record(actor, "effects.statistics_loaded", "statistics", after={"tables": changed})
    return Loaded(tuple(changed), tuple(same), missing)


def _ensure_table(schema: Schema, dataset: str, position: int) -> Table:
    values = {
        "field": schema.field,
        "dataset": dataset,
        "schema": msgspec.to_builtins(schema),
        "position": position,
        "title_de": schema.title.de,
        "title_en": schema.title.en,
    }
    table, _ = Table.objects.update_or_create(slug=schema.slug, defaults=values)
    return table
