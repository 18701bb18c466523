"""The form of a package: the same bytes each time, and nothing else is read."""

import io
import zipfile

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allmende.kernel.errors import Invalid
from allmende.transfer.package import archive, form
from allmende.transfer.package.names import filled, leftovers, used, with_places
from tests.transfer.packages import SPOILED, a_rule, packed, parts

WORDS = {"Musterstadt": "city", "Marktplatz": "place-1", "marktplatz": "place-1.slug"}


def test_what_is_read_and_written_again_is_the_same_bytes() -> None:
    raw = packed()
    package, proof, digest = archive.read(raw)
    assert archive.write(package.rewritten(), proof) == raw
    assert packed() == raw
    assert archive.sealed(package)[1] == digest
    with zipfile.ZipFile(io.BytesIO(raw)) as zipped:
        assert {info.date_time for info in zipped.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert zipped.namelist()[0] == form.CRATE


@pytest.mark.parametrize("name", SPOILED)
def test_a_spoiled_package_is_refused_with_its_reason(name: str) -> None:
    spoil, reason = SPOILED[name]
    with pytest.raises(Invalid) as caught:
        archive.read(spoil(packed()))
    assert reason in str(caught.value)


def test_a_part_that_the_program_would_write_otherwise_is_refused() -> None:
    package = parts()
    rules = b"[ ]\n"
    with pytest.raises(Invalid, match=r"ethik/regeln\.json"):
        archive.read(packed(msgspec.structs.replace(package, files={**package.files, form.RULES: rules})))


@settings(max_examples=60, deadline=None)
@given(
    st.recursive(
        st.text(max_size=12) | st.sampled_from(["in Musterstadt", "Musterstadter Marktplatz", "marktplatz"]),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner),
    )
)
def test_local_names_go_out_and_come_back(value: object) -> None:
    freed = with_places(value, WORDS)
    names = {name: word for word, name in WORDS.items()}
    if not used(value):
        assert filled(freed, names) == value
    assert "Musterstadt" not in str(freed)


def test_leftovers_are_named_with_file_and_line() -> None:
    files = {
        "steckbrief.json": b'{\n "a": "an der MARKTPLATZ-Ecke",\n "b": "frau.muster@example.org"\n}\n',
        "parameters.yaml": b"Musterstadt",
        "daten/stream-1.csv": b"time,value\n",
    }
    assert [str(one) for one in leftovers(files, WORDS)] == [
        "steckbrief.json:2: MARKTPLATZ",
        "steckbrief.json:3: frau.muster@example.org",
    ]


def test_rules_of_a_package_are_read_as_they_were_written() -> None:
    assert archive.read(packed())[0].rules == (a_rule(),)
