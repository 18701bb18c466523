"""What may be told of a survey: nothing of one to nine people, nor anything from which that could be reckoned."""

from collections.abc import Mapping, Sequence

import msgspec

from allmende.kernel.text import Text
from allmende.participation.methods.least import LEAST_GROUP, enough
from allmende.participation.methods.surveys.cells import Cell, cells_of, inside, is_ordered, name_of
from allmende.participation.methods.surveys.counting import HUNDREDTHS, Count, Tally
from allmende.participation.methods.surveys.groups import Group, in_order, told_options, without_order
from allmende.participation.methods.surveys.questions import Asked, Condition, Kind

METHOD, VERSION = "survey-counts", "1"
SILENT = Text("keine Angabe", "no answer")
ALL = Text("alle Antworten zusammen", "all answers together")


class ToldAnswer(msgspec.Struct, frozen=True):
    """Answers that are told together, and of how many people; None where that is not told."""

    label: Text
    people: int | None


class ToldQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """How a question came out; ``asked`` is the base of all shares, None where nothing of it may be told.

    Mean and median are told where they say no more than the counts, or are of enough people.
    """

    number: int
    kind: Kind
    title: Text
    asked: int | None
    answers: tuple[ToldAnswer, ...] = ()
    mean: float | None = None
    median: float | None = None
    unit: Text | None = None
    condition: Condition | None = None


class ToldSurvey(msgspec.Struct, frozen=True):
    """A survey as it is published; channels are None where one would tell of one to nine people."""

    method: str
    version: str
    sheets: int
    channels: dict[str, int | None]
    questions: tuple[ToldQuestion, ...]


class _Known(msgspec.Struct):
    """What is told of a question on which others depend: its groups, or its options, and the set of these in use."""

    one: Asked
    tally: Tally
    cells: list[Cell]
    groups: list[Group]
    options: dict[int, int | None]
    several: frozenset[int] | None = None


def told_of(questions: Sequence[Asked], count: Count, channels: Mapping[str, int]) -> ToldSurvey | None:
    """Give what may be published; None for fewer than ten sheets."""
    if count.sheets < LEAST_GROUP:
        return None
    known: dict[int, _Known] = {}
    told = []
    for one in questions:
        tally = count.tallies[one.number]
        if not enough(tally.asked) or not _base_told(one, tally, known):
            told.append(_untold(one))
            continue
        conditions = [
            other.condition for other in questions if other.condition and other.condition.question == one.number
        ]
        found = _Known(one, tally, cells_of(one, conditions), [], {})
        known[one.number] = found
        told.append(_told_options(found) if one.kind == "multiple" else _told_groups(found))
    apart = all(enough(people) for people in channels.values())
    ways = {name: people if apart else None for name, people in channels.items()}
    return ToldSurvey(METHOD, VERSION, count.sheets, ways, tuple(told))


def _untold(one: Asked) -> ToldQuestion:
    return ToldQuestion(number=one.number, kind=one.kind, title=one.title, asked=None, condition=one.condition)


def _told(found: _Known, answers: Sequence[ToldAnswer], mean: float | None, median: float | None) -> ToldQuestion:
    one = found.one
    return ToldQuestion(
        number=one.number,
        kind=one.kind,
        title=one.title,
        asked=found.tally.asked,
        answers=tuple(answers) if found.tally.asked else (),
        mean=mean,
        median=median,
        unit=one.unit,
        condition=one.condition,
    )


def _base_told(one: Asked, tally: Tally, known: Mapping[int, _Known]) -> bool:
    """Tell whether of how many it was asked says no more than is told of the question on which it depends."""
    condition = one.condition
    if condition is None:
        return True
    parent = known.get(condition.question)
    if parent is None:
        return False
    if parent.one.kind == "multiple":
        return _base_of_options(frozenset(condition.options), tally.asked, parent)
    fits = [inside(parent.one, cell, condition) for cell in parent.cells]
    return all(_whole(group, fits) for group in parent.groups)


def _whole(group: Group, fits: Sequence[bool]) -> bool:
    """Tell whether a group that is told together lies inside or outside a condition."""
    views = {fits[place] for place in group.places} | ({False} if group.silent else set())
    return len(views) == 1


