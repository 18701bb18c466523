"""Texts with numbered sections as accessible PDF (PDF/UA-1)."""

import datetime as dt
from functools import lru_cache
from math import isqrt
from pathlib import Path

import msgspec

TEMPLATE = Path(__file__).parent / "document.typ"


class Paragraph(msgspec.Struct, frozen=True):
    """A paragraph and the names of what it speaks of."""

    text: str
    about: str = ""


class Grid(msgspec.Struct, frozen=True):
    """A table of written cells with its title; columns of figures stand right."""

    title: str
    columns: tuple[str, ...]
    figures: tuple[bool, ...]
    rows: tuple[tuple[str, ...], ...]
    empty: str
    weights: tuple[int, ...] = ()

    def weighed(self) -> "Grid":
        """Give the table with a share of the width for each column: more for longer cells, but not in proportion."""
        columns = zip(self.columns, *self.rows, strict=True)
        return msgspec.structs.replace(self, weights=tuple(_weight(cells) for cells in columns))


def _weight(cells: tuple[str, ...]) -> int:
    """Give room for the longest word, which is not broken, and more where much is to be read."""
    word = max(len(word) for cell in cells for word in (cell.split(" ") or [""]))
    return max(word + 2, isqrt(min(max(map(len, cells)), 400)) * 2)


class Section(msgspec.Struct, frozen=True):
    """A numbered section."""

    number: str
    title: str
    depth: int
    paragraphs: tuple[Paragraph, ...]
    grids: tuple[Grid, ...] = ()


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """A document in one language: whose it is, its title, a short text, version and day, its sections.

    With a day it is dated so, and the same document gives the same bytes.
    """

    language: str
    title: str
    over: str
    summary: str
    stamp: str
    contents: str
    sections: tuple[Section, ...]
    day: dt.date | None = None
    wide: bool = False


@lru_cache(maxsize=8)
def draw_document(document: Document) -> bytes:
    """Lay the document out."""
    import typst

    inputs = {"document": msgspec.json.encode(document).decode()}
    page: bytes = typst.compile(str(TEMPLATE), format="pdf", sys_inputs=inputs, pdf_standards="ua-1")
    return page
