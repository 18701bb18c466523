"""Connectors as folders: ours, and the city's own under ``connectors`` in the home folder; read and checked."""

import re
from collections.abc import Iterator
from difflib import get_close_matches
from functools import cache, lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
import yaml

from allmende.apis.sensorthings.mqtt.session import read_broker
from allmende.connectors.table.mapping import ZONE_IN_TIME, Mapping
from allmende.connectors.table.reading import read_mapping
from allmende.connectors.vocabulary import VOCABULARY
from allmende.families.manifest import Finding, Manifest, Unreadable, read_manifest
from allmende.families.registry import Member, load, members
from allmende.kernel.errors import ErrorCode, Invalid, NotFound
from allmende.kernel.ids import slug_from_title
from allmende.kernel.text import Text
from allmende.kernel.units import UNITS
from allmende.sources.mapped import recipe_of
from allmende.sources.parse import Parser, Split
from allmende.sources.paths import steps
from allmende.sources.recipe import LINK, PART, RECEIVED, STATION, Recipe, Request, Subscription, Value

FAMILY = "connectors"
RECIPE, MAPPING = "source.yaml", "mapping.yaml"
# More than any city has: with fewer than it has, all would be read again and again.
MOST_KEPT = 5_000
NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,58}[a-z0-9])?")

BROKEN = ErrorCode(
    "source.broken",
    Text("{file}: {field}: {reason}", "{file}: {field}: {reason}"),
    Text(
        "Berichtigen Sie die Datei; docs/reference/connectors.md nennt alle Felder.",
        "Correct the file; docs/reference/connectors.md lists all fields.",
    ),
)
UNKNOWN = ErrorCode(
    "source.unknown",
    Text("Es gibt keinen Konnektor „{name}“.", "There is no connector “{name}”."),
    Text(
        "Vorhanden sind: {known}. Legen Sie einen an: allmende new connector {name}",
        "There are: {known}. Make one: allmende new connector {name}",
    ),
)


class Connector(msgspec.Struct, frozen=True):
    """A connector: manifest, recipe and folder; ``own`` are the city's, which alone run on a schedule.

    With a ``mapping`` its files are tables that are read by that; the recipe then says the same in short.
    """

    manifest: Manifest
    recipe: Recipe
    folder: Path
    own: bool
    mapping: Mapping | None = None

    @property
    def name(self) -> str:
        """Give the id."""
        return self.manifest.id

    def parser(self, counters: dict[str, dict[str, tuple[int, float]]] | None = None) -> Parser:
        """Make the parser of its replies."""
        return Parser(self.recipe, splitter(self.recipe.parser), counters)


def splitter(name: str) -> Split | None:
    """Give the code of a connector that takes replies apart; nothing for a declared form."""
    if not name:
        return None
    split: Split = load(next(one for one in shipped() if one.manifest.id == name), "parse").records
    return split


def _may_keep(parser: str) -> bool:
    """Tell whether raw replies of what a parser reads may be kept; ``KEEP_RAW`` of its module says no."""
    if not parser:
        return True
    found = load(next(one for one in shipped() if one.manifest.id == parser), "parse")
    return bool(getattr(found, "KEEP_RAW", True))


@cache
def shipped() -> tuple[Member, ...]:
    """Give the connectors that come with the program and its extensions, where they have a recipe."""
    return tuple(one for one in members(FAMILY) if any((one.folder / name).exists() for name in (RECIPE, MAPPING)))


def own_folders(home: Path) -> list[Path]:
    """Give the folders of the city's own connectors."""
    folder = home / FAMILY
    return sorted(one for one in folder.iterdir() if (one / "manifest.toml").exists()) if folder.is_dir() else []


def connectors(home: Path) -> list[Connector | Finding]:
    """Give the city's own connectors, a broken one as what is wrong with it: the healthy go on."""
    found: list[Connector | Finding] = []
    for folder in own_folders(home):
        try:
            found.append(read_connector(folder, own=True))
        except Invalid as error:
            found.append(_finding(folder, error))
    return found


def check_connectors(home: Path) -> list[Finding]:
    """List what is wrong with connectors, ours and the city's."""
    findings = [one for one in connectors(home) if isinstance(one, Finding)]
    for member in shipped():
        try:
            read_connector(member.folder, own=False)
        except Invalid as error:
            findings.append(_finding(member.folder, error))
    return findings


def _finding(folder: Path, error: Invalid) -> Finding:
    reason = error.params["reason"]
    file = f"{FAMILY}/{folder.name}"
    return Finding(
        file, str(error.params["field"]), reason if isinstance(reason, Text) else Text(str(reason), str(reason))
    )


def connector(home: Path, name: str) -> Connector:
    """Give a connector by its name; the city's own hides a shipped one."""
    for folder in own_folders(home):
        if folder.name == name:
            return read_connector(folder, own=True)
    ours = {one.manifest.id: one.folder for one in shipped()}
    if name not in ours:
        known = sorted({*ours, *(folder.name for folder in own_folders(home))})
        raise NotFound(UNKNOWN, name=name, known=", ".join(known))
    return read_connector(ours[name], own=False)


