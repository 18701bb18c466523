"""Small packages of our own, whole and spoiled."""

import datetime as dt
import io
import zipfile
from typing import Any

import msgspec

from allmende.ethics.model import Rule
from allmende.kernel.text import Text
from allmende.register.content import DataUseEntry
from allmende.transfer.package import archive, form
from allmende.transfer.package.form import Facts, Origin, Package, Parameter, Parameters, Recipe
from allmende.transfer.rules import FindingContent


def text(words: str) -> Text:
    return Text(words, words)


def _station(slug: str, name: str) -> dict[str, tuple[dict[str, Any], ...]]:
    return {"schatten": ({"slug": slug, "name": name, "longitude": 9.18, "latitude": 47.66},)}


def a_rule(**changed: Any) -> Rule:
    """Give a rule that says something new and harmless in the Konstanz pack: counts may be passed on to research."""
    plain = Rule(
        slug="zaehlungen-forschen",
        effect="permit",
        verbs=("pass_on",),
        categories=("traffic-counts",),
        purposes=("mobility",),
        recipients=("research",),
        title=text("Zählungen erforschen"),
        reason=text("Hochschulen sollen Wege in {{city}} verstehen."),
        source="Beschluss der abgebenden Stadt",
    )
    return msgspec.structs.replace(plain, **changed)


def a_sheet(**changed: Any) -> DataUseEntry:
    texts: dict[str, Any] = {name: text(name) for name in ("title", "what", "how", "technology", "personal")}
    plain = DataUseEntry(
        slug="schattenmessung",
        why="climate-adaptation",
        category="weather",
        responsible=Text("{{sheet.responsible.de}}", "{{sheet.responsible.en}}"),
        recipients=("public",),
        **texts,
    )
    return msgspec.structs.replace(plain, **changed)


def a_connector(unit: str = "Cel", observed: str = "air-temperature") -> Recipe:
    return Recipe(
        manifest={
            "api": 1,
            "id": "schatten",
            "kind": "push",
            "licence": "EUPL-1.2",
            "owner": "Allmende",
            "title": {"de": "Schatten", "en": "Shade"},
            "description": {"de": "Messung im Schatten", "en": "Measured in the shade"},
            "data": {"licence": "CC-BY-4.0", "attribution": "{{city}}", "keep_raw_days": 0},
        },
        recipe={
            "source": 1,
            "dataset": "schatten",
            "category": "weather",
            "purpose": "climate-adaptation",
            "time": {"path": "at", "zone": "in-time"},
            "station": "station",
            "stations": [],
            "instrument": {
                "slug": "shade",
                "name": {"de": "Thermometer", "en": "Thermometer"},
                "description": {"de": "Thermometer", "en": "Thermometer"},
            },
            "values": [
                {
                    "path": "value",
                    "observed": observed,
                    "name": {"de": "Temperatur", "en": "Temperature"},
                    "unit": unit,
                }
            ],
        },
    )


def parts(*, rules: tuple[Rule, ...] = (), connector: Recipe | None = None, format_: int = 1) -> Package:
    """Put a small package together."""
    facts = Facts(
        title=text("Schatten messen"),
        sentence=text("Man weiß, wo in {{city}} Schatten fehlt."),
        purpose=text("Thermometer in der Sonne und im Schatten."),
        state="running",
        day=dt.date(2026, 5, 1),
        licence="https://creativecommons.org/licenses/by/4.0/",
        contact=Text("{{project.contact.de}}", "{{project.contact.en}}"),
        format=format_,
    )
    offices = ("project.contact.de", "project.contact.en", "sheet.responsible.de", "sheet.responsible.en")
    parameters = Parameters(
        project="schatten",
        names=(
            Parameter(name="city", kind="city", value="Beispielstadt"),
            *(Parameter(name=name, kind="office", value="Umweltamt Beispielstadt") for name in offices),
        ),
        stations=_station("allee", "Allee"),
        origin=(Origin(city="Beispielstadt", project="schatten", url="https://example.org"),),
    )
    finding = FindingContent(phase="permanent", problem=text("Es ist heiß."), tried=text("Es wurde gemessen."))
    return Package(
        {
            form.FACTS: form.canonical(facts),
            form.FINDING: form.canonical(finding),
            form.INDICATORS: form.canonical(()),
            form.RULES: form.canonical(rules),
            form.SHEETS: form.canonical((a_sheet(),)),
            f"{form.CONNECTORS}schatten.json": form.canonical(connector or a_connector()),
            form.DATA_PACKAGE: b"{}\n",
            form.PARAMETERS: form.written(parameters),
        }
    )


def packed(package: Package | None = None) -> bytes:
    """Write a whole package."""
    return archive.write(package or parts(rules=(a_rule(),)), b"proof\n")


def values(raw: bytes, **names: str) -> bytes:
    """Fill the parameters in as another city would, with a station of its own."""
    theirs = archive.read(raw)[0].parameters
    given = tuple(
        Parameter(name=one.name, kind=one.kind, value=names.get(one.name, f"hier: {one.name}")) for one in theirs.names
    )
    stations = _station("seeufer", "Seeufer")
    return form.written(Parameters(project="schatten", names=given, stations=stations))


def spoiled(raw: bytes, **changes: Any) -> bytes:
    """Write a zip again with other entries: ``add`` more of them, ``swap`` the content of some."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            new.writestr(info, changes.get("swap", {}).get(info.filename, old.read(info)))
        for entry, content in changes.get("add", ()):
            new.writestr(entry, content)
    return out.getvalue()


def a_link() -> zipfile.ZipInfo:
    """Give the entry of a symbolic link."""
    info = zipfile.ZipInfo("daten/verweis")
    info.create_system, info.external_attr = 3, 0o120777 << 16
    return info


SPOILED: dict[str, tuple[Any, str]] = {
    "zip slip": (lambda raw: spoiled(raw, add=[("../../etc/böse", b"x")]), "leads out of the package"),
    "absolute path": (lambda raw: spoiled(raw, add=[("/etc/cron.d/x", b"x")]), "leads out of the package"),
    "backslashes": (lambda raw: spoiled(raw, add=[("..\\x", b"x")]), "leads out of the package"),
    "symlink": (lambda raw: spoiled(raw, add=[(a_link(), b"/etc/passwd")]), "is no regular file"),
    "bomb": (lambda raw: spoiled(raw, add=[("daten/x.csv", b"0" * (8 << 20))]), "grows too large"),
    "too many": (lambda raw: spoiled(raw, add=[(f"daten/{n}", b"") for n in range(2_001)]), "more than 2000 files"),
    "wrong checksum": (
        lambda raw: spoiled(raw, swap={form.FACTS: b'{"format": 1}'}),
        "does not match: steckbrief.json",
    ),
    "something more": (lambda raw: spoiled(raw, add=[("daten/mehr.csv", b"x")]), "does not match: daten/mehr.csv"),
    "newer format": (lambda _raw: packed(parts(format_=2)), "format 2, this program reads up to 1"),
    "cut off": (lambda raw: raw[: len(raw) // 2], "no readable zip"),
    "no zip": (lambda _raw: b"<html>", "no readable zip"),
}
