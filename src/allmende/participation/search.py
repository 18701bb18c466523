"""What somebody looks for among contributions: words, subject, group, kind of need, and a place with a radius."""

import msgspec

from allmende.register.around import Point

RADII = (250, 500, 1_000, 2_000)


class Search(msgspec.Struct, frozen=True, omit_defaults=True):
    """A search that is kept for an address; empty fields find everything."""

    words: str = ""
    category: str = ""
    group: str = ""
    tag: str = ""
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


def written(search: Search) -> str:
    """Write a search, always in the same way, so that the same one is kept once."""
    return msgspec.json.encode(search, order="deterministic").decode()


def read(text: str) -> Search:
    """Read a search that was kept."""
    return msgspec.json.decode(text, type=Search)