def _base_of_options(chosen: frozenset[int], asked: int, parent: _Known) -> bool:
    """Tell whether those who chose one of several options, beside what is told already, tell of no few people.

    One such set for a question is all that may be told, and only where people choose from one to three and more: from
    two sets that overlap, or from who chooses two at most, more could be reckoned.
    """
    told = parent.options
    if any(told[number] is None for number in told):
        return len(chosen) == 1 and told[next(iter(chosen))] is not None
    if len(chosen) == 1:
        return True
    free = parent.one.fewest == 1 and (parent.one.highest > 2 or len(chosen) == len(told))
    if not free or parent.several not in (None, chosen):
        return False
    within = [people or 0 for number, people in told.items() if number in chosen]
    without = [people or 0 for number, people in told.items() if number not in chosen]
    # Who chose none of them; who chose another one of them; who chose two of them; the same of the options beside.
    rest = parent.tally.answered - asked
    found = [rest, parent.tally.asked - asked, sum(within) - asked, *(asked - people for people in within)]
    found += [sum(without) - rest] if without else []
    if not all(map(enough, found)):
        return False
    parent.several = chosen
    return True


def _told_options(found: _Known) -> ToldQuestion:
    one, tally = found.one, found.tally
    silent = tally.asked - tally.answered
    counts = [cell.count(tally) for cell in found.cells]
    told = told_options(counts, tally.answered, silent, (one.fewest, one.highest))
    found.options = {option.number: people for option, people in zip(one.options, told, strict=True)}
    answers = [ToldAnswer(option.text, people) for option, people in zip(one.options, told, strict=True)]
    if silent:
        # Who is silent tells how many answered.
        answers.append(ToldAnswer(SILENT, silent if enough(silent) and enough(tally.answered) else None))
    return _told(found, answers, None, None)


def _told_groups(found: _Known) -> ToldQuestion:
    one, tally = found.one, found.tally
    silent = tally.asked - tally.answered
    counts = [cell.count(tally) for cell in found.cells]
    found.groups = (in_order if is_ordered(one) else without_order)(counts, silent)
    answers = [ToldAnswer(_label(found, group), group.people) for group in found.groups]
    mean, median = _middle(found, merged=any(len(group.places) > 1 for group in found.groups))
    return _told(found, answers, mean, median)


def _label(found: _Known, group: Group) -> Text:
    """Name a group of answers."""
    if not group.places:
        return SILENT
    whole = len(group.places) == len(found.cells) > 1
    name = ALL if whole else name_of(found.one, [found.cells[place] for place in group.places])
    return Text(f"{name.de} / {SILENT.de}", f"{name.en} / {SILENT.en}") if group.silent else name


def _middle(found: _Known, *, merged: bool) -> tuple[float | None, float | None]:
    """Give mean and median, where they tell of nobody what the counts hide.

    Where values are told one by one, both follow from the counts. Where they are told in ranges, both are of all who
    answered, and the mean stays away where one answer makes more than half of the sum.
    """
    one, tally = found.one, found.tally
    apart = all(cell.first == cell.last for cell in found.cells)
    mixed = any(group.silent and group.places for group in found.groups)
    if not is_ordered(one) or tally.answered < LEAST_GROUP or mixed or (apart and merged):
        return None, None
    scale = HUNDREDTHS if one.kind == "number" else 1
    total = sum(abs(value) * people for value, people in tally.counts.items())
    alone = 2 * max(map(abs, tally.counts)) > total
    mean = sum(value * people for value, people in tally.counts.items()) / tally.answered / scale
    return (None if alone and not apart else round(mean, 1)), round(_median(tally) / scale, 1)


def _median(tally: Tally) -> float:
    """Give the middle one of all answers, or what lies between the two middle ones."""
    wanted = (tally.answered - 1) // 2, tally.answered // 2
    found, passed = [], 0
    for value, people in sorted(tally.counts.items()):
        found += [value for place in wanted if passed <= place < passed + people]
        passed += people
    return sum(found) / len(found)
