"""Reads of the catalogue."""

from django.db.models import QuerySet

from allmende.catalog.models import Dataset


def datasets() -> QuerySet[Dataset]:
    """Give all datasets with their licences, measured ones first."""
    return Dataset.objects.select_related("licence")


def dataset(slug: str) -> Dataset | None:
    """Give a dataset, if there is one of this name."""
    return datasets().filter(slug=slug).first()
