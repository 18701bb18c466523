"""Texts, times, units, ids and errors say what they must and refuse the rest."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ucumvert import PintUcumRegistry

from allmende.kernel.clock import instant_from_micros, iso_from_micros, micros_from_instant
from allmende.kernel.errors import ErrorCode, Invalid
from allmende.kernel.ids import datastream_of_observation, observation_id, slug_from_title
from allmende.kernel.text import Text
from allmende.kernel.units import UNITS, unit_from_ucum


def test_a_text_needs_both_languages() -> None:
    assert Text("Stadt", "city").within("en-gb") == "city"
    with pytest.raises(ValueError, match="both languages"):
        Text("Stadt", " ")


@given(st.integers(-(10**15), 10**16))
def test_instants_survive_the_disk(micros: int) -> None:
    assert micros_from_instant(instant_from_micros(micros)) == micros
    assert dt.datetime.fromisoformat(iso_from_micros(micros)) == instant_from_micros(micros)


def test_a_naive_time_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        micros_from_instant(dt.datetime(2024, 4, 11))  # noqa: DTZ001


def test_every_unit_is_valid_ucum() -> None:
    registry = PintUcumRegistry()
    for code in UNITS:
        assert registry.from_ucum(code) is not None


def test_an_unknown_unit_is_named() -> None:
    with pytest.raises(Invalid, match="“furlong”"):
        unit_from_ucum("furlong")


@given(st.integers(1, 2**21 - 1), st.integers(1, 2**32 - 1))
def test_observation_ids_are_safe_whole_numbers(datastream: int, sequence: int) -> None:
    number = observation_id(datastream, sequence)
    assert number < 2**53
    assert datastream_of_observation(number) == datastream


def test_slugs_spell_umlauts_out() -> None:
    assert slug_from_title("Fähre Staad – Straße") == "faehre-staad-strasse"


def test_an_error_code_stands_once() -> None:
    code = ErrorCode("tests.once", Text("a", "a"), Text("b", "b"))
    assert ErrorCode.registry["tests.once"] is code
    with pytest.raises(ValueError, match="defined twice"):
        ErrorCode("tests.once", Text("a", "a"), Text("b", "b"))
