"""OParl's objects as plain values: only what a decision needs, and nobody's name.

People, memberships, places and texts of papers are left where they are; an object that a server deleted comes once
more with nothing but its address.
"""

import datetime as dt
from typing import Any

import msgspec

from allmende.kernel.errors import ErrorCode, Invalid
from allmende.kernel.text import Text

PAPER, MEETING, ERROR = "Paper", "Meeting", "Error"
LONGEST = 500
NO_OPARL = ErrorCode(
    "council.no_oparl",
    Text("{url} antwortet nicht nach OParl: {why}", "{url} does not answer by OParl: {why}"),
    Text("Prüfen Sie die Adresse des Ratsinformationssystems.", "Check the address of the council's system."),
)
Tree = dict[str, Any]


class Paper(msgspec.Struct, frozen=True, kw_only=True):
    """A paper; of a deleted one only the address is known. ``items`` are addresses of items of agendas."""

    url: str
    name: str = ""
    reference: str = ""
    kind: str = ""
    day: dt.date | None = None
    web: str = ""
    file: str = ""
    modified: dt.datetime | None = None
    deleted: bool = False
    consultations: tuple[str, ...] = ()
    items: tuple[str, ...] = ()


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """An item of a meeting's agenda, with what came of it."""

    url: str
    meeting: str
    meeting_name: str = ""
    start: dt.datetime | None = None
    number: str = ""
    name: str = ""
    result: str = ""
    web: str = ""
    consultation: str = ""
    deleted: bool = False


class Listed(msgspec.Struct, frozen=True):
    """A page of a list: its objects, and the address of the next page."""

    objects: tuple[Tree, ...]
    following: str = ""


def tree_of(url: str, body: bytes) -> Tree:
    """Read a reply as an object; an error object of OParl is told as such."""
    try:
        tree = msgspec.json.decode(body)
    except msgspec.DecodeError as error:
        raise _not_oparl(url, str(error)) from error
    if not isinstance(tree, dict):
        raise _not_oparl(url, "no object")
    if kind_of(tree) == ERROR:
        raise _not_oparl(url, _text(tree, "message"))
    return tree


def listed(url: str, tree: Tree) -> Listed:
    """Read a page of a list."""
    data, links = tree.get("data"), tree.get("links")
    if not isinstance(data, list):
        raise _not_oparl(url, "no list “data”")
    following = _text(links, "next") if isinstance(links, dict) else ""
    return Listed(tuple(one for one in data if isinstance(one, dict)), following)


def link(url: str, tree: Tree, name: str) -> str:
    """Give the address of a list that has to be named."""
    found = _text(tree, name)
    if not found:
        raise _not_oparl(url, f"no “{name}”")
    return found


def kind_of(tree: Tree) -> str:
    """Give the kind of an object, whatever version of OParl its server speaks."""
    return _text(tree, "type").rpartition("/")[2]


def _not_oparl(url: str, why: str) -> Invalid:
    return Invalid(NO_OPARL, url=url[:100], why=why[:100])


def _text(tree: Tree, name: str) -> str:
    found = tree.get(name)
    return " ".join(found.split())[:LONGEST] if isinstance(found, str) else ""


def _moment(text: str) -> dt.datetime | None:
    """Read a time; one without an offset is no time."""
    try:
        found = dt.datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo is not None else None


def _day(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text[:10])
    except ValueError:
        return None


def _parts(tree: Tree, name: str) -> list[Tree]:
    found = tree.get(name)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _address(text: str) -> str:
    """Give an address that a page may link to."""
    return text if text.startswith(("https://", "http://")) else ""


def paper(tree: Tree) -> Paper | None:
    """Read a paper; nothing where the object is none."""
    url = _address(_text(tree, "id"))
    if not url or kind_of(tree) != PAPER:
        return None
    modified = _moment(_text(tree, "modified"))
    if tree.get("deleted") is True:
        return Paper(url=url, modified=modified, deleted=True)
    main = tree.get("mainFile")
    consultations = _parts(tree, "consultation")
    return Paper(
        url=url,
        name=_text(tree, "name"),
        reference=_text(tree, "reference"),
        kind=_text(tree, "paperType"),
        day=_day(_text(tree, "date")),
        web=_address(_text(tree, "web")),
        file=_address(_text(main, "accessUrl")) if isinstance(main, dict) else "",
        modified=modified,
        consultations=tuple(filter(None, (_text(one, "id") for one in consultations))),
        items=tuple(filter(None, (_text(one, "agendaItem") for one in consultations))),
    )


def items(tree: Tree) -> list[Item]:
    """Read the public items of a meeting's agenda; those of a meeting that was deleted go with it."""
    meeting = _text(tree, "id")
    if not meeting or kind_of(tree) != MEETING or tree.get("deleted") is True:
        return []
    return [_item(tree, one, meeting) for one in _parts(tree, "agendaItem") if _address(_text(one, "id"))]


def _item(tree: Tree, one: Tree, meeting: str) -> Item:
    url = _text(one, "id")
    if one.get("deleted") is True or one.get("public") is False:
        return Item(url=url, meeting=meeting, deleted=True)
    return Item(
        url=url,
        meeting=meeting,
        meeting_name=_text(tree, "name"),
        start=_moment(_text(tree, "start")),
        number=_text(one, "number"),
        name=_text(one, "name"),
        result=_text(one, "result"),
        web=_address(_text(one, "web")) or _address(_text(tree, "web")),
        consultation=_text(one, "consultation"),
    )


def modified_of(tree: Tree) -> dt.datetime | None:
    """Give when an object was changed last."""
    return _moment(_text(tree, "modified"))
