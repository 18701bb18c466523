"""Rows that come and stay."""

from typing import Any, NoReturn, TypeVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from allmende.kernel.clock import today

Row = TypeVar("Row", bound=models.Model, covariant=True)


class KeptRows(models.QuerySet[Row]):
    """Rows of which many at once can neither be changed nor deleted."""

    def update(self, **_values: Any) -> NoReturn:
        """Refuse."""
        raise TypeError("what was known of money is not changed")

    def delete(self) -> NoReturn:
        """Refuse."""
        raise TypeError("what was known of money is not deleted")


class Kept(models.Model):
    """A row that is never changed and never deleted; a correction is a new row."""

    known_since = models.DateField(_("bekannt seit"), default=today, editable=False)

    class Meta:
        """Columns only."""

        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Add a new row; refuse to change one."""
        if self.pk is not None:
            raise TypeError("what was known of money is not changed")
        super().save(*args, **kwargs)

    def delete(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        """Refuse."""
        raise TypeError("what was known of money is not deleted")
