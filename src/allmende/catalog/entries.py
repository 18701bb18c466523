"""Data sets as a catalogue tells of them, whatever slice they come from."""

import datetime as dt
import re
from typing import Literal

import msgspec

from allmende.kernel.text import Text

Kind = Literal["messwerte", "statistik", "programm", "beteiligung", "datenethik"]
KINDS: dict[Kind, Text] = {
    "messwerte": Text("Messwerte", "Observations"),
    "statistik": Text("Statistik", "Statistics"),
    "programm": Text("Programm", "Programme"),
    "beteiligung": Text("Beteiligung", "Participation"),
    "datenethik": Text("Datenethik", "Data ethics"),
}
LICENCES = "http://dcat-ap.de/def/licenses/"
UNKNOWN_LICENCE = "other-closed"
# How licences are written here → the code of DCAT-AP.de (list of licences of 2021-07-21).
_CODES = {
    "cc010": "cc-zero",
    "cc0": "cc-zero",
    "ccby40": "cc-by/4.0",
    "ccbysa40": "cc-by-sa/4.0",
    "dldeby20": "dl-by-de/2.0",
    "dldezero20": "dl-zero-de/2.0",
    "odbl10": "odbl",
    "dbcl10": "other-open",
}


class File(msgspec.Struct, frozen=True):
    """A form in which a data set can be fetched; ``path`` begins at the root of this installation."""

    name: str
    path: str
    form: str


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A data set; ``first`` and ``last`` are the days that it covers, ``area`` the bounds of its places.

    ``category`` is that of its observations, by which its value for others is told (EU 2023/138).
    """

    kind: Kind
    slug: str
    title: Text
    description: Text
    publisher: str
    licence: str
    files: tuple[File, ...]
    page: str
    theme: str = "GOVE"
    keywords: tuple[Text, ...] = ()
    licence_url: str = ""
    attribution: str = ""
    source_url: str = ""
    simulated: bool = False
    first: dt.date | None = None
    last: dt.date | None = None
    changed: dt.date | None = None
    area: tuple[float, float, float, float] | None = None
    category: str = ""

    @property
    def name(self) -> str:
        """Give the part of its address that is its own."""
        return f"{self.kind}/{self.slug}"

    @property
    def is_licensed(self) -> bool:
        """Tell whether somebody said under which terms it may be used."""
        return self.licence not in ("", "unknown")

    @property
    def words(self) -> str:
        """Give what a search looks at, in small letters."""
        texts = (self.title, self.description, *self.keywords)
        return " ".join([self.publisher, self.slug, *(word for text in texts for word in (text.de, text.en))]).lower()


def licence_code(licence: str) -> str:
    """Give the IRI of a licence in the list of DCAT-AP.de; one that is unknown permits nothing."""
    return LICENCES + _CODES.get(re.sub(r"[^a-z0-9]", "", licence.lower()), UNKNOWN_LICENCE)
