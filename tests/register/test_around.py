"""Points, distances, names and codes of the search around a place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allmende.register.around import EARTH_METRES, Point, geohash, metres, named, read_geohash, read_point
from allmende.register.codes import LENGTH, code_of, slug_of

NAMES = ["Stephansplatz", "Friedrichstrasse", "Fähre Staad", "Döbele", "Paradies", "Herose-Park"]
POINTS = st.builds(Point, st.floats(-179.9, 179.9), st.floats(-85, 85))


def test_distances_are_those_of_a_sphere() -> None:
    # The usual example of the haversine formula, two airports, which others give as 2887.26 km for 6372.8 km.
    airports = Point(-86.67, 36.12), Point(-118.40, 33.94)
    assert metres(*airports) * 6_372_800 / EARTH_METRES == pytest.approx(2_887_260, abs=5)
    assert metres(Point(9, 47), Point(9, 48)) == pytest.approx(111_195, rel=0.001)


@pytest.mark.parametrize(
    ("text", "point"),
    [
        ("47.6619,9.1739", Point(9.1739, 47.6619)),
        ("47,6619 9,1739", Point(9.1739, 47.6619)),
        (" 47.6619° N, 9.1739° E ", Point(9.1739, 47.6619)),
        ("47,6619; 9,1739", Point(9.1739, 47.6619)),
        ("97.1,9.1", None),
        ("Markt 5", None),
        ("", None),
    ],
)
def test_coordinates_are_read_as_people_write_them(text: str, point: Point | None) -> None:
    assert read_point(text) == point


@pytest.mark.parametrize(
    ("wanted", "best"),
    [
        ("Friedrichstraße 12", "Friedrichstrasse"),
        ("friedrichstr.", "Friedrichstrasse"),
        ("Friedrichstraße, Konstanz", "Friedrichstrasse"),
        ("faehre", "Fähre Staad"),
        ("Fahre Staad", "Fähre Staad"),
        ("dobele", "Döbele"),
        ("herose park", "Herose-Park"),
        ("Seilbahn", None),
        ("12", None),
    ],
)
def test_names_are_found_however_they_are_written(wanted: str, best: str | None) -> None:
    found = named(NAMES, wanted)
    assert (NAMES[found[0]] if found else None) == best


@given(POINTS)
def test_a_place_s_code_leads_back_to_it(point: Point) -> None:
    back = read_geohash(geohash(point))
    assert back is not None
    assert metres(point, back) < 6


def test_a_place_s_code_is_that_of_the_world() -> None:
    assert geohash(Point(10.40744, 57.64911), 11) == "u4pruydqqvj"
    assert read_geohash("a!") is None


def test_codes_are_told_apart_stay_and_forgive_what_looks_alike() -> None:
    slugs = [f"sensor-{number}" for number in range(5_000)]
    codes = {code_of(slug) for slug in slugs}
    assert len(codes) == len(slugs)
    assert {len(code) for code in codes} == {LENGTH}
    assert code_of("stephansplatz") == "zp4xux9", "printed on signs: it may never change"
    assert slug_of("ZP4XUX9", ["x", "stephansplatz"]) == "stephansplatz"
    with_zero = next(slug for slug in slugs if "0" in code_of(slug))
    assert slug_of(code_of(with_zero).replace("0", "O"), slugs) == with_zero
    assert slug_of("nothing", slugs) is None
