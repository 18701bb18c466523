"""What a write says: entities to be made with those that hang on them, and the new state of one that is there."""

from collections.abc import Callable
from typing import Any

import msgspec

from allmende.kernel.errors import ErrorCode, Malformed
from allmende.kernel.text import Text
from allmende.store.model import Datastream, MultiDatastream
from allmende.store.query import Kind
from allmende.store.scope import Record

NO_TARGET = ErrorCode(
    "entity.no_target",
    Text("{place}: {kind}({id}) gibt es nicht.", "{place}: there is no {kind}({id})."),
    Text(
        "Prüfen Sie die Nummer; was die Regeln nicht öffnen, erscheint nicht.",
        "Check the number; what the rules do not open does not appear.",
    ),
)
NO_LINK = ErrorCode(
    "entity.no_link",
    Text("{place}: hier fehlt „{name}“.", "{place}: “{name}” is missing here."),
    Text(
        "Verweisen Sie mit @iot.id darauf, oder legen Sie es mit an.",
        "Refer to it with @iot.id, or create it along with this.",
    ),
)
NOT_HERE = ErrorCode(
    "entity.link_not_here",
    Text("{place}: diese Verknüpfung lässt sich hier nicht ändern.", "{place}: this link cannot be changed here."),
    Text("Ändern Sie sie am Ziel der Verknüpfung.", "Change it at the target of the link."),
)


class Ref(msgspec.Struct, frozen=True):
    """A link to an entity that is there already; ``place`` is where the request names it.

    ``otherwise`` is what to make where there is none of that number.
    """

    id: int
    place: str = ""
    otherwise: "Draft | None" = None


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """An entity to be made, and what it is linked with: what is there, or what is made along with it.

    ``value`` is the struct of its set; the numbers in it may be 0 where ``links`` name the target.
    """

    kind: Kind
    value: Any
    links: "dict[str, tuple[Draft | Ref, ...]]" = {}
    place: str = ""

    def here(self, name: str) -> str:
        """Name a member of this entity in the request."""
        return f"{self.place}/{name}" if self.place else name


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """The new state of an entity; links that are not named stay. ``exact`` sets of links replace, others add."""

    value: Any
    links: dict[str, tuple[Ref, ...]] = {}
    exact: bool = False


Edit = Callable[[Record, dict[str, tuple[int, ...]]], Change]


def single(links: dict[str, Any], name: str, place: str) -> Any:
    """Give the one target of a link that leads to one."""
    targets = links[name]
    if len(targets) != 1:
        raise Malformed(NO_LINK, place=place or name, name=name)
    return targets[0]


def drafted_categories(part: Draft | Ref) -> set[str]:
    """Give the categories that a draft names."""
    if isinstance(part, Ref):
        return set() if part.otherwise is None else drafted_categories(part.otherwise)
    own = {part.value.category} if isinstance(part.value, Datastream | MultiDatastream) else set()
    return own.union(*(drafted_categories(inner) for parts in part.links.values() for inner in parts))
