"""Addresses of the city, from its own or an open file, so that nobody else is asked where a house stands."""

from typing import ClassVar

from django.db import models


class Address(models.Model):
    """A house; ``key`` is the street as people may write it."""

    street = models.CharField(max_length=200)
    number = models.CharField(max_length=20, blank=True)
    town = models.CharField(max_length=100, blank=True)
    key = models.CharField(max_length=200)
    longitude = models.FloatField()
    latitude = models.FloatField()
    source = models.CharField(max_length=300)

    class Meta:
        """Looked up by street."""

        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["key", "number"], name="addresses_by_street")]

    def __str__(self) -> str:
        """Write it as on a letter, without the town."""
        return f"{self.street} {self.number}".strip()
