"""Texts in both languages: from pairs of columns, and from the translations."""

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

from django.db import models
from django.utils.formats import date_format
from django.utils.functional import lazy
from django.utils.translation import get_language, override
from django.utils.translation import gettext_lazy as _

from allmende.kernel.text import Text


def pair(row: Any, name: str) -> Text | None:
    """Give the columns ``name_de`` and ``name_en`` as a text; None where one is empty, which means unknown."""
    de, en = getattr(row, f"{name}_de"), getattr(row, f"{name}_en")
    return Text(de, en) if de.strip() and en.strip() else None


def both(words: Callable[[], object]) -> Text:
    """Give what the translations say in both languages."""
    found = []
    for language in ("de", "en"):
        with override(language):
            found.append(str(words()))
    return Text(*found)


def choices_of(texts: Mapping[str, Text]) -> list[tuple[str, Any]]:
    """Make the choices of a column, whose names follow the language in use."""
    return [(name, _named(text)) for name, text in texts.items()]


def _in_use(text: Text) -> str:
    return text.within(get_language() or "de")


_named = lazy(_in_use, str)


def short_day(value: dt.date) -> str:
    """Write a day in figures, as the language in use does."""
    return date_format(value, "SHORT_DATE_FORMAT")


class Titled(models.Model):
    """A row with a title in both languages."""

    title_de = models.CharField(_("Titel (deutsch)"), max_length=200)
    title_en = models.CharField(_("Titel (englisch)"), max_length=200)

    class Meta:
        """Columns only."""

        abstract = True

    def __str__(self) -> str:
        """Give the title in the language in use."""
        return self.title.within(get_language() or "de")

    @property
    def title(self) -> Text:
        """Give the title in both languages."""
        return Text(self.title_de, self.title_en)


class Told(models.Model):
    """A row with a text in both languages."""

    text_de = models.TextField(_("Inhalt (deutsch)"))
    text_en = models.TextField(_("Inhalt (englisch)"))

    class Meta:
        """Columns only."""

        abstract = True

    @property
    def text(self) -> Text:
        """Give the text in both languages."""
        return Text(self.text_de, self.text_en)
