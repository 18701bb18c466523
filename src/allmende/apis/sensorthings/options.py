"""Query options of SensorThings 1.1 (18-088, clause 9.3), nested in ``$expand`` too."""

import re

import msgspec

from allmende.apis.sensorthings.grammar import read_filter, read_order
from allmende.apis.sensorthings.lex import fault
from allmende.gate.query import Expression, Order

KNOWN = ("$filter", "$orderby", "$top", "$skip", "$count", "$select", "$expand", "$skiptoken")
DEFAULT_TOP, GREATEST_TOP, DEEPEST_EXPAND = 100, 10_000, 5
_NAME = re.compile(r"[A-Za-z@][A-Za-z0-9_.@]*(/[A-Za-z0-9_.@-]+)*")


class Expand(msgspec.Struct, frozen=True):
    """A link to be shown with its entities, under options of its own."""

    name: str
    options: "Options"


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What a request asks of one entity set."""

    where: Expression | None = None
    order: tuple[Order, ...] = ()
    top: int = DEFAULT_TOP
    skip: int = 0
    count: bool = False
    select: tuple[str, ...] = ()
    expand: tuple[Expand, ...] = ()
    after: str | None = None


def _whole(option: str, text: str, greatest: int) -> int:
    if not re.fullmatch(r"\d{1,15}", text):
        raise fault(option, 1, f"„{text[:30]}“ ist keine ganze Zahl ab 0", f"“{text[:30]}” is no whole number from 0")
    if int(text) > greatest:
        raise fault(option, 1, f"höchstens {greatest} sind möglich", f"at most {greatest} is possible")
    return int(text)


def _truth(option: str, text: str) -> bool:
    if text not in ("true", "false"):
        raise fault(option, 1, "true oder false ist nötig", "true or false is needed")
    return text == "true"


def _names(option: str, text: str) -> tuple[str, ...]:
    names = []
    place = 1
    for part in text.split(","):
        name = part.strip()
        if not _NAME.fullmatch(name):
            raise fault(option, place, f"„{name[:30]}“ ist kein Name", f"“{name[:30]}” is no name")
        names.append(name)
        place += len(part) + 1
    return tuple(names)


def split_outside(text: str, mark: str) -> list[tuple[int, str]]:
    """Split at a mark that stands in no parentheses and no text; give place (from 1) and part."""
    parts, depth, quoted, start = [], 0, False, 0
    for place, sign in enumerate(text):
        if sign == "'":
            quoted = not quoted
        elif quoted:
            continue
        elif sign in "()":
            depth += 1 if sign == "(" else -1
        elif sign == mark and depth == 0:
            parts.append((start + 1, text[start:place]))
            start = place + 1
    return [*parts, (start + 1, text[start:])]


def _expand(text: str, depth: int) -> tuple[Expand, ...]:
    """Read ``Datastreams($select=name;$expand=Observations($top=1)),Locations`` and ``Datastreams/Thing``."""
    if depth > DEEPEST_EXPAND:
        raise fault("$expand", 1, f"mehr als {DEEPEST_EXPAND} Ebenen", f"more than {DEEPEST_EXPAND} levels")
    found: dict[str, Options] = {}
    for place, part in split_outside(text, ","):
        head, bracket, inner = part.strip().partition("(")
        if not _NAME.fullmatch(head):
            raise fault("$expand", place, f"„{head[:30]}“ ist kein Name", f"“{head[:30]}” is no name")
        if bracket and not inner.endswith(")"):
            raise fault("$expand", place + len(part), "hier fehlt „)“", "“)” is missing here")
        name, _, rest = head.partition("/")
        options = _nested(inner[:-1], depth) if bracket else Options()
        if rest:
            options = Options(expand=_expand(rest + (f"({inner}" if bracket else ""), depth + 1))
        if name in found:
            merged = (*found[name].expand, *options.expand)
            options = msgspec.structs.replace(found[name], expand=merged)
        found[name] = options
    return tuple(Expand(name, options) for name, options in found.items())


def _nested(text: str, depth: int) -> Options:
    pairs = {}
    for place, part in split_outside(text, ";"):
        if part.strip():
            key, sign, value = part.strip().partition("=")
            if not sign:
                raise fault("$expand", place, f"hinter „{key[:30]}“ fehlt =", f"= is missing behind “{key[:30]}”")
            pairs[key] = value
    return read_options(pairs, depth + 1)


def read_options(pairs: dict[str, str], depth: int = 0) -> Options:
    """Read all options of a request or of one ``$expand``; unknown ones are refused."""
    for name in pairs:
        if name not in KNOWN:
            raise fault(name[:40], 1, "diese Option gibt es nicht", "there is no such option")
    return Options(
        where=read_filter(pairs["$filter"]) if "$filter" in pairs else None,
        order=read_order(pairs["$orderby"]) if "$orderby" in pairs else (),
        top=_whole("$top", pairs["$top"], GREATEST_TOP) if "$top" in pairs else DEFAULT_TOP,
        skip=_whole("$skip", pairs["$skip"], 10**12) if "$skip" in pairs else 0,
        count=_truth("$count", pairs["$count"]) if "$count" in pairs else False,
        select=_names("$select", pairs["$select"]) if "$select" in pairs else (),
        expand=_expand(pairs["$expand"], depth) if "$expand" in pairs else (),
        after=pairs.get("$skiptoken"),
    )
