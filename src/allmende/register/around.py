"""Finding what stands near a point, and places by their names: pure, without asking anybody else."""

import math
import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Protocol, TypeVar

import msgspec

EARTH_METRES = 6_371_008.8
LETTERS = "0123456789bcdefghjkmnpqrstuvwxyz"
_NUMBER = r"([+-]?\d{1,3}(?:[.,]\d+)?)"
_PAIR = re.compile(rf"\s*{_NUMBER}\s*°?\s*[NSns]?\s*[,;/ ]\s*{_NUMBER}\s*°?\s*[EWOewo]?\s*")
_WITH_POINTS = re.compile(r"\s*([+-]?\d{1,3}\.\d+)\s*,\s*([+-]?\d{1,3}\.\d+)\s*")
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})


class Point(msgspec.Struct, frozen=True):
    """A place on earth (WGS 84)."""

    longitude: float
    latitude: float

    @property
    def written(self) -> str:
        """Write latitude and longitude, as addresses and signs carry them (to about a metre)."""
        return f"{self.latitude:.5f},{self.longitude:.5f}"


class Placed(Protocol):
    """Something that may stand somewhere."""

    @property
    def point(self) -> Point | None:
        """Give where it stands."""


P = TypeVar("P", bound=Placed)


def metres(one: Point, other: Point) -> float:
    """Give the distance of two points along the earth's surface."""
    north, south = math.radians(one.latitude), math.radians(other.latitude)
    across = math.radians(other.longitude - one.longitude)
    part = math.sin((south - north) / 2) ** 2 + math.cos(north) * math.cos(south) * math.sin(across / 2) ** 2
    return 2 * EARTH_METRES * math.asin(math.sqrt(part))


def nearest(things: Iterable[P], point: Point) -> list[tuple[float, P]]:
    """Give all that stands somewhere with its distance, the nearest first."""
    found = [(metres(point, thing.point), thing) for thing in things if thing.point is not None]
    return sorted(found, key=lambda pair: pair[0])


def read_point(text: str) -> Point | None:
    """Read latitude and longitude, written with a point or a comma; None where it is something else."""
    match = _WITH_POINTS.fullmatch(text) or _PAIR.fullmatch(text)
    if match is None:
        return None
    latitude, longitude = (float(part.replace(",", ".")) for part in match.groups())
    return Point(longitude, latitude) if abs(latitude) <= 90 and abs(longitude) <= 180 else None


def folded(text: str) -> str:
    """Write a name as people may write it too: small, without umlauts and accents, streets in full."""
    plain = text.casefold().translate(_UMLAUTS)
    plain = "".join(sign for sign in unicodedata.normalize("NFD", plain) if not unicodedata.combining(sign))
    plain = re.sub(r"str(\.|\b)", "strasse", plain)
    return " ".join(re.findall(r"[a-z0-9]+", plain))


def named(names: Sequence[str], wanted: str) -> list[int]:
    """Give the places in a list of the names that fit what somebody wrote, best first.

    A house number fits no name and is left out; whoever writes ``ö`` as ``o`` is understood, too.
    """
    words = [word for word in folded(wanted).split() if not word[0].isdigit()]
    if not words:
        return []
    ranked = [(rank, place) for place, name in enumerate(names) if (rank := _rank(folded(name), words)) is not None]
    return [place for _, place in sorted(ranked)]


def _rank(name: str, words: list[str]) -> int | None:
    loose = re.sub("([aou])e", r"\1", name)
    if name == " ".join(words):
        return 0
    fits = [word in name or re.sub("([aou])e", r"\1", word) in loose for word in words]
    if all(fits):
        return 1 if name.startswith(words[0]) else 2
    # A word of a longer address, such as the street before the town.
    return 3 if any(fit and len(word) > 3 for fit, word in zip(fits, words, strict=True)) else None


def geohash(point: Point, length: int = 9) -> str:
    """Write a point as a geohash; nine letters are within five metres."""
    low, high = [-180.0, -90.0], [180.0, 90.0]
    value, found = (point.longitude, point.latitude), ""
    for letter in range(length):
        bits = 0
        for bit in range(letter * 5, letter * 5 + 5):
            axis = bit % 2
            middle = (low[axis] + high[axis]) / 2
            above = value[axis] >= middle
            (low if above else high)[axis] = middle
            bits = bits * 2 + above
        found += LETTERS[bits]
    return found


def read_geohash(text: str) -> Point | None:
    """Read the middle of a geohash; None where it is none."""
    low, high = [-180.0, -90.0], [180.0, 90.0]
    for number, letter in enumerate(text):
        bits = LETTERS.find(letter)
        if bits < 0:
            return None
        for step in range(5):
            axis = (number * 5 + step) % 2
            middle = (low[axis] + high[axis]) / 2
            (low if bits >> (4 - step) & 1 else high)[axis] = middle
    return Point((low[0] + high[0]) / 2, (low[1] + high[1]) / 2) if text else None
