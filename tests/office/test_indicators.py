"""Indicators: determined through the gate, entered by hand, corrected without loss, shown as of a day."""

import csv
import datetime as dt
import io
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from allmende.accounts.models import AuditEntry
from allmende.effects import queries, services
from allmende.effects.content import (
    ByHand,
    Column,
    Computed,
    DefinitionEntry,
    IndicatorEntry,
    IndicatorsContent,
    Level,
    LinkEntry,
    PathEntry,
    PointEntry,
    ValueEntry,
)
from allmende.effects.models import Indicator, TableLoad, Value
from allmende.effects.runs import run_due, run_indicator
from allmende.effects.statistics import described, load_statistics
from allmende.gate.door import Ask, Asker, Gate
from allmende.gate.query import Arrival, Datastream, ObservedProperty, Sensor
from allmende.kernel.clock import UTC, micros_from_instant, today
from allmende.kernel.errors import AllmendeError, Conflict, Invalid
from allmende.kernel.text import Text
from allmende.packs.read import pack_folder, read_parts
from tests.office.conftest import ACTOR, SignIn, entries_since
from tests.office.test_pages import text

COLLECT = Ask(Asker("system:test"), "collect", "climate-adaptation", "administration")
TODAY = dt.date(2026, 3, 1)
HOT = Computed(method="climate-days", part="hot-days", purpose="open-data", stations=("platz",))


def _both(word: str) -> Text:
    return Text(word, word)


def _definition(source: Any, **more: Any) -> DefinitionEntry:
    values = {
        **{"since": dt.date(2023, 1, 1), "unit": "d", "direction": "down", "period": "year", "rhythm": "month"},
        **{"method": _both("method"), "source": source},
    }
    return DefinitionEntry(**(values | more))


def _entry(slug: str, source: Any, **more: Any) -> IndicatorEntry:
    definition = more.pop("definition", {})
    values: dict[str, Any] = {"title": _both(slug.title()), "sentence": _both(f"about {slug}"), "kind": "impact"}
    return IndicatorEntry(slug=slug, versions=(_definition(source, **definition),), **(values | more))


def _hand(slug: str = "trees", **more: Any) -> IndicatorEntry:
    return _entry(
        slug, ByHand(who=_both("office")), definition={"unit": "{count}", "direction": "up", "rhythm": "year"}, **more
    )


def _value(year: int, value: int, known: dt.date, **more: Any) -> ValueEntry:
    return ValueEntry(
        first=dt.date(year, 1, 1), last=dt.date(year, 12, 31), value=Decimal(value), known_since=known, **more
    )


def _stream(
    city: Gate, category: str = "weather", observed: str = "air-temperature", *, simulated: bool = False
) -> int:
    grant = city.grant(
        COLLECT if category == "weather" else Ask(Asker("system:test"), "collect", "mobility", "administration")
    )
    thing = city.find("Things", "platz")
    assert thing is not None
    seen = ObservedProperty(name=observed, definition="https://x.example/t", description="")
    return city.create(
        grant,
        "Datastreams",
        Datastream(
            name=f"{observed} Platz",
            description="",
            thing_id=thing,
            sensor_id=city.create(grant, "Sensors", Sensor(name="Fühler", description="")),
            observed_property_id=city.create(grant, "ObservedProperties", seen),
            unit="Cel" if category == "weather" else "{count}",
            category=category,
            data_use="stadtklima-messnetz",
            simulated=simulated,
            properties={"observed": observed, "interval_seconds": 21_600},
        ),
    )


