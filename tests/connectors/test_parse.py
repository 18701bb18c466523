"""Rows become readings or refusals by line; a broken table stops at its line."""

import datetime as dt
import io
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from allmende.connectors.table.lines import rows
from allmende.connectors.table.mapping import Form, Mapping
from allmende.connectors.table.parse import Reading, TableParser
from allmende.connectors.table.report import Refusal
from allmende.kernel.clock import UTC, instant_from_micros
from allmende.kernel.errors import Invalid, Malformed

BASE: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "probe.yaml").read_text(encoding="utf-8"))
HEADER = ",name,date,hour,temperature,rain\n"
NOW = 2_000_000_000_000_000
MakeMapping = Callable[..., Mapping]
Outcomes = list[Reading | Refusal]


def _parse(mapping: Mapping, text: str | bytes, now: int = NOW) -> Outcomes:
    raw = text if isinstance(text, bytes) else text.encode()
    parser = TableParser(mapping, mapping.names().get, now)
    return list(parser.parse(io.BytesIO(raw), "probe.csv"))


def _results(outcomes: Outcomes, value: int) -> list[float]:
    return [outcome.result for outcome in outcomes if isinstance(outcome, Reading) and outcome.value == value]


def _refusals(outcomes: Outcomes) -> list[tuple[int, str, str]]:
    return [(item.line, item.column, item.reason) for item in outcomes if isinstance(item, Refusal)]


def _table(*cells: str) -> str:
    return HEADER + "".join(f"{index},Döbele,{row}\n" for index, row in enumerate(cells))


def test_values_times_and_stations_are_read(make_mapping: MakeMapping) -> None:
    outcomes = _parse(make_mapping(), _table("2024-05-01,7,12.5,", "2024-05-01,8,-0.5,"))
    assert outcomes[0] == Reading(2, "doebele", 0, outcomes[0].start if isinstance(outcomes[0], Reading) else 0, 12.5)
    starts = [instant_from_micros(item.start) for item in outcomes if isinstance(item, Reading)]
    assert starts == [dt.datetime(2024, 5, 1, 7, tzinfo=UTC), dt.datetime(2024, 5, 1, 8, tzinfo=UTC)]


def test_empty_is_absent_and_zero_stays_zero(make_mapping: MakeMapping) -> None:
    mapping = make_mapping()
    parser = TableParser(mapping, mapping.names().get, NOW)
    table = _table("2024-05-01,7,,", "2024-05-01,8,0,", "2024-05-01,9,  ,")
    outcomes = list(parser.parse(io.BytesIO(table.encode()), "probe.csv"))
    assert _results(outcomes, 0) == [0.0]
    assert (parser.rows, parser.absent) == (3, 5)


def test_sentinels_and_values_out_of_range_are_refused_by_line(make_mapping: MakeMapping) -> None:
    outcomes = _parse(make_mapping(), _table("2024-05-01,7,-65535.0,", "2024-05-01,8,51,", "2024-05-01,9,50,"))
    assert _refusals(outcomes) == [(2, "temperature", "sentinel"), (3, "temperature", "out-of-range")]
    assert _results(outcomes, 0) == [50.0]
    refusal = next(item for item in outcomes if isinstance(item, Refusal) and item.reason == "out-of-range")
    assert "-40" in refusal.text.de and "50" in refusal.text.en


def test_an_unknown_station_is_refused_with_the_known_ones(make_mapping: MakeMapping) -> None:
    outcomes = _parse(make_mapping(), HEADER + "0,Mars,2024-05-01,7,1,\n1,Hörnle,2024-05-01,7,2,\n")
    assert _refusals(outcomes) == [(2, "name", "unknown-station")]
    assert isinstance(outcomes[0], Refusal) and "Döbele, Hörnle" in outcomes[0].text.de
    assert _results(outcomes, 0) == [2.0]


def test_an_unknown_station_stops_when_the_mapping_says_so(make_mapping: MakeMapping) -> None:
    with pytest.raises(Invalid, match="“Mars” is not known"):
        _parse(make_mapping(station={"column": "name", "unknown": "stop"}), HEADER + "0,Mars,2024-05-01,7,1,\n")


def test_times_in_the_future_are_refused(make_mapping: MakeMapping) -> None:
    assert _refusals(_parse(make_mapping(), _table("2124-05-01,7,1,"))) == [(2, "date hour", "future-time")]


