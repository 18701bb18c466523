"""Writes of the catalogue."""

from django.db import transaction

from allmende.accounts.services import Actor, record
from allmende.catalog.content import DatasetEntry
from allmende.catalog.models import Dataset, Licence
from allmende.kernel.ids import slug_from_title


@transaction.atomic
def ensure_dataset(actor: Actor, *, entry: DatasetEntry) -> Dataset:
    """Add a dataset that is not there yet; one that is there keeps what the staff made of it."""
    known = Dataset.objects.filter(slug=entry.slug).first()
    if known is not None:
        return known
    licence, _ = Licence.objects.get_or_create(
        slug=slug_from_title(entry.licence), defaults={"title": entry.licence, "url": entry.licence_url}
    )
    dataset = Dataset.objects.create(
        slug=entry.slug,
        title_de=entry.title.de,
        title_en=entry.title.en,
        description_de=entry.description.de,
        description_en=entry.description.en,
        publisher=entry.publisher,
        licence=licence,
        attribution=entry.attribution,
        source_url=entry.source_url,
        simulated=entry.simulated,
        data_use=entry.data_use,
    )
    record(actor, "catalog.dataset_created", dataset, after={"slug": entry.slug})
    return dataset
