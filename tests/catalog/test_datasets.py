"""Datasets are entered once with their licence; what the staff made of them stays."""

import msgspec
import pytest

from allmende.accounts.models import AuditEntry
from allmende.accounts.rules import SystemActor
from allmende.catalog import queries
from allmende.catalog.content import DatasetEntry
from allmende.catalog.models import Dataset, Licence
from allmende.catalog.services import ensure_dataset
from allmende.kernel.text import Text

ACTOR = SystemActor("system:test")
ENTRY = DatasetEntry(
    slug="wetter",
    title=Text("Wetter", "Weather"),
    description=Text("Gemessen", "Measured"),
    publisher="Stadt",
    licence="CC-BY-4.0",
    licence_url="https://creativecommons.org/licenses/by/4.0/",
    attribution="Stadt Musterdorf",
)

pytestmark = pytest.mark.django_db


def test_a_dataset_is_entered_once_with_one_entry_in_the_trail() -> None:
    first = ensure_dataset(ACTOR, entry=ENTRY)
    again = ensure_dataset(ACTOR, entry=ENTRY)
    assert (first, Dataset.objects.count(), Licence.objects.count()) == (again, 1, 1)
    entry = AuditEntry.objects.get()
    assert (entry.verb, entry.label, entry.after) == ("catalog.dataset_created", "Wetter", {"slug": "wetter"})
    assert (first.title.en, first.description.de, first.licence.url) == ("Weather", "Gemessen", ENTRY.licence_url)


def test_what_the_staff_changed_is_not_overwritten() -> None:
    dataset = ensure_dataset(ACTOR, entry=ENTRY)
    dataset.publisher = "Stadtwerke"
    dataset.save()
    ensure_dataset(ACTOR, entry=msgspec.structs.replace(ENTRY, publisher="Land"))
    found = queries.dataset("wetter")
    assert found is not None
    assert found.publisher == "Stadtwerke"


def test_datasets_of_one_licence_share_it_and_measured_ones_come_first() -> None:
    ensure_dataset(ACTOR, entry=msgspec.structs.replace(ENTRY, slug="a-demo", simulated=True))
    ensure_dataset(ACTOR, entry=ENTRY)
    assert [(dataset.slug, dataset.licence.slug) for dataset in queries.datasets()] == [
        ("wetter", "cc-by-4-0"),
        ("a-demo", "cc-by-4-0"),
    ]
    assert queries.dataset("nichts") is None