class TestCounter:
    def _rain(self, mapping: Mapping, *readings: str) -> Outcomes:
        return _parse(mapping, _table(*(f"2024-05-01,{hour},,{text}" for hour, text in enumerate(readings))))

    def test_rises_are_amounts_and_the_first_gives_none(self, make_mapping: MakeMapping) -> None:
        outcomes = self._rain(make_mapping(), "22.67", "22.67", "23.1", "24.0")
        assert _results(outcomes, 1) == [0.0, 0.43, 0.9]
        assert _refusals(outcomes) == [(2, "rain", "counter-first")]

    def test_the_hours_of_a_turn_over_have_no_amount(self, make_mapping: MakeMapping) -> None:
        outcomes = self._rain(make_mapping(), "98.0", "98.98", "49.77", "1.15", "3.27")
        assert _results(outcomes, 1) == [0.98, 2.12]
        assert _refusals(outcomes)[1:] == [(4, "rain", "counter-restart"), (5, "rain", "counter-restart")]

    def test_after_a_gap_the_amount_falls_on_the_end_and_says_since_when(self, make_mapping: MakeMapping) -> None:
        outcomes = self._rain(make_mapping(), "1", "", "", "4")
        (reading,) = [item for item in outcomes if isinstance(item, Reading)]
        assert reading.result == 3.0
        assert instant_from_micros(reading.start).hour == 3
        assert reading.since is not None and instant_from_micros(reading.since).hour == 1

    def test_after_a_long_gap_the_counter_begins_anew(self, make_mapping: MakeMapping) -> None:
        outcomes = _parse(make_mapping(), _table("2024-05-01,0,,1", "2024-05-02,2,,4", "2024-05-02,3,,5"))
        assert _results(outcomes, 1) == [1.0]
        assert [reason for _, _, reason in _refusals(outcomes)] == ["counter-first", "counter-first"]

    def test_readings_out_of_order_or_out_of_range_are_refused(self, make_mapping: MakeMapping) -> None:
        outcomes = _parse(make_mapping(), _table("2024-05-01,5,,1", "2024-05-01,4,,2", "2024-05-01,6,,100"))
        assert [reason for _, _, reason in _refusals(outcomes)] == ["counter-first", "counter-order", "counter-range"]

    def test_stations_count_apart(self, make_mapping: MakeMapping) -> None:
        lines = (
            "0,Döbele,2024-05-01,0,,1\n1,Hörnle,2024-05-01,0,,7\n2,Döbele,2024-05-01,1,,2\n3,Hörnle,2024-05-01,1,,9\n"
        )
        assert _results(_parse(make_mapping(), HEADER + lines), 1) == [1.0, 2.0]

    @given(st.lists(st.floats(0, 99.99).map(lambda number: round(number, 2)), max_size=30))
    def test_amounts_are_the_positive_differences(self, readings: list[float]) -> None:
        mapping = _base_mapping(maximum=100)
        table = _table(*(f"2024-05-{hour // 24 + 1:02},{hour % 24},,{text}" for hour, text in enumerate(readings)))
        rises = [after - before for before, after in itertools.pairwise(readings) if after >= before]
        assert _results(_parse(mapping, table), 1) == [round(rise, 6) for rise in rises]


def _base_mapping(maximum: float) -> Mapping:
    rain = {**BASE["values"][1], "maximum": maximum}
    return msgspec.convert({**BASE, "values": [BASE["values"][0], rain]}, Mapping)


class TestClocks:
    def _berlin(self, make_mapping: MakeMapping, **changes: Any) -> Mapping:
        return make_mapping(time={**BASE["time"], "zone": "Europe/Berlin", **changes})

    def test_doubled_and_skipped_local_times_are_refused(self, make_mapping: MakeMapping) -> None:
        table = _table("2024-03-31,1,1,", "2024-03-31,2,2,", "2024-10-27,2,3,", "2024-10-27,3,4,")
        outcomes = _parse(self._berlin(make_mapping), table)
        assert _refusals(outcomes) == [(3, "date hour", "skipped-time"), (4, "date hour", "doubled-time")]
        starts = [instant_from_micros(item.start) for item in outcomes if isinstance(item, Reading)]
        assert starts == [dt.datetime(2024, 3, 31, 0, tzinfo=UTC), dt.datetime(2024, 10, 27, 2, tzinfo=UTC)]

    @pytest.mark.parametrize(("doubled", "hour"), [("first", 0), ("second", 1)])
    def test_a_declared_doubled_time_is_taken(self, make_mapping: MakeMapping, doubled: str, hour: int) -> None:
        (reading,) = _parse(self._berlin(make_mapping, doubled=doubled), _table("2024-10-27,2,3,"))
        assert isinstance(reading, Reading)
        assert instant_from_micros(reading.start) == dt.datetime(2024, 10, 27, hour, tzinfo=UTC)

    def test_a_stamp_at_the_end_is_moved_to_the_start(self, make_mapping: MakeMapping) -> None:
        (reading,) = _parse(make_mapping(time={**BASE["time"], "stamp": "end"}), _table("2024-05-01,7,1,"))
        assert isinstance(reading, Reading)
        assert instant_from_micros(reading.start).hour == 6

    def test_iso_times_carry_their_own_zone(self, make_mapping: MakeMapping) -> None:
        time = {"columns": ["date"], "format": "iso", "zone": "in-time", "interval_seconds": 3600}
        mapping = make_mapping(time=time, values=BASE["values"][:1], ignored=[])
        (reading,) = _parse(mapping, "name,date,temperature\nDöbele,2024-05-01T07:00:00+02:00,1\n")
        assert isinstance(reading, Reading)
        assert instant_from_micros(reading.start).hour == 5
        with pytest.raises(Invalid, match="no time of the form iso"):
            _parse(mapping, "name,date,temperature\nDöbele,2024-05-01T07:00:00,1\n")


