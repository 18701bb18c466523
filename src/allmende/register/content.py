"""The form in which a pack brings its data ethics."""

import datetime as dt
from typing import Literal

import msgspec

from allmende.ethics.cases import Case
from allmende.ethics.model import Category, Principle, Purpose, Recipient, Rule, Rulebook
from allmende.ethics.sheets import State
from allmende.kernel.text import Text


class EthicsContent(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``ethics.yaml``."""

    principles: tuple[Principle, ...]
    purposes: tuple[Purpose, ...]
    categories: tuple[Category, ...]
    recipients: tuple[Recipient, ...]
    rules: tuple[Rule, ...]
    decision: str = ""
    cases: tuple[Case, ...] = ()

    @property
    def book(self) -> Rulebook:
        """Give the rules as a rule book."""
        return Rulebook(
            purposes=self.purposes,
            categories=self.categories,
            recipients=self.recipients,
            rules=self.rules,
            principles=self.principles,
        )


class DataUseEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A data sheet: what is collected, how, why, by whom, for how long; null is unknown.

    Where no end is decided, ``demonstration_days`` counts one from the founding, which is marked as such.
    """

    slug: str
    title: Text
    what: Text
    how: Text
    technology: Text
    why: str
    category: str
    personal: Text
    responsible: Text
    provider: Text | None = None
    legal_basis: Text | None = None
    retention: Text | None = None
    retention_days: int | None = None
    recipients: tuple[str, ...] = ()
    location: Text | None = None
    since: dt.date | None = None
    until: dt.date | None = None
    contact: Text | None = None
    source: str = ""
    source_url: str = ""
    note: Text | None = None
    state: State = "idea"
    decision: str = ""
    demonstration_days: int | None = None
    risk: Text | None = None
    screening: dict[str, Literal["yes", "no", "unknown"]] = {}
    assessment: str = ""


class DataUsesContent(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``data_uses.yaml``."""

    data_uses: tuple[DataUseEntry, ...]
