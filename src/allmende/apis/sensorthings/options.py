"""Query options of SensorThings 1.1 (18-088, clause 9.3), nested in ``$expand`` too."""

import re
from collections.abc import Iterable

import msgspec

from allmende.apis.sensorthings.grammar import Places, read_filter, read_order
from allmende.apis.sensorthings.lex import BAD_OPTION, Source, fault
from allmende.gate.query import Expression, Order
from allmende.kernel.errors import Malformed
from allmende.kernel.text import Text

KNOWN = ("$filter", "$orderby", "$top", "$skip", "$count", "$select", "$expand", "$skiptoken")
ELSEWHERE = ("$search", "$compute", "$levels")
DEFAULT_TOP, GREATEST_TOP, DEEPEST_EXPAND, MOST_EXPANDS = 100, 10_000, 5, 50
GREATEST_SKIP = 10**12
_NAME = re.compile(r"[A-Za-z@][A-Za-z0-9_.@]*(/[\w@.:-]+)*")


class NotSupported(Malformed):
    """An option that others know and this service does not."""

    status = 501


class Name(msgspec.Struct, frozen=True):
    """A name that a request uses, and where it stands."""

    text: str
    source: Source

    def fault(self, de: str, en: str) -> Exception:
        """Make the error that the name is wrong."""
        return self.source.fault(1, de, en)