def _year(city: Gate, stream: int, year: int, hot: int) -> None:
    """Give a year four values a day, of which some days are hot."""
    start = micros_from_instant(dt.datetime(year, 1, 1, tzinfo=UTC))
    quarter = 21_600_000_000
    values = [
        Arrival(datastream_id=stream, phenomenon_start=start + n * quarter, result=31.0 if n // 4 < hot else 12.0)
        for n in range(365 * 4)
    ]
    city.append(city.grant(COLLECT), values)


def _fresh(slug: str, on: dt.date) -> Any:
    view = queries.indicator_on(slug, on, public=False)
    assert view is not None
    return view


def test_values_come_through_the_gate_with_their_lineage_and_a_late_change_is_a_correction(city: Gate) -> None:
    stream = _stream(city)
    one = services.add_indicator(ACTOR, entry=_entry("hot", HOT))
    assert run_indicator(ACTOR, gate=city, indicator=one, today=TODAY).outcome == "empty"
    _year(city, stream, 2025, 9)
    assert run_due(ACTOR, gate=city, today=TODAY) == 0, "it ran this month already"
    run = run_indicator(ACTOR, gate=city, indicator=one, today=TODAY)
    assert (run.outcome, run.added) == ("ok", 1)
    value = Value.objects.get()
    assert (int(value.value), value.quality, value.used, value.left_out) == (9, "final", 365, 0)
    assert value.lineage["rules"] == ["umwelt-veroeffentlichen"]
    assert value.lineage["rulebook"] == city.rulebook().version
    assert [one["id"] for one in value.lineage["datastreams"]] == [stream]
    assert run_indicator(ACTOR, gate=city, indicator=one, today=TODAY).added == 0
    grant = city.grant(Ask(Asker("system:test"), "delete", "climate-adaptation", "administration"))
    day = micros_from_instant(dt.datetime(2025, 1, 1, tzinfo=UTC))
    city.remove(grant, stream, day, day + 86_400_000_000)
    assert run_due(ACTOR, gate=city, today=dt.date(2026, 4, 2)) == 1
    new = Value.objects.order_by("-pk")[0]
    assert (int(new.value), new.quality, new.left_out) == (8, "corrected", 1)
    assert _fresh("hot", dt.date(2026, 3, 31)).current.newest.value == 9
    assert _fresh("hot", dt.date(2026, 4, 2)).current.newest.value == 8
    assert {"corrected", "gaps"} < {reason.code for reason in _fresh("hot", dt.date(2026, 4, 2)).status.reasons}


def test_what_may_not_be_published_is_not_computed_for_the_public(city: Gate) -> None:
    source = Computed(method="bicycle-counts", part="per-day", purpose="research")
    public = services.add_indicator(ACTOR, entry=_entry("bikes", source, definition={"unit": "{count}"}))
    inside = services.add_indicator(ACTOR, entry=_entry("inside", source, definition={"unit": "{count}"}, public=False))
    run = run_indicator(ACTOR, gate=city, indicator=public, today=TODAY)
    assert (run.outcome, run.text is not None) == ("refused", True)
    assert run_indicator(ACTOR, gate=city, indicator=inside, today=TODAY).outcome == "empty"
    page = text(Client(), "/wirkung/bikes/")
    assert "Das ist nicht erlaubt" in page
    assert Client().get("/wirkung/inside/").status_code == 404
    assert "inside" not in text(Client(), "/wirkung.json")


def test_measured_values_push_simulated_ones_aside_and_those_are_marked(city: Gate) -> None:
    simulated = _stream(city, simulated=True)
    one = services.add_indicator(ACTOR, entry=_entry("hot", HOT))
    _year(city, simulated, 2024, 4)
    run_indicator(ACTOR, gate=city, indicator=one, today=TODAY)
    assert Value.objects.get().simulated
    assert "simuliert" in text(Client(), "/wirkung/")
    assert "True" in text(Client(), "/wirkung/hot.csv")
    measured = _stream(city)
    _year(city, measured, 2025, 6)
    run_indicator(ACTOR, gate=city, indicator=one, today=TODAY)
    newest = _fresh("hot", TODAY).current.newest
    assert (newest.value, newest.simulated) == (6, False)


def test_a_correction_keeps_the_old_and_needs_a_reason(city: Gate) -> None:
    services.add_indicator(ACTOR, entry=_hand())
    services.enter_value(ACTOR, slug="trees", entry=_value(2024, 50, dt.date(2025, 3, 1)))
    with pytest.raises(Invalid):
        services.enter_value(ACTOR, slug="trees", entry=_value(2024, 48, dt.date(2025, 5, 1)))
    note = {"note": _both("two died")}
    fixed = services.enter_value(ACTOR, slug="trees", entry=_value(2024, 48, dt.date(2025, 5, 1), **note))
    assert fixed.quality == "corrected"
    assert _fresh("trees", dt.date(2025, 4, 30)).current.newest.value == 50
    assert _fresh("trees", dt.date(2025, 5, 1)).current.newest.value == 48
    refused: list[tuple[ValueEntry, type[AllmendeError]]] = [
        (_value(2024, 48, dt.date(2025, 6, 1), quality="corrected", **note), Conflict),
        (
            ValueEntry(first=dt.date(2024, 6, 1), last=dt.date(2024, 6, 30), value=Decimal(1), known_since=TODAY),
            Conflict,
        ),
        (_value(today().year + 2, 1, TODAY), Invalid),
        (_value(2023, 1, TODAY, version=7), Invalid),
    ]
    for entry, kind in refused:
        with pytest.raises(kind):
            services.enter_value(ACTOR, slug="trees", entry=entry)
    rows = list(csv.DictReader(io.StringIO(text(Client(), "/wirkung/trees.csv"))))
    assert [(row["value"], row["quality"], row["known_since"]) for row in rows] == [
        ("48", "corrected", "2025-05-01"),
        ("50", "final", "2025-03-01"),
    ]
    assert len(csv_rows("/wirkung/trees.csv?stand=2025-03-02")) == 1


def csv_rows(path: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text(Client(), path))))


