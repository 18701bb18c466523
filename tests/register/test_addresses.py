"""Addresses of the city: loaded whole or not at all, and found as people write them, without asking anybody."""

from pathlib import Path

import pytest

from allmende.accounts.rules import SystemActor
from allmende.kernel.errors import Invalid
from allmende.register.addresses import address_of, find_addresses, load_addresses
from allmende.register.models import Address

ACTOR = SystemActor("system:test")
OPEN = (
    "LON,LAT,NUMBER,STREET,UNIT,CITY\n9.1745,47.6625,5,Hussenstraße,,Konstanz\n9.175,47.663,50,Hussenstraße,,Konstanz\n"
)
GERMAN = "strasse;hausnummer;ort;laenge;breite\nHussenstr.;5 a;Konstanz;9,1745;47,6625\n"


def loaded(tmp_path: Path, text: str) -> int:
    file = tmp_path / "addresses.csv"
    file.write_text(text, encoding="utf-8")
    return load_addresses(ACTOR, file, "Stadt, dl-de/by-2-0")


@pytest.mark.parametrize("written", ["Hussenstraße 5", "hussenstr. 5, Konstanz", "HUSSENSTRASSE 5", " Hussenstr 5 "])
def test_a_house_is_found_however_it_is_written(db: None, tmp_path: Path, written: str) -> None:
    assert loaded(tmp_path, OPEN) == 2
    found = address_of(written)
    assert found is not None
    assert (found.number, found.longitude) == ("5", 9.1745)


def test_a_street_alone_is_not_a_house_but_offers_its_houses(db: None, tmp_path: Path) -> None:
    loaded(tmp_path, OPEN)
    assert address_of("Hussenstraße") is None
    assert [str(one) for one in find_addresses("Hussen")] == ["Hussenstraße 5", "Hussenstraße 50"]
    for nothing in ("", "5", "x" * 5_000, "%", "Nirgendwo 1"):
        assert find_addresses(nothing) == []


def test_german_columns_are_read_and_a_bad_row_keeps_what_is_there(db: None, tmp_path: Path) -> None:
    assert loaded(tmp_path, GERMAN) == 1
    assert find_addresses("Hussenstraße 5")[0].latitude == 47.6625
    for bad, row in (("street,lon\nA,1\n", 1), (OPEN + "9.1,nix,1,A,,B\n", 4), (OPEN + "nan,1,1,A,,B\n", 4)):
        with pytest.raises(Invalid, match=f"{row}"):
            loaded(tmp_path, bad)
    assert Address.objects.count() == 1
    with pytest.raises(Invalid, match="nirgends"):
        load_addresses(ACTOR, tmp_path / "nirgends.csv", "Stadt")
    assert Address.objects.count() == 1
