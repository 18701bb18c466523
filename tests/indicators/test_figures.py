"""Each computed indicator from observations behind the gate, checked against what was put in."""

import datetime as dt
from collections.abc import Iterable
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pandas as pd  # type: ignore[import-untyped]
import pytest

from allmende.connectors.table.load import load_files
from allmende.ethics.model import Category, Duties, Purpose, Recipient, Rule, Rulebook
from allmende.gate.door import PUBLIC, Ask, Asker, Gate, migrate_store, open_gate
from allmende.gate.query import Arrival, Datastream, ObservedProperty, Sensor, Thing
from allmende.indicators.air import against
from allmende.indicators.figures import Figure, Question, Stream, bounds
from allmende.indicators.method import method, methods
from allmende.indicators.parking import taken
from allmende.indicators.registry import COMPUTES, compute
from allmende.kernel.clock import UTC, micros_from_instant
from allmende.kernel.text import Text

BERLIN = ZoneInfo("Europe/Berlin")
TODAY = dt.date(2026, 3, 1)
CATEGORIES = ("weather", "environment", "traffic-counts")
COLLECT = Ask(Asker("system:test"), "collect", "all", "administration")
PUBLISHED = Ask(PUBLIC, "publish", "all", "public")
HOUR = dt.timedelta(hours=1)


def _same(word: str) -> Text:
    return Text(word, word)


def _rule(verb: str, recipient: str) -> Rule:
    return Rule(
        slug=verb,
        effect="permit",
        verbs=(verb,),
        categories=CATEGORIES,
        purposes=("all",),
        recipients=(recipient,),
        title=_same(verb),
        reason=_same(verb),
        source="test",
    )


RULES = Rulebook(
    purposes=(Purpose("all", _same("all"), _same("all")),),
    categories=tuple(Category(slug, _same(slug), "none") for slug in CATEGORIES),
    recipients=tuple(Recipient(slug, _same(slug)) for slug in ("public", "administration")),
    rules=(_rule("collect", "administration"), _rule("publish", "public")),
)


@pytest.fixture
def open_all(tmp_path: Path) -> Iterable[Gate]:
    """Open a gate whose rules let everything in and out."""
    url = str(tmp_path / "observations.sqlite3")
    migrate_store(url)
    gate = open_gate(url)
    gate.publish(RULES, actor="test")
    yield gate
    gate.close()


def _put(gate: Gate, observed: str, values: Iterable[tuple[dt.datetime, float]], **about: object) -> Stream:
    """Make a datastream of hourly values."""
    grant = gate.grant(COLLECT)
    station = str(about.get("station", "here"))
    unit, category = str(about.get("unit", "{count}")), str(about.get("category", "traffic-counts"))
    interval = int(str(about.get("interval", 3600)))
    thing = gate.find("Things", station)
    if thing is None:
        thing = gate.create(grant, "Things", Thing(name=station, description="", properties={"slug": station}))
    seen = ObservedProperty(name=observed, definition="https://x.example/o", description="")
    number = gate.create(
        grant,
        "Datastreams",
        Datastream(
            name=observed,
            description="",
            thing_id=thing,
            sensor_id=gate.create(grant, "Sensors", Sensor(name="s", description="")),
            observed_property_id=gate.create(grant, "ObservedProperties", seen),
            unit=unit,
            category=category,
            data_use="",
            properties={"observed": observed, "interval_seconds": interval},
        ),
    )
    arrivals = [
        Arrival(datastream_id=number, phenomenon_start=micros_from_instant(at), result=value) for at, value in values
    ]
    gate.append(grant, arrivals)
    reference = bool(about.get("reference", False))
    return Stream(
        id=number,
        name=observed,
        station=station,
        observed=observed,
        unit=unit,
        interval=interval,
        category=category,
        reference=reference,
    )


def _hours(first: dt.date, days: int, zone: dt.tzinfo = BERLIN) -> list[dt.datetime]:
    start = dt.datetime(first.year, first.month, first.day, tzinfo=zone).astimezone(UTC)
    end = dt.datetime.combine(first + dt.timedelta(days=days), dt.time(), zone).astimezone(UTC)
    return [start + n * HOUR for n in range(int((end - start) / HOUR))]


def _asked(name: str, gate: Gate, streams: list[Stream], part: str, **more: object) -> list[Figure]:
    question = Question(
        **{"part": part, "complete_share": method(name).complete_share, "today": TODAY, **more}  # type: ignore[arg-type]
    )
    return compute(name, gate, gate.grant(PUBLISHED), streams, question)