def test_versions_are_never_compared(city: Gate) -> None:
    services.add_indicator(ACTOR, entry=_hand())
    for year in (2020, 2021, 2022):
        services.enter_value(ACTOR, slug="trees", entry=_value(year, year, dt.date(2023, 1, 1)))
    changed = _definition(
        ByHand(who=_both("office")), since=dt.date(2024, 1, 1), unit="{count}", direction="up", rhythm="year"
    )
    with pytest.raises(Invalid):
        services.revise(ACTOR, slug="trees", entry=changed)
    from msgspec.structs import replace

    services.revise(ACTOR, slug="trees", entry=replace(changed, reason=_both("counted anew")))
    services.enter_value(ACTOR, slug="trees", entry=_value(2024, 5, dt.date(2025, 1, 1), version=2))
    view = _fresh("trees", dt.date(2025, 2, 1))
    assert (view.trend, [value.value for value in view.current.values]) == ("unknown", [5])
    assert _fresh("trees", dt.date(2023, 6, 1)).trend == "better"
    page = text(Client(), "/en/wirkung/trees/")
    assert "Values of different versions cannot be compared" in page
    assert "counted anew" in page


def test_targets_have_a_past_too(city: Gate) -> None:
    services.add_indicator(ACTOR, entry=_hand())
    aim = PathEntry(since=dt.date(2024, 1, 1), points=(PointEntry(day=dt.date(2026, 12, 31), value=Decimal(100)),))
    services.set_path(ACTOR, slug="trees", entry=aim)
    later = PathEntry(since=dt.date(2025, 1, 1), points=(PointEntry(day=dt.date(2028, 12, 31), value=Decimal(100)),))
    with pytest.raises(Invalid):
        services.set_path(ACTOR, slug="trees", entry=later)
    from msgspec.structs import replace

    services.set_path(ACTOR, slug="trees", entry=replace(later, reason=_both("late")))
    assert csv_rows("/wirkung.csv?stand=2024-06-01")[0]["target_day"] == "2026-12-31"
    assert csv_rows("/wirkung.csv?stand=2025-06-01")[0]["target_day"] == "2028-12-31"
    assert csv_rows("/wirkung.csv?stand=2023-06-01")[0]["target_day"] == ""


