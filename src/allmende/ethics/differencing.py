"""Can what one rule withholds be reckoned from what another gives? Why not, says ADR 20."""

from collections.abc import Iterator
from itertools import combinations

from allmende.ethics.model import EVERY, Duties, Rule, Rulebook
from allmende.kernel.text import Text

READING = frozenset({EVERY, "use", "publish", "pass_on", "link"})


def crossings(book: Rulebook) -> Iterator[Text]:
    """Name permissions on one category whose cells, taken together, give smaller ones than either may give."""
    for category in book.categories:
        opening = [rule for rule in book.rules if _opens(rule, category.slug)]
        for one, other in combinations(opening, 2):
            if _at_once(one, other) and _crossing(one.duties, other.duties):
                yield _told(one, other, category.slug)


def _opens(rule: Rule, category: str) -> bool:
    named = category in rule.categories or EVERY in rule.categories
    return rule.effect == "permit" and named and not READING.isdisjoint(rule.verbs)


def _at_once(one: Rule, other: Rule) -> bool:
    """Tell whether there is a day on which both rules hold."""
    return (one.until is None or other.since is None or other.since <= one.until) and (
        other.until is None or one.since is None or one.since <= other.until
    )


def _crossing(one: Duties, other: Duties) -> bool:
    """Tell whether the cells of two time grids may not be known to one reader.

    Without a grid a reader knows the single values, of which all cells are made. Cells of one grid are the same,
    whoever asks, unless their counts are changed differently. Of two grids the finer must fit into the coarser, or
    the pieces left over are smaller than either; and nothing of the finer may be withheld, or the coarser gives it.
    """
    fine, coarse = sorted((one, other), key=lambda duties: duties.time_grid_seconds)
    if not fine.time_grid_seconds:
        return False
    if fine.time_grid_seconds == coarse.time_grid_seconds:
        return fine.count_noise != coarse.count_noise and fine.count_noise > 0 < coarse.count_noise
    return coarse.time_grid_seconds % fine.time_grid_seconds != 0 or _withholds(fine)


def _withholds(duties: Duties) -> bool:
    least = max(duties.minimum_group, duties.minimum_persons)
    return least > 1 or duties.dominance_percent > 0 or duties.count_noise > 0


def _told(one: Rule, other: Rule, category: str) -> Text:
    de = f"die Regeln {one.slug} und {other.slug} geben {category} in verschiedenen Zellen"
    en = f"the rules {one.slug} and {other.slug} give {category} in different cells"
    return Text(
        f"{de}; aus dem Unterschied ließe sich errechnen, was eine von ihnen zurückhält",
        f"{en}; their difference would tell what one of them withholds",
    )
