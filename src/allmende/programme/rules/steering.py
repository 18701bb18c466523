"""Decisions about weights, words and dependencies of projects."""

import difflib
import re
from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec

from allmende.kernel.errors import ErrorCode
from allmende.kernel.text import Text

WHOLE = 10_000

BAD_WEIGHTS = ErrorCode(
    "programme.bad_weights",
    Text(
        "Die Gewichte ergeben {total} statt {whole} (100 %), oder eines ist nicht größer als 0.",
        "The weights add up to {total} instead of {whole} (100 %), or one is not greater than 0.",
    ),
    Text(
        "Geben Sie Gewichte in Hundertstel Prozent an, die zusammen 10.000 ergeben.",
        "Give weights in hundredths of a percent that add up to 10,000.",
    ),
)


def sound_weights(weights: Mapping[str, int]) -> bool:
    """Tell whether weights are parts of one whole."""
    return sum(weights.values()) == WHOLE and all(weight > 0 for weight in weights.values())


class Passage(msgspec.Struct, frozen=True):
    """Words that stayed, were taken away or were added."""

    kind: Literal["same", "gone", "new"]
    words: str


def word_difference(before: str, after: str) -> list[Passage]:
    """Compare two texts word by word; joined without the new (gone) passages they give the old (new) text."""
    old, new = (re.findall(r"[^\S\n]*\S+[^\S\n]*|\n+|[^\S\n]+", text) for text in (before, after))
    found: list[Passage] = []
    for deed, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if deed == "equal":
            found.append(Passage("same", "".join(old[a:b])))
            continue
        if b > a:
            found.append(Passage("gone", "".join(old[a:b])))
        if d > c:
            found.append(Passage("new", "".join(new[c:d])))
    return found


def layers(names: Iterable[str], edges: Iterable[tuple[str, str]]) -> dict[str, int]:
    """Give each name a column: behind all that it leans on; who is in a circle stays where the circle began."""
    column = dict.fromkeys(names, 0)
    pairs = [(a, b) for a, b in edges if a in column and b in column]
    for _ in range(len(column)):
        moved = False
        for leaning, ground in pairs:
            if column[leaning] <= column[ground] < len(column) - 1:
                column[leaning], moved = column[ground] + 1, True
        if not moved:
            break
    return column