def test_unknown_is_not_zero(city: Gate) -> None:
    services.add_indicator(ACTOR, entry=_hand())
    (row,) = csv_rows("/wirkung.csv")
    assert (row["value"], row["status"], row["baseline"], row["target_low"]) == ("", "unknown", "", "")
    page = text(Client(), "/en/wirkung/trees/")
    assert "not measured yet" in page
    assert "That is not zero, but unknown" in page
    assert "0 %" not in page


def test_ratings_have_steps_and_reasons(city: Gate) -> None:
    steps = (Level(value=1, name=_both("bad")), Level(value=2, name=_both("good")))
    definition = {"unit": "1", "direction": "up", "levels": steps, "rhythm": "year"}
    services.add_indicator(ACTOR, entry=_entry("mood", ByHand(who=_both("office")), definition=definition))
    for entry in (_value(2024, 3, TODAY, note=_both("x")), _value(2024, 2, TODAY)):
        with pytest.raises(Invalid):
            services.enter_value(ACTOR, slug="mood", entry=entry)
    services.enter_value(ACTOR, slug="mood", entry=_value(2025, 2, TODAY, note=_both("people stay")))
    assert "people stay" in text(Client(), "/wirkung/mood/")
    assert "good" in text(Client(), "/wirkung/")


def test_the_pack_of_the_fictional_city_shows_every_way(programme: Gate) -> None:
    content = read_parts("musterstadt", ("indicators.yaml",), IndicatorsContent)
    assert services.load_indicators(ACTOR, content=content) == len(content.indicators)
    assert services.load_indicators(ACTOR, content=content) == 0
    views = queries.indicators_on(dt.date(2026, 11, 26))
    assert {view.status.state for view in views} >= {"reached", "on-track", "behind", "measured", "outdated", "unknown"}
    assert {view.indicator.kind for view in views} == {"input", "process", "output", "outcome", "impact"}
    assert {value.quality for value in Value.objects.all()} == {"provisional", "final", "corrected"}
    for language in ("", "/en"):
        for view in views:
            assert Client().get(f"{language}/wirkung/{view.indicator.slug}/").status_code == 200
    assert Client().get("/wirkung/zusammenhaenge.svg").content.startswith(b"<svg")
    assert Client().get("/wirkung/radfahrten/verlauf.svg?breite=schmal").status_code == 200
    assert Client().get("/wirkung/radfahrten/zusammenhaenge.svg").status_code == 200
    found = Client().get("/wirkung.json?stand=2025-01-15").json()
    assert {one["slug"]: one["versions"] for one in found["indicators"]}["radfahrten"][-1]["number"] == 1
    assert Client().get("/wirkung/radfahrten.json").json()["values"][0]["version"] == 2


def test_the_pack_of_konstanz_shows_gaps_as_gaps_on_the_project_too(programme: Gate) -> None:
    content = read_parts("konstanz", ("indicators.yaml",), IndicatorsContent)
    services.load_indicators(ACTOR, content=content)
    page = text(Client(), "/projekte/led-strassenbeleuchtung/")
    assert "Strom für die Straßenbeleuchtung" in page
    assert "noch nicht gemessen" in page
    assert "Noch nicht gemessen" in text(Client(), "/projekte/reallabor/")
    assert "Was sich durch" not in text(Client(), "/wirkung/")


@pytest.fixture
def figures(tmp_path: Path) -> Path:
    """Give a folder in the form of the city's statistics with one of its tables."""
    (tmp_path / "umwelt").mkdir()
    (tmp_path / "umwelt" / "solar.csv").write_text("jahr,neu,bestand\n2023,10.0,100.0\n2024,20.5,120.5\n")
    return tmp_path


