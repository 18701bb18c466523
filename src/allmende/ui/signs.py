"""Signs for the street: one A5 page in both languages with a code that leads to the page, as PDF or SVG."""

import io
import re
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import Literal

import msgspec

from allmende.kernel.text import Text
from allmende.ui.pictograms import pictogram

TEMPLATE = Path(__file__).parent / "sign.typ"
Form = Literal["pdf", "svg"]
MOST_LETTERS = 260


class Line(msgspec.Struct, frozen=True):
    """A question with its answer and the pictogram beside it."""

    pictogram: str
    question: Text
    answer: Text


class Sign(msgspec.Struct, frozen=True, kw_only=True):
    """What a sign says: over its name, its name, what is measured, the lines, where to read more."""

    language: str
    over: Text
    name: Text
    what: Text
    pictogram: str
    lines: tuple[Line, ...]
    more: Text
    spoken: Text
    link: str
    programme: str
    mark: Text | None = None


def shortened(text: str, letters: int = MOST_LETTERS) -> str:
    """Cut a text at the end of a sentence, or of a word, so that it fits on a sign."""
    if len(text) <= letters:
        return text
    sentences = text[:letters].rpartition(". ")[0]
    return f"{sentences}." if len(sentences) > letters / 3 else f"{text[:letters].rpartition(' ')[0]} …"


def short_text(text: Text, letters: int = MOST_LETTERS) -> Text:
    """Cut a text in both languages."""
    return Text(shortened(text.de, letters), shortened(text.en, letters))


def _code(link: str) -> str:
    """Draw the link as a QR code that stands a quarter of dirt."""
    import segno

    drawn = io.BytesIO()
    segno.make(link, error="q", micro=False).save(drawn, kind="svg", border=0, xmldecl=False, dark="#131525")
    return drawn.getvalue().decode()


@lru_cache(maxsize=32)
def draw(sign: Sign, form: Form) -> bytes:
    """Lay a sign out: as PDF that screen readers can read (PDF/UA-1), or as SVG whose letters need no fonts."""
    import typst

    names = {line.pictogram for line in sign.lines}
    content = {
        **msgspec.to_builtins(sign),
        "pictograms": {name: pictogram(name) for name in sorted(names)},
        "badge": pictogram(sign.pictogram, light=True),
        "code": _code(sign.link),
        "shown": re.sub("^https?://", "", sign.link),
    }
    inputs = {"sign": msgspec.json.encode(content).decode()}
    if form == "pdf":
        page: bytes = typst.compile(str(TEMPLATE), format="pdf", sys_inputs=inputs, pdf_standards="ua-1")
        return page
    drawn: bytes | list[bytes] = typst.compile(str(TEMPLATE), format="svg", sys_inputs=inputs)
    return _named(drawn if isinstance(drawn, bytes) else drawn[0], sign)


def _named(drawn: bytes, sign: Sign) -> bytes:
    """Say in words what the picture shows: its letters are outlines."""
    language = sign.language
    lines = [f"{line.question.within(language)} {line.answer.within(language)}" for line in sign.lines]
    name = escape(f"{sign.name.within(language)}: {sign.over.within(language)}")
    # Half a hundredth of a millimetre is enough for a printer, and halves the file.
    drawn = re.sub(rb"(\d\.\d\d)\d+", rb"\1", drawn)
    words = escape(" ".join([sign.what.within(language), *lines, sign.link]))
    return re.sub(rb"(<svg[^>]*>)", rf"\1<title>{name}</title><desc>{words}</desc>".encode(), drawn, count=1)