class Expand(msgspec.Struct, frozen=True):
    """A link to be shown with its entities, under options of its own."""

    name: str
    options: "Options"
    source: Source = Source("$expand")


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What a request asks of one entity set; ``written`` are the options as they stood there."""

    where: Expression | None = None
    order: tuple[Order, ...] = ()
    top: int = DEFAULT_TOP
    skip: int = 0
    count: bool = False
    select: tuple[str, ...] = ()
    expand: tuple[Expand, ...] = ()
    after: str | None = None
    selected: tuple[Name, ...] = ()
    written: dict[str, str] = {}
    places: Places = msgspec.field(default_factory=Places)


def _whole(source: Source, text: str, greatest: int) -> int:
    if not re.fullmatch(r"[0-9]{1,15}", text):
        shown = text[:30]
        raise source.fault(1, f"„{shown}“ ist keine ganze Zahl ab 0", f"“{shown}” is no whole number from 0")
    if int(text) > greatest:
        raise source.fault(1, f"höchstens {greatest} sind möglich", f"at most {greatest} is possible")
    return int(text)


def _truth(source: Source, text: str) -> bool:
    if text not in ("true", "false"):
        raise source.fault(1, "true oder false ist nötig", "true or false is needed")
    return text == "true"


def _names(source: Source, text: str) -> tuple[Name, ...]:
    names = []
    place = 1
    for part in text.split(","):
        name = part.strip()
        if not _NAME.fullmatch(name):
            raise source.fault(place, f"„{name[:30]}“ ist kein Name", f"“{name[:30]}” is no name")
        blanks = len(part) - len(part.lstrip())
        names.append(Name(name, Source(source.option, source.before + place - 1 + blanks)))
        place += len(part) + 1
    return tuple(names)


def split_outside(text: str, mark: str) -> list[tuple[int, str]]:
    """Split at a mark that stands in no parentheses and no text; give place (from 1) and part, without blanks."""
    ends, depth, quoted = [], 0, False
    for place, sign in enumerate(text):
        if sign == "'":
            quoted = not quoted
        elif quoted:
            continue
        elif sign in "()":
            depth += 1 if sign == "(" else -1
        elif sign == mark and depth == 0:
            ends.append(place)
    starts = [0, *(end + 1 for end in ends)]
    parts = [(start, text[start:end]) for start, end in zip(starts, [*ends, len(text)], strict=True)]
    return [(start + len(part) - len(part.lstrip()) + 1, part.strip()) for start, part in parts]


class _Expands:
    """Reads ``Datastreams($select=name;$expand=Observations($top=1)),Locations`` and ``Datastreams/Thing``."""

    def __init__(self, source: Source, depth: int, places: Places) -> None:
        if depth > DEEPEST_EXPAND:
            raise source.fault(1, f"mehr als {DEEPEST_EXPAND} Ebenen", f"more than {DEEPEST_EXPAND} levels")
        self.source, self.depth, self.places = source, depth, places

    def read(self, text: str) -> tuple[Expand, ...]:
        """Read the value of an option."""
        parts = split_outside(text, ",")
        if len(parts) > MOST_EXPANDS:
            raise self.source.fault(1, f"mehr als {MOST_EXPANDS} Wege", f"more than {MOST_EXPANDS} links")
        return self._together(
            self._one(Source(self.source.option, self.source.before + place - 1), part) for place, part in parts
        )

    def _together(self, expands: Iterable[Expand]) -> tuple[Expand, ...]:
        found: dict[str, Expand] = {}
        for expand in expands:
            found[expand.name] = self._merged(found[expand.name], expand) if expand.name in found else expand
        return tuple(found.values())

    def _one(self, source: Source, part: str) -> Expand:
        head, bracket, inner = part.partition("(")
        if not _NAME.fullmatch(head):
            raise source.fault(1, f"„{head[:30]}“ ist kein Name", f"“{head[:30]}” is no name")
        if bracket and not inner.endswith(")"):
            raise source.fault(len(part), "hier fehlt „)“", "“)” is missing here")
        name, slash, _ = head.partition("/")
        if slash:
            behind = part[len(name) + 1 :]
            deeper = Source(source.option, source.before + len(name) + 1)
            return Expand(name, _options({"$expand": (deeper, behind)}, self.depth + 1, self.places), source)
        pairs = self._pairs(Source(source.option, source.before + len(head) + 1), inner[:-1]) if bracket else {}
        return Expand(name, _options(pairs, self.depth + 1, self.places), source)

    def _pairs(self, source: Source, text: str) -> dict[str, tuple[Source, str]]:
        pairs: dict[str, tuple[Source, str]] = {}
        for place, part in split_outside(text, ";"):
            if not part:
                continue
            key, sign, value = part.partition("=")
            if not sign:
                raise source.fault(place, f"hinter „{key[:30]}“ fehlt =", f"= is missing behind “{key[:30]}”")
            if key in pairs or key == "$skiptoken" or key not in KNOWN:
                raise source.fault(place, f"„{key[:30]}“ ist hier nicht möglich", f"“{key[:30]}” is not possible here")
            pairs[key] = (Source(source.option, source.before + place + len(key)), value)
        return pairs

    def _merged(self, one: Expand, other: Expand) -> Expand:
        """Put two ways over the same link together, such as ``Datastreams/Thing,Datastreams/Sensor``."""
        if set(other.options.written) - {"$expand"}:
            raise other.source.fault(1, f"„{other.name}“ steht zweimal da", f"“{other.name}” stands here twice")
        expand = self._together((*one.options.expand, *other.options.expand))
        ways = [options.written["$expand"] for options in (one.options, other.options) if "$expand" in options.written]
        written = {**one.options.written, **({"$expand": ",".join(ways)} if ways else {})}
        options = msgspec.structs.replace(one.options, expand=expand, written=written)
        return msgspec.structs.replace(one, options=options)


def read_options(pairs: dict[str, str]) -> Options:
    """Read all options of a request; unknown ones are refused."""
    for name in pairs:
        if name in ELSEWHERE:
            why = Text("diese Option wird hier nicht unterstützt", "this option is not supported here")
            raise NotSupported(BAD_OPTION, option=name, place=1, why=why)
        if name not in KNOWN:
            raise fault(name[:40], 1, "diese Option gibt es nicht", "there is no such option")
    return _options({name: (Source(name), value) for name, value in pairs.items()}, 0, Places())


def _options(pairs: dict[str, tuple[Source, str]], depth: int, places: Places) -> Options:
    """Read the options of a request or of one ``$expand``."""
    selected = _names(*pairs["$select"]) if "$select" in pairs else ()
    return Options(
        where=read_filter(*pairs["$filter"], places) if "$filter" in pairs else None,
        order=read_order(*pairs["$orderby"], places) if "$orderby" in pairs else (),
        top=min(_whole(*pairs["$top"], GREATEST_SKIP), GREATEST_TOP) if "$top" in pairs else DEFAULT_TOP,
        skip=_whole(*pairs["$skip"], GREATEST_SKIP) if "$skip" in pairs else 0,
        count=_truth(*pairs["$count"]) if "$count" in pairs else False,
        select=tuple(name.text for name in selected),
        expand=_Expands(pairs["$expand"][0], depth, places).read(pairs["$expand"][1]) if "$expand" in pairs else (),
        after=pairs["$skiptoken"][1] if "$skiptoken" in pairs else None,
        selected=selected,
        written={name: value for name, (_, value) in pairs.items()},
        places=places,
    )