def test_every_written_method_is_computed_and_every_limit_has_its_source() -> None:
    assert set(methods()) == set(COMPUTES)
    limits = method("air-quality").limits
    assert len({limit.id for limit in limits}) == len(limits)
    assert all(limit.url.startswith("https://") and limit.source for limit in limits)
    found = {(limit.id, limit.value, limit.allowed) for limit in limits}
    assert {("eu-2030-pm2-5-year", 10, 0), ("eu-2030-no2-day", 50, 18), ("who-2021-pm2-5-day", 15, 3)} < found


def test_nights_in_town_against_nights_beside_it(open_all: Gate) -> None:
    hours = _hours(dt.date(2025, 6, 1), 92, UTC)
    town = _put(
        open_all,
        "air-temperature",
        [(at, 20.0 if at.hour < 6 else 28.0) for at in hours],
        station="town",
        category="weather",
        unit="Cel",
    )
    gaps = [at for at in hours if at.date() != dt.date(2025, 7, 1)]
    beside = _put(
        open_all,
        "air-temperature",
        [(at, 17.5 if at.hour < 6 else 28.0) for at in gaps],
        station="shore",
        category="weather",
        unit="Cel",
        reference=True,
    )
    (figure,) = _asked("heat-island", open_all, [town, beside], "nights")
    assert (figure.value, figure.used, figure.left_out) == (2.5, 91, 1)
    assert (figure.first, figure.last, figure.whole) == (dt.date(2025, 6, 1), dt.date(2025, 8, 31), True)
    assert _asked("heat-island", open_all, [town], "nights") == []


def test_a_level_is_the_mean_of_daily_means(open_all: Gate) -> None:
    first = _hours(dt.date(2025, 5, 1), 1)
    rest = [at for at in _hours(dt.date(2025, 5, 2), 30) if at.astimezone(BERLIN).hour == 12]
    gauge = _put(
        open_all,
        "water-level",
        [(at, 300.0) for at in first] + [(at, 400.0) for at in rest],
        category="environment",
        unit="cm",
    )
    (mean,) = _asked("water-level", open_all, [gauge], "mean", period="month")
    assert (round(mean.value, 3), mean.used, mean.left_out) == (round((300 + 30 * 400) / 31, 3), 31, 0)
    (low,) = _asked("water-level", open_all, [gauge], "lowest", period="month")
    (high,) = _asked("water-level", open_all, [gauge], "highest", period="month")
    assert (low.value, high.value) == (300, 400)
    assert _asked("water-level", open_all, [gauge], "mean") == [], "a month is no year"


def test_air_by_the_averaging_times_of_the_limits(open_all: Gate) -> None:
    hours = _hours(dt.date(2025, 1, 1), 365)
    dirty = {dt.date(2025, 1, day) for day in range(1, 6)}
    values = [(at, 60.0 if at.astimezone(BERLIN).date() in dirty else 10.0) for at in hours]
    short = [
        one
        for one in values
        if one[0].astimezone(BERLIN).date() != dt.date(2025, 1, 5) or one[0].astimezone(BERLIN).hour < 17
    ]
    station = _put(open_all, "nitrogen-dioxide", short, category="environment", unit="ug/m3")
    (mean,) = _asked("air-quality", open_all, [station], "mean")
    assert mean.value == pytest.approx(sum(value for _, value in short) / len(short))
    assert (mean.used, mean.left_out, mean.whole) == (len(short), 7, True)
    (days,) = _asked("air-quality", open_all, [station], "days-above", threshold=50.0)
    assert (days.value, days.used, days.left_out) == (4, 364, 1), "a day needs 18 hours"
    (above,) = _asked("air-quality", open_all, [station], "hours-above", threshold=50.0)
    assert above.value == 4 * 24 + 17
    kept = {
        one.limit.id: one.kept for one in against(method("air-quality").limits, "nitrogen-dioxide", "year", mean.value)
    }
    assert kept == {"eu-2030-no2-year": True, "eu-2010-no2-year": True, "who-2021-no2-year": False}
    assert [one.kept for one in against(method("air-quality").limits, "pm10", "day", None)] == [None] * 3


def test_a_failed_counter_is_no_decline(open_all: Gate) -> None:
    hours = _hours(dt.date(2025, 5, 1), 31)
    one = _put(open_all, "bicycles", [(at, 10.0) for at in hours], station="a")
    other = _put(open_all, "bicycles", [(at, 5.0) for at in hours if at.astimezone(BERLIN).day != 3], station="b")
    (figure,) = _asked("bicycle-counts", open_all, [one, other], "per-day", period="month")
    assert (figure.value, figure.used, figure.left_out) == (360, 30, 1)
    (total,) = _asked("bicycle-counts", open_all, [one, other], "total", period="month")
    assert total.value == 360 * 30


