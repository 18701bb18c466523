"""What is harmless alone may not be together: categories that arise when others are linked."""

import datetime as dt
from collections.abc import Collection, Iterator

import msgspec

from allmende.ethics.decide import Compiled
from allmende.ethics.model import Category, Decision
from allmende.kernel.text import Text

# With these a recipient has the data, whether for one purpose of the city or for any.
GIVING = ("use", "publish", "pass_on")


class Apart(msgspec.Struct, frozen=True):
    """A category that may not arise from those of which it is made, and the decision that says so."""

    category: Category
    decision: Decision

    @property
    def parts(self) -> frozenset[str]:
        """Name the categories that one question may not read together."""
        return frozenset(self.category.arises_from)


def kept_apart(
    compiled: Compiled, purpose: str, recipient: str, day: dt.date, opened: Collection[str]
) -> tuple[Apart, ...]:
    """Give what could arise from opened categories, and may not be linked for this purpose and recipient."""
    found = []
    for category in compiled.book.categories:
        if category.arises_from and set(category.arises_from) <= set(opened):
            decision = compiled.decide("link", purpose, category.slug, recipient, day)
            if not decision.allowed:
                found.append(Apart(category, decision))
    return tuple(found)


def apart_for(compiled: Compiled, verb: str, purpose: str, recipient: str, day: dt.date) -> tuple[Apart, ...]:
    """Give what a request could link, and may not."""
    named = {name for category in compiled.book.categories for name in category.arises_from}
    opened = {name for name in named if compiled.decide(verb, purpose, name, recipient, day).allowed}
    return kept_apart(compiled, purpose, recipient, day, opened)


def parts_named(category: Category) -> Text:
    """Name the parts of which a category is made."""
    *first, last = category.arises_from
    return Text(f"{', '.join(first)} und {last}", f"{', '.join(first)} and {last}")


def linkable(compiled: Compiled, day: dt.date) -> Iterator[tuple[Category, list[str]]]:
    """Give each category that a recipient could make of what the rules give, and the recipients who could."""
    found: dict[str, set[str]] = {}
    for recipient in (entry.slug for entry in compiled.book.recipients):
        for purpose in compiled.space.leaves:
            for verb in GIVING:
                for apart in apart_for(compiled, verb, purpose, recipient, day):
                    found.setdefault(apart.category.slug, set()).add(recipient)
    for category in compiled.book.categories:
        if category.slug in found:
            yield category, sorted(found[category.slug])
