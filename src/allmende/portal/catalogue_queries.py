"""The data sets of all slices, gathered for the catalogue; nothing of it is kept."""

import datetime as dt
from collections.abc import Iterable

import msgspec
from django.conf import settings
from django.urls import reverse

from allmende.apis.downloads.content import SIMULATED, name_of
from allmende.catalog.door import gate
from allmende.catalog.entries import Entry, File, Kind
from allmende.catalog.models import Dataset
from allmende.catalog.queries import datasets
from allmende.effects import queries as effects
from allmende.effects.models import Table
from allmende.gate.query import Kind as Entities
from allmende.gate.query import Record, StreamSummary
from allmende.gate.runs import every
from allmende.kernel.clock import instant_from_micros
from allmende.kernel.errors import Denied
from allmende.kernel.text import Text
from allmende.participation.services.snapshot import LICENCE, newest_snapshot
from allmende.portal import data_queries
from allmende.portal.frame import site
from allmende.portal.statistics_views import FIELDS

# The EU's data themes of the fields of statistics; what is not here is about society.
THEMES = {
    "bauen-wohnen": "REGI",
    "haushalt": "GOVE",
    "konstanz": "ENVI",
    "kultur": "EDUC",
    "schulen": "EDUC",
    "soziales-gesundheit": "HEAL",
    "umwelt": "ENVI",
    "verkehr": "TRAN",
    "wirtschaft": "ECON",
    "wissenschaft-bildung": "EDUC",
}
OBSERVED_THEMES = {"mobility": "TRAN", "traffic": "TRAN", "parking": "TRAN", "energy": "ENER"}


class Own(msgspec.Struct, frozen=True):
    """A table of the city's own that has a page, and files with the page's name and these endings."""

    kind: Kind
    slug: str
    page: str
    files: tuple[tuple[str, str, str], ...]
    title: Text
    description: Text


OWN = (
    Own(
        "programm",
        "projekte",
        "projects",
        (("csv", "CSV", "projects-csv"), ("json", "JSON", "projects-json")),
        Text("Projekte des Programms", "Projects of the programme"),
        Text("Alle Projekte mit Zustand, Ziel und Quellen.", "All projects with state, goal and sources."),
    ),
    Own(
        "programm",
        "meilensteine",
        "milestones",
        (("csv", "CSV", "milestones-csv"), ("json", "JSON", "milestones-json")),
        Text("Meilensteine", "Milestones"),
        Text("Was bis wann geplant war und erreicht wurde.", "What was planned by when, and what was reached."),
    ),
    Own(
        "programm",
        "geld",
        "money",
        (("csv", "CSV", "money-csv"), ("json", "JSON", "money-json")),
        Text("Geld des Programms", "Money of the programme"),
        Text("Planfassungen und Beträge, in Cent genau.", "Versions of the plan and amounts, exact to the cent."),
    ),
    Own(
        "programm",
        "wirkung",
        "effects",
        (("csv", "CSV", "effects-csv"), ("json", "JSON", "effects-json")),
        Text("Indikatoren der Wirkung", "Indicators of effect"),
        Text("Ausgangswert, Ziel und Stand jedes Indikators.", "Baseline, target and state of each indicator."),
    ),
    Own(
        "programm",
        "beschluesse",
        "programme",
        (("csv", "CSV", "decisions-csv"),),
        Text("Beschlüsse zum Programm", "Decisions on the programme"),
        Text("Wer wann was beschlossen hat, mit Quelle.", "Who decided what and when, with source."),
    ),
    Own(
        "beteiligung",
        "verfahren",
        "participate",
        (("csv", "CSV", "participate-csv"),),
        Text("Verfahren der Beteiligung", "Participation processes"),
        Text("Alle Verfahren mit Zustand und Gewicht.", "All processes with state and weight."),
    ),
    Own(
        "datenethik",
        "register",
        "register",
        (("csv", "CSV", "register-csv"), ("json", "JSON", "register-json"), ("jsonld", "JSON-LD", "register-jsonld")),
        Text("Register der Sensoren und Datennutzungen", "Register of sensors and data uses"),
        Text("Was gemessen wird, wofür, von wem und wie lange.", "What is measured, what for, by whom and how long."),
    ),
    Own(
        "datenethik",
        "algorithmen",
        "algorithms",
        (("csv", "CSV", "algorithms-csv"), ("json", "JSON", "algorithms-json")),
        Text("Algorithmen", "Algorithms"),
        Text("Welche Rechenwege entscheiden oder bewerten.", "Which algorithms decide or rate."),
    ),
    Own(
        "datenethik",
        "regeln",
        "ethics",
        (("csv", "CSV", "rules-csv"),),
        Text("Regeln der Datenethik", "Rules of data ethics"),
        Text("Die geltenden Regeln mit Fundstelle und Gründen.", "The rules in force with source and reasons."),
    ),
)


