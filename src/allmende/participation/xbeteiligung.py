"""Messages about formal procedures: XBeteiligung 1.0 to 1.4 (XÖV), of which three say what concerns residents.

Read are kommunal.Initiieren.0401, kommunal.Aktualisieren.0402 and kommunal.Loeschen.0409, by the names of elements
without regard to their name spaces, which change from version to version. People, addresses and documents that a
message names are left where they are. Source: schema files xbeteiligung-kommunaleBauleitplanung.xsd and
xbeteiligung-baukasten.xsd of the XLeitstelle.
"""

import datetime as dt
import re
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

import msgspec

from allmende.kernel.clock import CIVIL_TIME
from allmende.kernel.errors import ErrorCode, Invalid
from allmende.kernel.text import Text
from allmende.participation.plain import plain_text
from allmende.participation.plan_area import Area, area_of

MOST_BYTES, MOST_ELEMENTS, DEEPEST = 5_000_000, 50_000, 100
LONGEST_NAME, LONGEST_ID, LONGEST_TEXT = 500, 200, 8_000
FOUND, UPDATED, DELETED = "0401", "0402", "0409"
# A sender's clock may run ahead; a message from far ahead would outdate all that follow.
AHEAD = dt.timedelta(days=1)
# Outside of them a slip of the pen, and calendars that end.
YEARS = range(2000, 2200)
_ROOT = re.compile(r"(?:kommunal\.\w+|planung2Beteiligung\.Beteiligung(?:Kommune)?\w+)\.(0401|0402|0409)")
_NUMBERED = re.compile(r"[\w.]+\.(\d{4})")
_DAY = re.compile(r"(\d{4}-\d{2}-\d{2})(?:Z|[+-]\d{2}:\d{2})?")
_ADDRESS = re.compile(r"https?://[^\s/@\\]+(?:[/?#]\S*)?", re.IGNORECASE)

UNREADABLE = ErrorCode(
    "participation.message_unreadable",
    Text("Die Nachricht lässt sich nicht lesen. {element}: {why}.", "The message cannot be read. {element}: {why}."),
    Text(
        "Nichts davon wurde übernommen. Bitten Sie den Absender um eine berichtigte Nachricht.",
        "Nothing of it was taken. Ask its sender for a corrected message.",
    ),
)
NO_XML = Text(
    "kein wohlgeformtes XML (Zeile {line}, Spalte {column})", "no well-formed XML (line {line}, column {column})"
)
TOO_LARGE = Text("größer als {limit} Bytes", "larger than {limit} bytes")
TOO_MUCH = Text("zu viele oder zu tief verschachtelte Elemente", "too many elements, or nested too deeply")
DECLARED = Text("eine DTD oder eine Entität ist nicht erlaubt", "a DTD or an entity is not allowed")
OTHER_KIND = Text(
    "diese Nachricht wird nicht gelesen; gelesen werden kommunal 0401, 0402 und 0409",
    "this message is not read; read are kommunal 0401, 0402 and 0409",
)
NO_MESSAGE = Text("keine Nachricht nach XBeteiligung", "no message of XBeteiligung")
OTHER_VERSION = Text(
    "Version {version} ist nicht bekannt; gelesen wird 1.x", "version {version} is not known; 1.x is read"
)
MISSING = Text("fehlt oder ist leer", "is missing or empty")
TOO_LONG = Text("länger als {limit} Zeichen", "longer than {limit} characters")
NO_DAY = Text("„{value}“ ist kein Tag (JJJJ-MM-TT)", "“{value}” is no day (YYYY-MM-DD)")
NO_TIME = Text("„{value}“ ist kein Zeitpunkt", "“{value}” is no point in time")
TOO_NEW = Text("{value} liegt in der Zukunft", "{value} lies in the future")
BACKWARDS = Text("das Ende {until} liegt vor dem Beginn {since}", "the end {until} is before the beginning {since}")
NO_ADDRESS = Text("„{value}“ ist keine Adresse mit http oder https", "“{value}” is no address with http or https")
NO_NUMBER = Text("„{value}“ ist keine Zahl ab 1", "“{value}” is no number from 1 on")


