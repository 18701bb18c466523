"""The lakes of a question: opened, checked, each with its number and its city's name."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from allmende.kernel.errors import ErrorCode, Invalid
from allmende.kernel.text import Text
from allmende.lake.form import File
from allmende.lake.place import Access, Place, place_of
from allmende.lake.reading import Lake, open_lake, require_sound

Advance = Callable[[int, int], None]

SAME_CITY = ErrorCode(
    "region.same_city",
    Text("Zwei Seen heißen „{city}“.", "Two lakes are called “{city}”."),
    Text("Geben Sie ihnen Namen: NAME=ORT", "Give them names: NAME=PLACE"),
)
BAD_NAME = ErrorCode(
    "region.bad_name",
    Text("„{name}“ ist kein Name für einen See.", "“{name}” is no name for a lake."),
    Text(
        "Erlaubt sind Kleinbuchstaben, Ziffern und Bindestriche.",
        "Small letters, digits and hyphens are allowed.",
    ),
)


class City(msgspec.Struct, frozen=True):
    """A lake in a question: ``number`` is what joins its tables."""

    number: int
    name: str
    lake: Lake

    @property
    def place(self) -> Place:
        """Give where it lies."""
        return self.lake.place

    @property
    def observations(self) -> tuple[File, ...]:
        """Give the files of observations."""
        return self.lake.manifest.observations


def open_cities(words: Sequence[str], access: Access, advance: Advance | None) -> list[City]:
    """Open lakes, each given as PLACE or NAME=PLACE; refuse damaged ones. Without ``advance`` files are not read."""
    found: list[City] = []
    for number, word in enumerate(words):
        name, _, address = word.rpartition("=") if re.match(r"[^/=]*=", word) else ("", "", word)
        if word != address and re.fullmatch(r"[a-z0-9][a-z0-9-]{0,62}", name) is None:
            raise Invalid(BAD_NAME, name=name)
        lake = open_lake(place_of(address, access))
        if advance is not None:
            require_sound(lake, advance)
        name = name or lake.manifest.city
        if any(city.name == name for city in found):
            raise Invalid(SAME_CITY, city=name)
        found.append(City(number, name, lake))
    return found


def lakes_table(cities: Sequence[City]) -> str:
    """Write the table of lakes, as SQL; the manifest lets no word through that could end a text."""
    rows = ", ".join(
        f"({city.number}, '{city.name}', '{city.lake.manifest.purpose}', '{city.lake.manifest.recipient}')"
        for city in cities
    )
    return f"SELECT * FROM (VALUES {rows}) AS t(lake, city, purpose, recipient)"  # noqa: S608 - checked words


def is_folder(city: City) -> bool:
    """Tell whether the lake lies in a folder."""
    return not city.place.address.startswith("s3://")


def paths_of(city: City, files: Sequence[File]) -> list[str]:
    """Give the full paths of files in a folder."""
    return [str(Path(city.place.address) / file.path) for file in files]