def test_statistics_are_loaded_whole_and_feed_indicators(city: Gate, figures: Path) -> None:
    content = described(pack_folder("konstanz"))
    services.add_indicator(
        ACTOR, entry=_entry("solar", Column(table="solar", column="bestand"), definition={"unit": "kW"})
    )
    first = load_statistics(ACTOR, content=content, folder=figures, today=dt.date(2025, 2, 1))
    assert (first.changed, len(first.missing)) == (("solar",), len(content.schemas) - 1)
    run_indicator(ACTOR, gate=city, indicator=Indicator.objects.get(), today=dt.date(2025, 2, 1))
    (figures / "umwelt" / "solar.csv").write_text("jahr,neu,bestand\n2023,10.0,100.0\n2024,20.5,121.0\n2025,1,122\n")
    again = load_statistics(ACTOR, content=content, folder=figures, today=dt.date(2026, 2, 1))
    assert again.changed == ("solar",)
    assert load_statistics(ACTOR, content=content, folder=figures, today=dt.date(2026, 2, 2)).same == ("solar",)
    run_indicator(ACTOR, gate=city, indicator=Indicator.objects.get(), today=dt.date(2026, 2, 1))
    values = {(value.first.year, int(value.value), value.quality) for value in _fresh("solar", TODAY).current.values}
    assert values == {(2023, 100, "final"), (2024, 121, "corrected"), (2025, 122, "final")}
    assert csv_rows("/daten/statistik/solar.csv?stand=2025-06-01")[-1]["bestand"] == "120.5"
    assert csv_rows("/daten/statistik/solar.csv")[-1] == {"jahr": "2025", "neu": "1", "bestand": "122"}
    page = text(Client(), "/en/daten/statistik/solar/")
    assert "CC0" in page
    assert "Bundesnetzagentur" in page
    assert "Power of solar units" in text(Client(), "/en/daten/statistik/")
    assert Client().get("/daten/statistik/solar/verlauf.svg").status_code == 200
    assert Client().get("/daten/statistik/solar.json").json()["rows"][0]["bestand"] == "100"
    assert "/daten/statistik/solar/" in text(Client(), "/wirkung/solar/")


def test_one_faulty_file_loads_no_table(city: Gate, figures: Path) -> None:
    (figures / "verkehr").mkdir()
    (figures / "verkehr" / "netz.csv").write_text("jahr,strasse,fahrrad\n2025,242,viel\n")
    with pytest.raises(Invalid, match=r"netz\.csv, line 2, column fahrrad"):
        load_statistics(ACTOR, content=described(pack_folder("konstanz")), folder=figures, today=TODAY)
    assert not TableLoad.objects.exists()


def _form(**more: str) -> dict[str, str]:
    return {
        **{"deed": "value", "first": "2024-01-01", "last": "2024-12-31", "value": "50", "quality": "final"},
        **{"left_out": "0", "source": "Pflanzliste"},
        **more,
    }


def test_the_office_enters_corrects_and_sets_targets(city: Gate, sign_in: SignIn) -> None:
    services.add_indicator(ACTOR, entry=_hand())
    client, before = sign_in("office"), AuditEntry.objects.count()
    address = "/intern/indikatoren/trees/"
    assert client.post(address, _form()).status_code == 302
    assert "Hier fehlt die Begründung" in client.post(address, _form(value="49")).content.decode()
    assert client.post(address, _form(value="49", note_de="gezählt", note_en="counted")).status_code == 302
    assert [entry.verb for entry in entries_since(before)] == ["effects.value_entered"] * 2
    path = {
        **{
            "deed": "path",
            "since": "2025-01-01",
            "points": "2028-12-31 60\n2027-12-31 20 bis 30",
            "source": "Beschluss",
        },
        **{"baseline_day": "2023-12-31", "baseline_value": "0"},
    }
    assert client.post(address, path).status_code == 302
    assert "Nicht lesbar" in client.post(address, {**path, "points": "morgen viel"}).content.decode()
    view = _fresh("trees", today())
    assert (view.current.newest.value, view.target.low, view.baseline.low) == (49, 60, 0)
    page = text(client, address)
    assert "Pflanzliste" in page
    assert "berichtigt" in page
    other = services.add_indicator(ACTOR, entry=_hand("shade"))
    link = {"deed": "link", "effect": other.slug, "sign": "+", "confidence": "low", "reason_de": "a", "reason_en": "b"}
    assert client.post(address, link).status_code == 302
    assert "Shade" in text(Client(), "/wirkung/trees/")


