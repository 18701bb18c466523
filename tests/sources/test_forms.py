"""What a recipe reads: every form, every way of writing a time or a number that the sources of a city have."""

import json
from pathlib import Path
from typing import Any

import pytest

from allmende.kernel.errors import Invalid
from allmende.sources.definition import read_connector, shipped
from allmende.sources.parse import Reading, Refusal
from allmende.sources.run import House, preview
from tests.sources.conftest import RECIPE, Make, iso

VALUE = RECIPE["values"][0]
STATION = RECIPE["stations"][0]
PUSH: dict[str, Any] = {"kind": "push", "station": "id"}


def _seen(house: House, connector: Any, body: bytes | str) -> list[tuple[str, float | bool]]:
    found = preview(house, connector, body.encode() if isinstance(body, str) else body)
    return [(iso(one.start), one.result) for one in found if isinstance(one, Reading)]


def _reasons(house: House, connector: Any, body: bytes | str) -> list[str]:
    found = preview(house, connector, body.encode() if isinstance(body, str) else body)
    return [one.reason for one in found if isinstance(one, Refusal)]


def test_a_german_table_in_latin_1(house: House, make: Make) -> None:
    form = {"format": "csv", "encoding": "latin-1", "delimiter": ";", "decimal": ",", "absent": ["", "---"]}
    stations = [{**STATION, "aliases": ["Döbele"]}]
    time = {"path": "Zeit", "format": "%d.%m.%Y %H:%M", "zone": "Europe/Berlin"}
    table = make(
        **PUSH | {"station": "Ort"}, **form, stations=stations, time=time, values=[{**VALUE, "path": "Temp. (°C)"}]
    )
    text = (
        'Ort;Zeit;Temp. (°C)\nDöbele;01.07.2024 12:00;"21,5"\nDöbele;01.07.2024 13:00;---\nDöbele;01.01.2024 12:00;0\n'
    )
    assert _seen(house, table, text.encode("latin-1")) == [
        ("2024-07-01T10:00:00Z", 21.5),
        ("2024-01-01T11:00:00Z", 0.0),
    ]
    with pytest.raises(Invalid, match="line 3 has 2 fields"):
        preview(house, table, "Ort;Zeit;Temp. (°C)\nDöbele;01.07.2024 12:00;1\nDöbele;01.07".encode("latin-1"))


def test_local_times_of_the_change_of_clocks_are_refused_unless_declared(house: House, make: Make) -> None:
    time = {"path": "time", "format": "%Y-%m-%d %H:%M", "zone": "Europe/Berlin"}
    twice = '[{"id":1,"time":"2024-10-27 02:30","temperature":1},{"id":1,"time":"2024-03-31 02:30","temperature":1}]'
    assert _reasons(house, make(**PUSH, time=time), twice) == ["doubled-time", "skipped-time"]
    declared = make(**PUSH, time={**time, "doubled": "second"})
    assert _seen(house, declared, twice) == [("2024-10-27T01:30:00Z", 1.0)]


def test_epochs_in_seconds_milliseconds_and_of_a_wall_clock(house: House, make: Make) -> None:
    for form, number, zone, said in (
        ("epoch", 1_714_550_400, "UTC", "2024-05-01T08:00:00Z"),
        ("epoch-ms", 1_714_550_400_000, "UTC", "2024-05-01T08:00:00Z"),
        ("epoch-ms", 1_714_550_400_000, "Europe/Berlin", "2024-05-01T06:00:00Z"),
    ):
        probe = make(**PUSH, time={"path": "time", "format": form, "zone": zone})
        assert _seen(house, probe, f'{{"id":1,"time":{number},"temperature":3}}') == [(said, 3.0)]


def test_a_naive_time_is_no_time_where_the_text_should_have_its_offset(house: House, make: Make) -> None:
    assert _reasons(house, make(**PUSH), '[{"id":1,"time":"2024-05-01T10:00:00","temperature":1}]') == ["no-time"]


