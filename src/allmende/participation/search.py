"""What somebody looks for among contributions: words, subject, group, and a place with a radius."""

import msgspec

from allmende.register.around import Point, metres

RADII = (250, 500, 1_000, 2_000)


class Search(msgspec.Struct, frozen=True, omit_defaults=True):
    """A search that is kept for an address; empty fields find everything."""

    words: str = ""
    category: str = ""
    group: str = ""
    place: str = ""
    longitude: float | None = None
    latitude: float | None = None
    radius: int | None = None

    @property
    def point(self) -> Point | None:
        """Give the middle of the circle."""
        if self.longitude is None or self.latitude is None or self.radius is None:
            return None
        return Point(self.longitude, self.latitude)

    def finds(self, found: "Found") -> bool:
        """Tell whether a contribution is looked for."""
        text = found.text.casefold()
        fits = all(word in text for word in self.words.casefold().split())
        fits = fits and self.category in ("", found.category) and self.group in ("", found.group)
        if not fits or self.point is None:
            return fits
        return found.point is not None and metres(self.point, found.point) <= (self.radius or 0)


class Found(msgspec.Struct, frozen=True):
    """As much of a contribution as a search looks at."""

    text: str
    category: str
    group: str
    point: Point | None


def written(search: Search) -> str:
    """Write a search, always in the same way, so that the same one is kept once."""
    return msgspec.json.encode(search, order="deterministic").decode()


def read(text: str) -> Search:
    """Read a search that was kept."""
    return msgspec.json.decode(text, type=Search)