class TestForms:
    def test_bom_latin1_semicolon_and_decimal_comma(self, make_mapping: MakeMapping) -> None:
        table = HEADER.replace(",", ";") + "0;Döbele;2024-05-01;7;12,5;\n"
        german = {"delimiter": ";", "decimal": ","}
        assert _results(_parse(make_mapping(form=german), b"\xef\xbb\xbf" + table.encode()), 0) == [12.5]
        latin = make_mapping(form={**german, "encoding": "latin-1"})
        assert _results(_parse(latin, table.encode("latin-1")), 0) == [12.5]

    def test_texts_for_absent_values_can_be_declared(self, make_mapping: MakeMapping) -> None:
        mapping = make_mapping(form={"absent": ["", "---"]})
        assert _parse(mapping, _table("2024-05-01,7,---,")) == []

    def test_a_long_table(self, make_mapping: MakeMapping) -> None:
        mapping = make_mapping(
            long={"property_column": "what", "value_column": "value"},
            ignored=[{"column": "note", "reason": {"de": "Text", "en": "text"}}],
        )
        lines = "temperature,7.5", "rain,1", "note,x", "luck,3"
        table = "name,date,hour,what,value\n" + "".join(f"Döbele,2024-05-01,7,{line}\n" for line in lines)
        outcomes = _parse(mapping, table)
        assert _results(outcomes, 0) == [7.5]
        assert [reason for _, _, reason in _refusals(outcomes)] == ["counter-first", "unknown-property"]

    def test_a_table_about_one_station(self, make_mapping: MakeMapping) -> None:
        mapping = make_mapping(station={"thing": "doebele"})
        (reading,) = _parse(mapping, ",date,hour,temperature,rain\n0,2024-05-01,7,1,\n")
        assert isinstance(reading, Reading) and reading.station == "doebele"


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (b"", ["no header"]),
        (b"name,date,hour,temperature\n", ["„rain“", "missing"]),
        (b"name,date,hour,temperature,rain,luck,cloud\n", ["„luck“, „cloud“", "knows no"]),
        (b"name,date,hour,temperature,rain,rain\n", ["„rain“", "more than once"]),
        (b"name;date;hour;temperature;rain\n", ["missing", "delimiter"]),
        (HEADER.encode() + b"0,D\xf6bele,2024-05-01,7,1,\n", ["line 2", "utf-8", "latin-1"]),
        (HEADER.encode() + b"0,D\0,2024-05-01,7,1,\n", ["line 2", "NUL"]),
        (HEADER.encode("utf-16"), ["NUL", "UTF-16"]),
        (_table("2024-05-01,7,1,", "2024-02-30,7,1,").encode(), ["line 3", "2024-02-30 7"]),
        (_table("2024-05-01,24,1,").encode(), ["line 2", "2024-05-01 24"]),
        (_table("2024-05-01,7,1").encode(), ["line 2", "5 fields instead of 6"]),
        (_table("2024-05-01,7,1,,").encode(), ["line 2", "7 fields instead of 6"]),
        (_table('2024-05-01,7,"12,5",').encode(), ["line 2", "temperature", "12,5", "form.decimal"]),
        (_table("2024-05-01,7,nan,").encode(), ["line 2", "nan"]),
        (_table("2024-05-01,7,1e999,").encode(), ["line 2", "1e999"]),
        (_table("2024-05-01,7,1_0,").encode(), ["line 2", "1_0"]),
        (_table("2024-05-01,7,٣,").encode(), ["line 2"]),
        (_table('"2024-05-01,7,1,', "2024-05-01,8,1,").encode(), ["line 2", "quotation mark"]),
        (_table('"2024"05-01,7,1,').encode(), ["line 2", "quotation mark"]),
        (HEADER.encode().replace(b"\n", b"\r") + b"0,D,2024-05-01,7,1,\r", ["line"]),
    ],
)
def test_a_broken_table_stops_at_its_line(make_mapping: MakeMapping, table: bytes, words: list[str]) -> None:
    with pytest.raises((Invalid, Malformed)) as caught:
        _parse(make_mapping(), table)
    for word in words:
        assert word in str(caught.value)
    assert "Nothing was loaded" in str(caught.value)
    assert "nichts geladen" in caught.value.next.de


def test_ten_million_columns_are_refused_without_reading_them() -> None:
    read = 0

    def lines() -> Iterator[bytes]:
        nonlocal read
        yield b"a," * 3_000 + b"a\n"
        read += 1
        yield b""

    with pytest.raises(Malformed, match="more than 2000 columns"):
        list(rows(lines(), "wide.csv", Form()))
    assert read == 0


@given(st.binary(max_size=400))
def test_any_bytes_give_rows_or_a_sentence(raw: bytes) -> None:
    try:
        for _, cells in rows(io.BytesIO(raw), "any.csv", Form()):
            assert cells
    except Malformed as error:
        assert error.what.de and error.next.en
