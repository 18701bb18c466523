"""Rows that come and stay."""

from typing import Any, NoReturn

from django.db import models
from django.utils.translation import gettext_lazy as _

from allmende.kernel.clock import today


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
