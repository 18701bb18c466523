"""Sheets of one-time codes to be printed and cut apart: code, QR code and address, as PDF."""

import io
from collections.abc import Sequence
from pathlib import Path

import msgspec

TEMPLATE = Path(__file__).parent / "codes.typ"


class Sheet(msgspec.Struct, frozen=True):
    """What stands on each piece: title, one sentence, the address as it is typed; ``alt`` names the picture."""

    language: str
    title: str
    lead: str
    shown: str
    alt: str


def _picture(link: str) -> str:
    import segno

    drawn = io.BytesIO()
    segno.make(link, error="m", micro=False).save(drawn, kind="svg", border=0, xmldecl=False, dark="#131525")
    return drawn.getvalue().decode()


def draw(sheet: Sheet, codes: Sequence[tuple[str, str]]) -> bytes:
    """Lay out codes, each with the link that its QR code holds."""
    import typst

    pieces = [{"code": code, "picture": _picture(link)} for code, link in codes]
    content = msgspec.json.encode({**msgspec.to_builtins(sheet), "codes": pieces}).decode()
    page: bytes = typst.compile(str(TEMPLATE), format="pdf", sys_inputs={"sheet": content}, pdf_standards="ua-1")
    return page