def test_xml_and_geojson(house: House, make: Make) -> None:
    xml = make(
        **PUSH | {"station": "@id"},
        format="xml",
        records="data.station",
        values=[{**VALUE, "path": "temp.#text"}],
        time={"path": "at", "zone": "in-time"},
    )
    body = '<x:data xmlns:x="u"><station id="1"><at>2024-05-01T10:00:00Z</at><temp unit="C">0</temp></station></x:data>'
    assert _seen(house, xml, body) == [("2024-05-01T10:00:00Z", 0.0)]
    with pytest.raises(Invalid, match="DTD"):
        preview(house, xml, b'<!DOCTYPE a [<!ENTITY b "c">]><data>&b;</data>')
    with pytest.raises(Invalid, match="DTD"):
        preview(house, xml, '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE data><data/>'.encode("utf-16"))
    with pytest.raises(Invalid, match="no complete XML"):
        preview(house, xml, b"<data><station>")
    geo = make(
        **PUSH | {"station": "id"},
        format="geojson",
        values=[{**VALUE, "path": "properties.t"}],
        time={"path": "properties.at", "zone": "in-time"},
    )
    feature = '{"type":"FeatureCollection","features":[{"id":1,"properties":{"t":"4.5","at":"2024-05-01T10:00:00Z"}}]}'
    assert _seen(house, geo, feature) == [("2024-05-01T10:00:00Z", 4.5)]


def test_a_counter_gives_amounts_and_none_where_it_starts_again(house: House, make: Make) -> None:
    values = [{**VALUE, "unit": "mm", "observed": "precipitation", "counter": {"modulus": 100}}]
    readings = [98.5, 99.0, 99.0, 1.2, 1.7]
    rows = ",".join(f'{{"id":1,"time":"2024-05-01T0{n}:00:00Z","temperature":{one}}}' for n, one in enumerate(readings))
    probe = make(**PUSH, values=values)
    assert [one for _, one in _seen(house, probe, f"[{rows}]")] == [0.5, 0.0, 0.5]
    assert _reasons(house, probe, f"[{rows}]") == ["counter-first", "counter-restart"]


