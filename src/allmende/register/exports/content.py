"""What every export is made of, and how texts are written in it."""

import datetime as dt
from typing import Any

import msgspec

from allmende.ethics.model import Rulebook
from allmende.kernel.text import Text
from allmende.register.models import DataUse
from allmende.register.queries import SensorEntry

PARTS = (
    *("what", "how", "technology", "personal", "responsible", "provider", "legal_basis", "retention"),
    *("location", "risk", "contact", "note"),
)


class Register(msgspec.Struct, frozen=True):
    """The register on a day: everything that measures, all data sheets, the rules; ``base`` is the portal's address."""

    base: str
    day: dt.date
    made: dt.datetime
    programme: str
    entries: tuple[SensorEntry, ...]
    uses: tuple[DataUse, ...]
    book: Rulebook

    def sensor(self, slug: str) -> str:
        """Give the address of a sensor's page."""
        return f"{self.base}/datenethik/register/{slug}/"


def both(text: Text | None) -> dict[str, str] | None:
    """Write a text in both languages; an unknown one as null."""
    return {"de": text.de, "en": text.en} if text else None


def sheet(use: DataUse) -> dict[str, Any]:
    """Write a data sheet whole; what is unknown is null."""
    return {
        "slug": use.slug,
        "title": both(use.title),
        "state": use.state,
        **{name: both(use.part(name)) for name in PARTS},
        "purpose": {"slug": use.purpose.slug, "title": both(use.purpose.title), "dpv": use.purpose.dpv or None},
        "category": {
            "slug": use.category.slug,
            "title": both(use.category.title),
            "personal": use.category.personal,
        },
        "recipients": [{"slug": one.slug, "title": both(one.title)} for one in use.recipients.all()],
        "retention_days": use.retention_days,
        "since": use.since.isoformat() if use.since else None,
        "until": use.until.isoformat() if use.until else None,
        "end_is_for_demonstration": use.demonstration,
        "assessment": use.assessment or None,
        "source": use.source or None,
        "source_url": use.source_url or None,
    }
