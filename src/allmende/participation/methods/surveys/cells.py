"""The cells into which the answers to a question fall: options, steps, or ranges of a number; and their names."""

import math
from collections.abc import Sequence
from itertools import pairwise

import msgspec

from allmende.kernel.text import Text
from allmende.participation.methods.surveys.answers import written
from allmende.participation.methods.surveys.counting import HUNDREDTHS, Tally
from allmende.participation.methods.surveys.questions import Asked, Condition

# A number with so few values is told value by value, others in about so many ranges.
FEW_VALUES, RANGES = 11, 10
WROTE = Text("etwas geschrieben", "wrote something")


class Cell(msgspec.Struct, frozen=True):
    """Answers from a first to a last one: an option's number, a step, or hundredths of a number."""

    first: int
    last: int

    def count(self, tally: Tally) -> int:
        """Count who gave one of its answers."""
        if self.first == self.last:
            return tally.counts.get(self.first, 0)
        return sum(people for value, people in tally.counts.items() if self.first <= value <= self.last)


def cells_of(one: Asked, conditions: Sequence[Condition] = ()) -> list[Cell]:
    """Give the cells of a question; ranges of numbers end where a condition on them does."""
    if one.kind == "number":
        return _ranges(one, conditions)
    values = {
        "single": [option.number for option in one.options],
        "multiple": [option.number for option in one.options],
        "scale": list(one.steps),
        "text": [1],
    }[one.kind]
    return [Cell(value, value) for value in values]


def is_ordered(one: Asked) -> bool:
    """Tell whether its cells have an order, so that only neighbours are put together."""
    return one.kind in ("scale", "number")


def inside(one: Asked, cell: Cell, condition: Condition) -> bool:
    """Tell whether who answered within a cell fulfils a condition on the question."""
    if condition.options:
        return cell.first in condition.options
    scale = HUNDREDTHS if one.kind == "number" else 1
    least = cell.first if condition.least is None else round(condition.least * scale)
    most = cell.last if condition.most is None else round(condition.most * scale)
    return least <= cell.first and cell.last <= most


def _ranges(one: Asked, conditions: Sequence[Condition]) -> list[Cell]:
    step = 1 if one.decimals else HUNDREDTHS
    least, most = round((one.least or 0) * HUNDREDTHS), round((one.most or 0) * HUNDREDTHS)
    # Whole numbers begin with the first whole one.
    least = math.ceil(least / step) * step
    width = _round_width((most - least) / RANGES, step)
    if (most - least) // step < FEW_VALUES:
        width = step
    starts = set(range(least, most + 1, width))
    for condition in conditions:
        starts |= {round(bound * HUNDREDTHS) for bound in (condition.least,) if bound is not None}
        starts |= {round(bound * HUNDREDTHS) + step for bound in (condition.most,) if bound is not None}
    edges = sorted(start for start in starts if least <= start <= most)
    # The highest number alone would be a range of its own.
    if len(edges) > 2 and edges[-1] == most and width > step and most not in _begins(conditions):
        edges.pop()
    return [Cell(first, after - step) for first, after in pairwise([*edges, most + step])]


def _begins(conditions: Sequence[Condition]) -> set[int]:
    return {round(one.least * HUNDREDTHS) for one in conditions if one.least is not None}


def _round_width(width: float, step: int) -> int:
    """Give a width that people count in: 1, 2 or 5 with noughts, in hundredths."""
    power = 10.0 ** math.floor(math.log10(max(width, step)))
    found = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= width)
    return max(step, math.ceil(found / step) * step)


def name_of(one: Asked, cells: Sequence[Cell]) -> Text:
    """Name cells that are told together."""
    if one.kind == "text":
        return WROTE
    if one.kind in ("single", "multiple"):
        words = {option.number: option.text for option in one.options}
        texts = [words[cell.first] for cell in cells]
        return Text(" / ".join(text.de for text in texts), " / ".join(text.en for text in texts))
    first, last = cells[0].first, cells[-1].last
    if one.kind == "number":
        return _span(written(first / HUNDREDTHS), written(last / HUNDREDTHS), one.unit)
    return _span(_step(one, first), _step(one, last), None)


def _step(one: Asked, step: int) -> Text:
    """Name a step; the ends of a scale by their words, too."""
    words = {1: one.low, len(one.steps): one.high}.get(step)
    return Text(f"{step} ({words.de})", f"{step} ({words.en})") if words else Text(f"{step}", f"{step}")


def _span(first: Text, last: Text, unit: Text | None) -> Text:
    after = (f" {unit.de}", f" {unit.en}") if unit else ("", "")
    if first == last:
        return Text(first.de + after[0], first.en + after[1])
    return Text(f"{first.de} bis {last.de}{after[0]}", f"{first.en} to {last.en}{after[1]}")