def test_the_mean_of_an_hours_counts_is_not_the_count_of_an_hour(open_all: Gate) -> None:
    collect, publish = RULES.rules
    hourly = msgspec.structs.replace(publish, duties=Duties(time_grid_seconds=3600, minimum_group=2))
    open_all.publish(msgspec.structs.replace(RULES, rules=(collect, hourly)), actor="test")
    quarters = [at + n * HOUR / 4 for at in _hours(dt.date(2025, 5, 1), 31) for n in range(4)]
    one = _put(open_all, "bicycles", [(at, 10.0) for at in quarters], interval=900)
    (figure,) = _asked("bicycle-counts", open_all, [one], "per-day", period="month")
    assert (figure.value, figure.used) == (4 * 10 * 24, 31)


def test_car_parks_are_full_by_day_when_all_report(open_all: Gate) -> None:
    hours = _hours(dt.date(2025, 5, 1), 31)
    silent = dt.date(2025, 5, 2)
    streams = [
        _put(
            open_all,
            "free-spaces",
            [(at, 25.0 if 8 <= at.astimezone(BERLIN).hour < 20 else 100.0) for at in hours],
            station="p1",
        ),
        _put(open_all, "spaces", [(at, 100.0) for at in hours], station="p1"),
        _put(
            open_all,
            "free-spaces",
            [(at, 150.0) for at in hours if at.astimezone(BERLIN).date() != silent],
            station="p2",
        ),
        _put(open_all, "spaces", [(at, 100.0) for at in hours], station="p2"),
        _put(open_all, "free-spaces", [(at, 1.0) for at in hours], station="without"),
    ]
    (figure,) = _asked("parking-occupancy", open_all, streams, "mean", period="month")
    assert (figure.value, figure.used, figure.left_out) == (37.5, 30 * 12, 12)
    assert taken({1: 5.0}, [(1, 2)]) is None
    assert taken({1: 0.0, 2: 0.0}, [(1, 2)]) is None


def test_power_is_the_last_state_of_each_year(open_all: Gate) -> None:
    states = [(dt.datetime(2024, month, 2, tzinfo=UTC), 1000.0 + month) for month in range(1, 13)]
    states += [(dt.datetime(2026, 2, 2, tzinfo=UTC), 1500.0)]
    register = _put(open_all, "solar-power", states, category="environment", unit="kW")
    figures = _asked("solar-power", open_all, [register], "state")
    assert [(one.first.year, one.value, one.whole) for one in figures] == [(2024, 1012, True), (2026, 1500, False)]


def test_periods() -> None:
    assert bounds(dt.date(2024, 2, 10), "month") == (dt.date(2024, 2, 1), dt.date(2024, 2, 29))
    assert bounds(dt.date(2025, 12, 31), "month")[1] == dt.date(2025, 12, 31)
    assert bounds(dt.date(2025, 12, 31), "day") == (dt.date(2025, 12, 31),) * 2


def test_the_heat_island_of_2024_agrees_with_another_road(gate: Gate, samples: Path) -> None:
    folder = samples / "konstanz-weather"
    names = {"stephansplatz": "Stephansplatz", "hoernle": "Hoernle"}
    files = [folder / f"ws_compl_summer.{name}.csv" for name in names.values()]
    load_files(gate, files, Path("src/allmende/packs/konstanz/mappings/weather-2024.yaml"))
    streams = []
    for slug in names:
        number = gate.find("Datastreams", f"weather-2024-{slug}-air-temperature")
        assert number is not None
        streams.append(
            Stream(
                id=number,
                name=slug,
                station=slug,
                observed="air-temperature",
                unit="Cel",
                interval=3600,
                category="weather",
                reference=slug == "hoernle",
            )
        )
    question = Question(part="nights", complete_share=0.8, today=TODAY)
    (figure,) = compute(
        "heat-island", gate, gate.grant(Ask(PUBLIC, "publish", "open-data", "public")), streams, question
    )
    nights = []
    for path in files:
        table = pd.read_csv(path).dropna(subset=["temperature"])
        days = table.groupby("date")["temperature"].agg(["count", "min"])
        nights.append(
            days[(days["count"] >= 19.2) & (days.index >= "2024-06-01") & (days.index <= "2024-08-31")]["min"]
        )
    differences = (nights[0] - nights[1]).dropna()
    assert figure.used == len(differences)
    assert figure.value == pytest.approx(differences.mean())