def test_truths_units_lists_and_devices_that_nobody_registered(house: House, make: Make) -> None:
    door = make(**PUSH, values=[{**VALUE, "kind": "boolean", "unit": "1"}])
    assert _seen(house, door, '[{"id":1,"time":"2024-05-01T10:00:00Z","temperature":false}]')[0][1] is False
    plain = make(**PUSH)
    assert _reasons(house, plain, '[{"id":1,"time":"2024-05-01T10:00:00Z","temperature":[1]}]') == ["no-number"]
    assert _reasons(house, plain, '[{"id":9,"time":"2024-05-01T10:00:00Z","temperature":1}]') == ["unknown-station"]
    unit = make(**PUSH, values=[{**VALUE, "unit_path": "unit", "unit_given": "°C"}])
    with pytest.raises(Invalid, match="“°F”"):
        preview(house, unit, '[{"id":1,"time":"2024-05-01T10:00:00Z","temperature":1,"unit":"°F"}]'.encode())


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"colour": "red"}, "$"),
        ({"time": {"path": "t", "zone": "CEST"}}, "$.time.zone"),
        ({"values": [{**VALUE, "unit": "C"}]}, "$.values[0].unit"),
        ({"values": [{**VALUE, "path": "a[b"}]}, "$.values[0].path"),
        ({"values": []}, "$.values"),
        ({"values": [{**VALUE, "observed": "joy"}]}, "$.values[0].definition"),
        ({"stations": [{**STATION, "slug": "Ö"}]}, "$.stations[0].slug"),
        ({"parser": "nobody"}, "$.parser"),
        ({"request": {"url": "ftp://x/{station}"}}, "$.request.url"),
        ({"request": {"url": "https://x/{station}?{since}"}}, "$.request.since"),
        ({"request": None}, "request"),
    ],
)
def test_a_broken_recipe_is_named_with_its_field(make: Make, changes: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as caught:
        make(**{"request": {"url": "https://example.org/{station}"}, **changes})
    assert caught.value.params["field"] == field


def test_all_that_ships_is_sound_and_says_its_licence() -> None:
    found = [read_connector(one.folder, own=False) for one in shipped()]
    assert {one.name for one in found} >= {"tts", "chirpstack", "pegelonline", "sensor-community", "dwd", "uba"}
    assert all(one.manifest.data and one.manifest.data.licence for one in found)


def _shipped(house: House, name: str, **keys: str) -> Any:
    from allmende.sources.create import create

    folder = create(house.home, f"my-{name}", name)
    text = (folder / "source.yaml").read_text(encoding="utf-8")
    for old, new in keys.items():
        text = text.replace(old.strip("_"), new)
    (folder / "source.yaml").write_text(text, encoding="utf-8")
    return read_connector(folder, own=True)


def test_the_recorded_replies_of_the_waterways(house: House, samples: Path) -> None:
    gauge = _shipped(house, "pegelonline")
    assert _seen(house, gauge, (samples / "pegelonline" / "currentmeasurement.json").read_bytes()) == [
        ("2021-08-01T14:00:00Z", 238.0)
    ]
    assert _seen(house, gauge, (samples / "pegelonline" / "stations_ids_Nonexisting.json").read_bytes()) == []
    values = json.dumps(
        [
            {"timestamp": "2024-03-31T01:45:00+01:00", "value": -3.0},
            {"timestamp": "2024-03-31T03:00:00+02:00", "value": None},
            {"timestamp": "2024-03-31T03:15:00+02:00", "value": 0},
        ]
    )
    assert _seen(house, gauge, values) == [("2024-03-31T00:45:00Z", -3.0), ("2024-03-31T01:15:00Z", 0.0)]


def test_the_recorded_replies_of_citizens_sensors(house: House, samples: Path) -> None:
    sensor = _shipped(house, "sensor-community")
    found = preview(house, sensor, (samples / "sensor-community" / "api_data_upstream.json").read_bytes())
    seen = {
        (iso(one.start), sensor.recipe.values[one.value].observed, one.result)
        for one in found
        if isinstance(one, Reading)
    }
    assert seen >= {("2019-04-25T01:51:12Z", "pm10", 19.13), ("2019-04-25T01:51:12Z", "pm2-5", 16.23)}
    assert {one.reason for one in found if isinstance(one, Refusal)} == {"unknown-station"}
    values = {"P1": "1999.90", "humidity": "1.00", "pressure": "102820.92", "P2": ""}
    told = [{"value_type": name, "value": value} for name, value in values.items()]
    stuck = json.dumps([{"timestamp": "2019-04-25 01:51:12", "sensor": {"id": 2129}, "sensordatavalues": told}])
    assert _reasons(house, sensor, stuck) == ["sentinel", "sentinel"]
    assert _seen(house, sensor, stuck) == [("2019-04-25T01:51:12Z", 1028.2092)]


def test_the_recorded_archive_of_the_weather_service(house: House, make: Make, samples: Path) -> None:
    sun = {**VALUE, "path": "SD_10", "observed": "sunshine", "definition": "https://example.org/sunshine", "unit": "h"}
    long_wave = {
        **VALUE,
        "path": "LS_10",
        "observed": "radiation",
        "definition": "https://example.org/radiation",
        "unit": "1",
    }
    station = make(
        parser="dwd",
        request={"url": "https://example.org/{station}"},
        time={"path": "MESS_DATUM", "format": "%Y%m%d%H%M", "zone": "UTC"},
        values=[sun, long_wave],
    )
    body = (samples / "dwd-cdc" / "10_minutes" / "10minutenwerte_SOLAR_01766_akt.zip").read_bytes()
    found = _seen(house, station, body)
    assert found[0] == ("2023-06-09T00:00:00Z", 0.0)
    assert (len(found), max(one for _, one in found)) == (288, 0.167)
    assert set(_reasons(house, station, body)) == {"sentinel"}
    for broken in (body[:-400], b"<html>", b"PK"):
        with pytest.raises(Invalid, match="no complete ZIP"):
            preview(house, station, broken)


def test_hours_of_the_environment_agency_are_an_hour_ahead_of_utc_all_year(house: House) -> None:
    air = _shipped(house, "uba")
    end = "2024-01-01 00:00:00"
    hours = {
        "2024-07-01 00:00:00": [5, 2, 17, end, None],
        "2024-07-01 01:00:00": [5, 2, None, end, None],
        "2024-01-01 23:00:00": [[1, 2, 0, end, "1"], [9, 2, 4, end, "1"]],
    }
    body = json.dumps({"request": {}, "data": {"1613": hours}})
    assert _seen(house, air, body) == [
        ("2024-06-30T23:00:00Z", 17.0),
        ("2024-01-01T22:00:00Z", 0.0),
        ("2024-01-01T22:00:00Z", 4.0),
    ]
    assert _seen(house, air, '{"data":[]}') == _seen(house, air, '{"data":{}}') == []
    with pytest.raises(Invalid, match="no list of records"):
        preview(house, air, b'{"detail":"missing parameter"}')