def entries() -> list[Entry]:
    """Give all data sets, in a fixed order: by kind, the measured ones before the simulated, by name."""
    known = {entry.slug: entry for entry in datasets()}
    return [*_observed(known), *_statistics(known), *_own(), *_contributions()]


def entry(kind: str, slug: str) -> Entry | None:
    """Give one data set."""
    return next((one for one in entries() if one.kind == kind and one.slug == slug), None)


def matching(found: Iterable[Entry], words: str, kind: str) -> list[Entry]:
    """Give the data sets of a kind in which all words occur."""
    wanted = words.lower().split()
    return [one for one in found if kind in ("", one.kind) and all(word in one.words for word in wanted)]


def address(view: str, *words: str) -> str:
    """Give the German address of a view, which is the lasting one, whatever the language of the page."""
    from django.utils.translation import override

    with override("de"):
        return reverse(view, args=words)


def _page(kind: str, slug: str) -> str:
    return address("catalogue-entry", kind, slug)


def _all(kind: Entities) -> list[Record]:
    return every(gate(), data_queries.grant(), kind)


def _observed(known: dict[str, Dataset]) -> list[Entry]:
    """Give what datastreams bring; the measured and the simulated of one name are two data sets."""
    try:
        summaries = gate().summary(data_queries.grant())
    except Denied:
        return []
    places = {record.id: record.value.location for record in _all("Locations")}
    things = {thing.id: [places.get(number) for number in thing.value.location_ids] for thing in _all("Things")}
    groups: dict[tuple[bool, str], list[Record]] = {}
    for record in [*_all("Datastreams"), *_all("MultiDatastreams")]:
        summary = summaries.get(record.id)
        if summary is not None and summary.count:
            groups.setdefault((record.value.simulated, name_of(record)), []).append(record)
    measured = {name for simulated, name in groups if not simulated}
    return [
        _of_streams(name, group, known.get(name), summaries, things, apart=simulated and name in measured)
        for (simulated, name), group in sorted(groups.items(), key=lambda item: item[0])
    ]


def _of_streams(
    name: str,
    group: list[Record],
    known: Dataset | None,
    summaries: dict[int, StreamSummary],
    things: dict[int, list[object]],
    *,
    apart: bool,
) -> Entry:
    first = group[0].value
    own = [summaries[record.id] for record in group]
    slug = f"{name}{SIMULATED}" if apart else name
    observed = sorted({str(record.value.properties.get("observed", "")) for record in group} - {""})
    last = max((_day(one.last) for one in own if one.last is not None), default=None)
    told = Text(f"{len(group)} Messreihen", f"{len(group)} series")
    return Entry(
        kind="messwerte",
        slug=slug,
        title=known.title if known else Text(f"Messwerte „{name}“", f"Observations “{name}”"),
        description=known.description if known else told,
        publisher=known.publisher if known else _publisher(),
        licence=known.licence.title if known else str(first.properties.get("licence", "")),
        licence_url=known.licence.url if known else "",
        attribution=known.attribution if known else str(first.properties.get("attribution", "")),
        source_url=known.source_url if known else "",
        simulated=first.simulated,
        files=_files_of(slug),
        page=_page("messwerte", slug),
        theme=OBSERVED_THEMES.get(first.category, "ENVI"),
        keywords=tuple(data_queries.property_names(observed).values()),
        first=min((_day(one.first) for one in own if one.first is not None), default=None),
        last=last,
        changed=last,
        area=_area([place for record in group for place in things.get(record.value.thing_id, [])]),
        category=first.category,
    )


