"""Enters what a mapping or a pack says about its dataset into the catalogue."""

from pathlib import Path

import msgspec

from allmende.accounts.rules import SystemActor
from allmende.catalog.content import DatasetEntry
from allmende.connectors.table.reading import read_mapping
from allmende.serve.settings import Settings
from allmende.serve.web import set_up_django
from allmende.sources.definition import Connector


class Datasets(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``datasets.yaml``."""

    datasets: tuple[DatasetEntry, ...]


def declare(settings: Settings, mapping_path: Path) -> None:
    """Enter the dataset of a mapping, with licence and attribution, unless it is there."""
    mapping = read_mapping(mapping_path)
    set_up_django()
    from allmende.catalog.services import ensure_dataset

    source = mapping.source
    entry = DatasetEntry(
        slug=mapping.dataset,
        title=mapping.title,
        description=mapping.description,
        publisher=source.publisher or source.attribution,
        licence=source.licence,
        attribution=source.attribution,
        source_url=source.url,
        data_use=mapping.data_use,
    )
    ensure_dataset(SystemActor("system:load"), entry=entry)


def take_addresses(settings: Settings, file: Path, source: str) -> int:
    """Put the addresses of a file in the place of those that are there; give their number."""
    set_up_django()
    from allmende.register.addresses import load_addresses

    return load_addresses(SystemActor("system:load"), file, source)


def declare_source(settings: Settings, connector: Connector) -> None:
    """Enter the dataset of a connector, with licence and attribution, unless it is there."""
    set_up_django()
    from django.db import close_old_connections

    from allmende.catalog.services import ensure_dataset

    # The thread of a worker lives on when the database has been away.
    close_old_connections()
    manifest, facts = connector.manifest, connector.manifest.data
    if facts is None:
        return
    entry = DatasetEntry(
        slug=connector.recipe.dataset,
        title=manifest.title,
        description=manifest.description,
        publisher=facts.publisher or facts.attribution,
        licence=facts.licence,
        attribution=facts.attribution,
        source_url=facts.url,
        simulated=connector.recipe.simulated,
        data_use=connector.recipe.data_use,
    )
    ensure_dataset(SystemActor("system:connector"), entry=entry)