class Round(msgspec.Struct, frozen=True, kw_only=True):
    """A participation of the public: its id, step, number, and days, the last included; None is not told."""

    name: str = ""
    step: str = ""
    step_name: str = ""
    number: int | None = None
    begins: dt.date | None = None
    ends: dt.date | None = None
    note: str = ""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What a message says of a plan; ``public`` is None where it does not speak of the public."""

    title: str
    authority: str
    kind: str = ""
    kind_name: str = ""
    step: str = ""
    step_name: str = ""
    description: str = ""
    place: str = ""
    url: str = ""
    area: Area | None = None
    public: Round | None = None
    # The id of the participation of authorities, which a deletion may mean.
    authorities: str = ""


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """A message: which, when it was made, about which plan, what it says; a deletion names what it deletes."""

    kind: str
    uuid: str
    at: dt.datetime
    version: str
    plan_id: str
    plan: Plan | None = None
    deletes: str = ""
    hints: tuple[Text, ...] = ()


def read_message(body: bytes, now: dt.datetime) -> Message:
    """Read a message; refuses by naming the element and the reason."""
    root = _tree(body)
    kind, version = _kind_of(root), root.get("version", "").strip()
    if version and not re.match(r"1(\.|$)", version):
        raise fault("version", OTHER_VERSION.filled(version=version[:20]))
    head, content = _child(root, "nachrichtenkopf.g2g"), _child(root, "nachrichteninhalt")
    about = _child(head, "identifikation.nachricht", "nachrichtenkopf.g2g")
    uuid = _needed(about, "nachrichtenUUID", LONGEST_ID)
    at = _moment(_needed(about, "erstellungszeitpunkt", 40), now)
    if kind == DELETED:
        plan_id = _needed(content, "planID", LONGEST_ID)
        deletes = _text(content, "beteiligungsID", LONGEST_ID)
        return Message(kind=kind, uuid=uuid, at=at, version=version, plan_id=plan_id, deletes=deletes)
    inner = _child(content, "beteiligung", "nachrichteninhalt")
    area, hint = area_of(_text(inner, "geltungsbereich", MOST_BYTES))
    return Message(
        kind=kind,
        uuid=uuid,
        at=at,
        version=version,
        plan_id=_needed(inner, "planID", LONGEST_ID),
        plan=_plan(inner, area),
        hints=(hint,) if hint else (),
    )


def fault(element: str, why: Text) -> Invalid:
    """Give the refusal of a message."""
    return Invalid(UNREADABLE, element=element, why=why)


def _tree(body: bytes) -> Element:
    """Build the tree, by the names of elements alone; refuses a DTD in whatever encoding, and what never ends.

    The parser is asked itself, as a search for <!DOCTYPE in the bytes would miss it in UTF-16.
    """
    if len(body) > MOST_BYTES:
        raise fault("XML", TOO_LARGE.filled(limit=MOST_BYTES))
    builder, parser, seen, depth = TreeBuilder(), expat.ParserCreate(namespace_separator="}"), 0, 0

    def refuse(*_: object) -> None:
        raise fault("XML", DECLARED)

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal seen, depth
        seen, depth = seen + 1, depth + 1
        if seen > MOST_ELEMENTS or depth > DEEPEST:
            raise fault("XML", TOO_MUCH)
        builder.start(_local(name), {_local(key): value for key, value in attributes.items()})

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(_local(name))

    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = refuse
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = builder.data
    try:
        parser.Parse(body, True)
    except expat.ExpatError as error:
        raise fault("XML", NO_XML.filled(line=error.lineno, column=error.offset + 1)) from error
    except (LookupError, ValueError) as error:
        raise fault("XML", NO_XML.filled(line=1, column=1)) from error
    return builder.close()


def _local(name: str) -> str:
    return name.rpartition("}")[2]


def _kind_of(root: Element) -> str:
    found = _ROOT.fullmatch(root.tag)
    if found is not None:
        return found[1]
    raise fault(root.tag[:100], OTHER_KIND if _NUMBERED.fullmatch(root.tag) else NO_MESSAGE)


def _child(parent: Element, name: str, within: str = "") -> Element:
    found = parent.find(name)
    if found is None:
        raise fault(f"{within}/{name}" if within else name, MISSING)
    return found


def _words(parent: Element | None, name: str) -> str:
    found = None if parent is None else parent.find(name)
    return "" if found is None else (found.text or "").strip()


def _text(parent: Element | None, name: str, limit: int) -> str:
    words = _words(parent, name)
    if len(words) > limit:
        raise fault(name, TOO_LONG.filled(limit=limit))
    return words


def _needed(parent: Element, name: str, limit: int) -> str:
    words = " ".join(_text(parent, name, limit).split())
    if not words:
        raise fault(name, MISSING)
    return words


def _line(parent: Element | None, name: str) -> str:
    """Read words that stand on one line, without the tags that some senders put into them."""
    return " ".join(plain_text(_text(parent, name, LONGEST_NAME)).split())


def _prose(parent: Element, name: str) -> str:
    """Read words; what goes beyond all measure is cut, and says so."""
    words = plain_text(_words(parent, name))
    return words if len(words) <= LONGEST_TEXT else f"{words[: LONGEST_TEXT - 1].rstrip()}…"


def _first(parent: Element, *names: str) -> Element | None:
    return next((found for name in names if (found := parent.find(name)) is not None), None)


def _plan(inner: Element, area: Area | None) -> Plan:
    kind, step = (
        _first(inner, "planartKommunal", "planart"),
        _first(inner, "verfahrensschrittKommunal", "verfahrensschritt"),
    )
    public = inner.find("beteiligungOeffentlichkeit")
    title = _line(inner, "planname")
    if not title:
        raise fault("planname", MISSING)
    return Plan(
        title=title,
        authority=_authority(inner),
        kind=_text(kind, "code", LONGEST_ID),
        kind_name=_line(kind, "name"),
        step=_text(step, "code", LONGEST_ID),
        step_name=_line(step, "name"),
        description=_prose(inner, "beschreibungPlanungsanlass"),
        place=_prose(inner, "raeumlicheBeschreibung"),
        url=_address(inner, "beteiligungURL"),
        area=area,
        public=_round(public, step) if public is not None else _unnested(inner, step),
        authorities=_text(inner.find("beteiligungTOEB"), "beteiligungsID", LONGEST_ID),
    )


def _authority(inner: Element) -> str:
    """Give who is responsible by law; the schema nests the name twice."""
    who = _child(_child(inner, "akteurVorhaben", "beteiligung"), "veranlasser", "akteurVorhaben")
    name = _line(who.find("name"), "name") or _line(who, "name")
    if not name:
        raise fault("veranlasser/name", MISSING)
    return name


def _unnested(inner: Element, step: Element | None) -> Round | None:
    """Read a period that stands beside the plan, as before version 1.2."""
    return _round(inner, step) if inner.find("zeitraum") is not None else None


def _round(part: Element, step: Element | None) -> Round:
    formal = part.find("beteiligungKommunalOeffentlichkeitArt/beteiligungKommunalFormalOeffentlichkeit")
    informal = part.find("beteiligungKommunalOeffentlichkeitArt/beteiligungKommunalInformellOeffentlichkeit")
    which = next((one for one in (formal, informal) if one is not None), step)
    period = part.find("zeitraum")
    begins, ends = _day(period, "beginn"), _day(period, "ende")
    if begins and ends and ends < begins:
        raise fault("zeitraum", BACKWARDS.filled(since=begins, until=ends))
    return Round(
        name=_text(part, "beteiligungsID", LONGEST_ID),
        step="" if which is informal and which is not None else _text(which, "code", LONGEST_ID),
        step_name=_line(which, "name"),
        number=_number(part, "durchgang"),
        begins=begins,
        ends=ends,
        note=_line(period, "zusatz"),
    )


def _number(parent: Element, name: str) -> int | None:
    words = _text(parent, name, LONGEST_ID)
    if not words:
        return None
    if re.fullmatch(r"[1-9][0-9]{0,3}", words) is None:
        raise fault(name, NO_NUMBER.filled(value=words[:20]))
    return int(words)


def _day(parent: Element | None, name: str) -> dt.date | None:
    """Read a day; a time zone, which xs:date allows, changes nothing about it."""
    words = _words(parent, name)
    if not words:
        return None
    found = _DAY.fullmatch(words)
    try:
        day = dt.date.fromisoformat(found[1] if found else "")
    except ValueError:
        day = None
    if day is None or day.year not in YEARS:
        raise fault(f"zeitraum/{name}", NO_DAY.filled(value=words[:40]))
    return day


def _moment(words: str, now: dt.datetime) -> dt.datetime:
    """Read when a message was made; without a time zone it is civil time."""
    try:
        found = dt.datetime.fromisoformat(words)
    except ValueError:
        found = None
    if found is None or found.year not in YEARS:
        raise fault("erstellungszeitpunkt", NO_TIME.filled(value=words))
    at = found if found.tzinfo is not None else found.replace(tzinfo=CIVIL_TIME)
    if at > now + AHEAD:
        raise fault("erstellungszeitpunkt", TOO_NEW.filled(value=words))
    return at


def _address(parent: Element, name: str) -> str:
    """Read an address that a page may link to."""
    words = _text(parent, name, LONGEST_NAME)
    if words and _ADDRESS.fullmatch(words) is None:
        raise fault(name, NO_ADDRESS.filled(value=words[:60]))
    return words