def test_the_office_defines_revises_and_runs(city: Gate, sign_in: SignIn) -> None:
    client = sign_in("office")
    _year(city, _stream(city), 2025, 3)
    new = {
        **{"slug": "hot", "title_de": "Heiß", "title_en": "Hot", "sentence_de": "s", "sentence_en": "s"},
        **{"kind": "impact", "public": "on", "since": "2025-01-01", "unit": "d", "digits": "0", "direction": "down"},
        **{"period": "year", "rhythm": "month", "method_de": "m", "method_en": "m", "source": "computed"},
        **{"part": "climate-days/hot-days", "purpose": "open-data", "stations": "platz"},
    }
    assert (
        "Für diese Herkunft ist das nötig"
        in client.post("/intern/indikatoren/neu/", {**new, "part": ""}).content.decode()
    )
    assert client.post("/intern/indikatoren/neu/", new).status_code == 302
    assert client.post("/intern/indikatoren/hot/", {"deed": "run"}).status_code == 302
    assert Value.objects.get().value == 3
    revised = {name: value for name, value in new.items() if name not in ("slug", "title_de", "title_en")}
    revised |= {"part": "climate-days/summer-days", "since": str(today())}
    assert (
        "Hier fehlt die Begründung"
        in client.post("/intern/indikatoren/hot/fassung/", revised, follow=True).content.decode()
    )
    reason = {"reason_de": "ab 25 Grad", "reason_en": "from 25 degrees"}
    assert client.post("/intern/indikatoren/hot/fassung/", revised | reason).status_code == 302
    assert client.post("/intern/indikatoren/").status_code == 302
    assert Indicator.objects.get().definitions.count() == 2
    assert Value.objects.filter(definition__number=2).exists()
    assert "Heiß" in text(client, "/intern/indikatoren/")
    assert csv_rows_of(client, "/intern/indikatoren.csv")[0]["version"] == "2"


def csv_rows_of(client: Client, path: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text(client, path))))


def test_who_may_write(programme: Gate, sign_in: SignIn) -> None:
    from allmende.programme.models import Project
    from tests.office.conftest import person

    services.add_indicator(ACTOR, entry=_hand(projects=("reallabor",)))
    services.add_indicator(ACTOR, entry=_hand("shade"))
    Project.objects.get(slug="reallabor").leads.add(person("lead"))
    client = sign_in("lead")
    assert client.post("/intern/indikatoren/trees/", _form()).status_code == 302
    for role, slug, sent in (
        ("lead", "shade", _form()),
        ("lead", "trees", {"deed": "run"}),
        ("auditor", "trees", _form()),
        ("steward", "trees", {"deed": "run"}),
        ("office", "trees", {"deed": "anything"}),
    ):
        assert sign_in(role).post(f"/intern/indikatoren/{slug}/", sent).status_code in (302, 403)
    assert Value.objects.count() == 1
    assert text(sign_in("auditor"), "/intern/indikatoren/trees/")


def test_links_name_what_is_there(city: Gate) -> None:
    services.add_indicator(ACTOR, entry=_hand())
    link = LinkEntry(cause="trees", effect="rain", sign="+", confidence="low", reason=_both("x"))
    with pytest.raises(AllmendeError):
        services.add_link(ACTOR, entry=link)