def _files_of(slug: str) -> tuple[File, ...]:
    """Name what the data process gives of a data set."""
    folder = f"/downloads/{slug}"
    return (
        File("csv", f"{folder}/observations.csv", "CSV"),
        File("parquet", f"{folder}/observations.parquet", "Parquet"),
        File("geojson", f"{folder}/stations.geojson", "GeoJSON"),
        File("datapackage", f"{folder}/datapackage.json", "Data Package"),
        File("zip", f"{folder}/package.zip", "ZIP"),
    )


def _day(micros: int) -> dt.date:
    return instant_from_micros(micros).date()


def _area(places: list[object]) -> tuple[float, float, float, float] | None:
    """Give the bounds of points; what is no point is left aside."""
    points = [place["coordinates"] for place in places if isinstance(place, dict) and place.get("type") == "Point"]
    if not points:
        return None
    xs, ys = [float(point[0]) for point in points], [float(point[1]) for point in points]
    return min(xs), min(ys), max(xs), max(ys)


def _statistics(known: dict[str, Dataset]) -> list[Entry]:
    return [_of_table(table, known.get(table.dataset)) for table in effects.tables() if table.loads.exists()]


def _of_table(table: Table, known: Dataset | None) -> Entry:
    field = FIELDS.get(table.field, Text(table.field, table.field))
    return Entry(
        kind="statistik",
        slug=table.slug,
        title=table.title,
        description=known.description if known else table.title,
        publisher=str(table.schema.get("publisher") or _publisher()),
        licence=known.licence.title if known else "",
        licence_url=known.licence.url if known else "",
        attribution=known.attribution if known else "",
        source_url=known.source_url if known else "",
        files=(
            File("csv", address("table-csv", table.slug), "CSV"),
            File("json", address("table-json", table.slug), "JSON"),
        ),
        page=_page("statistik", table.slug),
        theme=THEMES.get(table.field, "SOCI"),
        keywords=(field,),
        changed=effects.loads_of(table)[0][0],
    )


def _publisher() -> str:
    return site().title


def _own() -> list[Entry]:
    return [
        Entry(
            kind=one.kind,
            slug=one.slug,
            title=one.title,
            description=one.description,
            publisher=_publisher(),
            licence=settings.ALLMENDE.catalogue_licence,
            attribution=_publisher(),
            files=tuple(File(name, address(view), form) for name, form, view in one.files),
            page=_page(one.kind, one.slug),
        )
        for one in OWN
    ]


def _contributions() -> list[Entry]:
    """Give the newest generation of what participation publishes, table by table, each in the forms that it has."""
    folder = newest_snapshot(settings.ALLMENDE.home)
    if folder is None:
        return []
    forms = {".csv": "CSV", ".jsonl": "JSON Lines", ".geojson": "GeoJSON", ".json": "JSON", ".txt": "TXT"}
    files = tuple(
        File(path.name.replace(".", "-"), address("participation-file", path.name), forms[path.suffix])
        for path in sorted(folder.iterdir())
        if path.suffix in forms
    )
    return [
        Entry(
            kind="beteiligung",
            slug="beitraege",
            title=Text("Beiträge und Antworten der Beteiligung", "Contributions and answers of participation"),
            description=Text(
                "Alles Öffentliche der Beteiligung in einer Fassung; keine Aussage der Stadt.",
                "All that is public of participation in one version; no statement of the city.",
            ),
            publisher=_publisher(),
            licence=LICENCE,
            attribution=_publisher(),
            files=files,
            page=_page("beteiligung", "beitraege"),
        )
    ]