def read_connector(folder: Path, *, own: bool) -> Connector:
    """Read and check a connector, unless it is known and unchanged; raise ``source.broken`` with file, field, reason.

    As long as nothing has changed it is the very same object.
    """
    return _read_connector(folder, own, tuple(_stamp(folder / name) for name in ("manifest.toml", RECIPE, MAPPING)))


def _stamp(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_size


@lru_cache(MOST_KEPT)
def _read_connector(folder: Path, own: bool, _stamps: tuple[tuple[int, int], ...]) -> Connector:
    try:
        manifest = read_manifest(folder)
    except Unreadable as error:
        raise _broken(error.finding.file, error.finding.field, error.finding.reason) from error
    if NAME.fullmatch(manifest.id) is None:
        raise _broken(f"{folder.name}/manifest.toml", "id", "a–z, 0–9, -")
    if manifest.data is None:
        raise _broken(f"{folder.name}/manifest.toml", "data", Text("Lizenz und Nennung fehlen", "licence is missing"))
    if manifest.kind == "folder" and (folder / MAPPING).exists():
        return _by_mapping(manifest, manifest.data.licence, folder, own=own)
    recipe = read_recipe(folder / RECIPE)
    for file, field, what in _misfits(manifest, manifest.data.keep_raw_days, recipe):
        raise _broken(f"{folder.name}/{file}", field, what)
    return Connector(manifest, recipe, folder, own)


def _misfits(manifest: Manifest, keep_raw_days: int, recipe: Recipe) -> Iterator[tuple[str, str, Text]]:
    """Find what manifest and recipe say differently: file, field and reason."""
    if keep_raw_days and not _may_keep(recipe.parser):
        what = Text("Die Antworten enthalten mehr, als bleiben darf: 0", "the replies hold more than may be kept: 0")
        yield "manifest.toml", "data.keep_raw_days", what
    pull = manifest.kind == "pull"
    if pull and (manifest.schedule is None or manifest.schedule.every_seconds < 1):
        yield "manifest.toml", "schedule", Text("Ein Takt fehlt", "a schedule is needed")
    if pull != (recipe.request is not None):
        what = Text("„pull“ braucht request, anderes hat keines", "“pull” needs request, others have none")
        yield RECIPE, "request", what
    if recipe.mqtt is not None and manifest.kind != "push":
        yield RECIPE, "mqtt", Text("Nur „push“ hat mqtt", "only “push” has mqtt")


def _by_mapping(manifest: Manifest, licence: str, folder: Path, *, own: bool) -> Connector:
    try:
        mapping = read_mapping(folder / MAPPING)
    except Invalid as error:
        file = f"{folder.name}/{MAPPING}"
        raise _broken(file, str(error.params.get("field", "$")), str(error.params["reason"])) from error
    if mapping.source.licence != licence:
        what = Text("Im Manifest steht eine andere Lizenz", "the manifest has another licence")
        raise _broken(f"{folder.name}/{MAPPING}", "$.source.licence", what)
    return Connector(manifest, recipe_of(mapping), folder, own, mapping)


def _broken(file: str, field: str, reason: Text | str) -> Invalid:
    return Invalid(BROKEN, file=file, field=field, reason=reason)


def read_recipe(path: Path) -> Recipe:
    """Read and check a recipe."""
    name = f"{path.parent.name}/{path.name}"
    try:
        # A city with thousands of devices: the reader in Python would take ten times as long.
        tree = yaml.load(path.read_text(encoding="utf-8-sig"), Loader=yaml.CSafeLoader)
        recipe = msgspec.convert(tree, Recipe)
    except OSError as error:
        raise _broken(name, "$", Text("Die Datei fehlt oder ist nicht lesbar", "the file is missing")) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise _broken(name, "$", " ".join(str(error).split())) from error
    except msgspec.ValidationError as error:
        reason, _, field = str(error).partition(" - at `")
        raise _broken(name, field.rstrip("`") or "$", reason) from error
    for field, reason in _faults(recipe):
        raise _broken(name, field, reason)
    return recipe


def _faults(recipe: Recipe) -> list[tuple[str, str]]:
    faults = [fault for index, value in enumerate(recipe.values) for fault in _value_faults(index, value)]
    if not recipe.values:
        faults.append(("$.values", "at least one value is needed"))
    faults += _time_faults(recipe)
    for index, one in enumerate(recipe.stations):
        if one.slug != slug_from_title(one.slug):
            faults.append((f"$.stations[{index}].slug", f"write it as {slug_from_title(one.slug)!r}"))
    observed = [value.observed for value in recipe.values]
    if len(set(observed)) < len(observed):
        faults.append(("$.values", "an observed property stands twice"))
    if recipe.parser and recipe.parser not in {one.manifest.id for one in shipped()}:
        faults.append(("$.parser", f"there is no connector {recipe.parser!r}"))
    if recipe.request is not None:
        faults += _request_faults(recipe, recipe.request)
    return faults + _mqtt_faults(recipe)


def _mqtt_faults(recipe: Recipe) -> list[tuple[str, str]]:
    asked = recipe.mqtt
    named = {path for path in (recipe.station, recipe.message, recipe.time.path) if path.startswith("{")}
    if asked is None:
        return [("$.mqtt", f"{path} is a level of a topic, and there is none") for path in sorted(named)]
    faults = _topic_faults(asked) + [
        ("$.mqtt.topic", f"has no level {path}") for path in sorted(named - set(asked.variables))
    ]
    if set("/+#") & set(asked.share):
        faults.append(("$.mqtt.share", "must be a name without / + #"))
    if "@" in asked.url:
        faults.append(("$.mqtt.url", "name and password do not belong here but in user and secret"))
    try:
        read_broker(asked.url)
    except ValueError:
        faults.append(("$.mqtt.url", "must be mqtt://host:port or mqtts://host:port"))
    return faults


def _topic_faults(asked: Subscription) -> list[tuple[str, str]]:
    faults, levels = [], asked.topic.split("/")
    if any(set("{}+#") & set(level) for level in levels if level not in (*asked.variables, "+", "#")):
        faults.append(("$.mqtt.topic", "{name}, + and # stand for whole levels"))
    if "#" in levels[:-1] or not asked.topic or asked.topic.startswith("$"):
        faults.append(("$.mqtt.topic", "is no topic to which a source sends"))
    if len(set(asked.variables)) < len(asked.variables):
        faults.append(("$.mqtt.topic", "a name stands twice"))
    return faults


def _time_faults(recipe: Recipe) -> list[tuple[str, str]]:
    zones = [("$.time.zone", recipe.time.zone)] if recipe.time.zone != ZONE_IN_TIME else []
    if recipe.request is not None and recipe.request.since is not None:
        zones.append(("$.request.since.zone", recipe.request.since.zone))
    faults = [
        (field, f"{zone!r} is no IANA zone such as Europe/Berlin or UTC") for field, zone in zones if not _is(zone)
    ]
    if recipe.time.interval_seconds < 0:
        faults.append(("$.time.interval_seconds", "must not be below 0"))
    if recipe.time.path == RECEIVED and recipe.time.interval_seconds:
        faults.append(("$.time.interval_seconds", "what is only known to be so just now has no interval"))
    since = recipe.request.since if recipe.request else None
    if (recipe.forecast or (since is not None and since.cursor == "result")) and not recipe.time.result:
        faults.append(("$.time.result", "give the path of the time at which the result was known"))
    return faults


def _is(zone: str) -> bool:
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _value_faults(index: int, value: Value) -> list[tuple[str, str]]:
    field = f"$.values[{index}]"
    faults = [(f"{field}.{name}", "no path") for name in ("path", "unit_path") if not _is_path(getattr(value, name))]
    if value.unit not in UNITS:
        faults.append((f"{field}.unit", f"{value.unit!r} is not a known UCUM code such as Cel, %, hPa, mm, m/s"))
    if value.observed not in VOCABULARY and not value.definition:
        near = ", ".join(get_close_matches(value.observed, VOCABULARY, 3, 0.5)) or ", ".join(sorted(VOCABULARY)[:3])
        why = f"{value.observed!r} is not in the vocabulary (such as {near}): add definition, an address that says it"
        faults.append((f"{field}.definition", why))
    if value.before_seconds < 0:
        faults.append((f"{field}.before_seconds", "must not be below 0"))
    if value.kind == "boolean" and value.counter is not None:
        faults.append((f"{field}.counter", "a truth is no counter"))
    return faults


def _is_path(path: str) -> bool:
    try:
        steps(path)
    except ValueError:
        return False
    return True


def _part_faults(recipe: Recipe, request: Request) -> list[tuple[str, str]]:
    faults = []
    if (PART in request.url) != bool(request.parts):
        faults.append(("$.request.parts", "{part} in the address and the list parts belong together"))
    for index, value in enumerate(recipe.values):
        if value.part and value.part not in request.parts:
            faults.append((f"$.values[{index}].part", f"{value.part!r} is not among the parts of the request"))
    return faults


def _request_faults(recipe: Recipe, request: Request) -> list[tuple[str, str]]:
    faults = []
    if not (request.url if request.via is None else request.via.url).startswith(("http://", "https://")):
        faults.append(("$.request.url", "must begin with http:// or https://"))
    if request.via is not None and request.url:
        faults.append(("$.request.url", "with via the index gives the address"))
    faults += _part_faults(recipe, request)
    if not recipe.station and STATION not in request.url and len(recipe.stations) != 1:
        faults.append(("$.station", "give the path of the station, or ask for each with {station} in the address"))
    if ("{since}" in request.url) != (request.since is not None):
        faults.append(("$.request.since", "{since} in the address and the part since belong together"))
    if request.next and request.next != LINK and recipe.format not in ("json", "geojson"):
        faults.append(("$.request.next", "only JSON has links to the next page"))
    return faults
