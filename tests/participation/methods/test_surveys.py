"""Questions with conditions, and what is told of the answers: nothing that is of one to nine people, nor reckonable."""

import itertools
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allmende.kernel.errors import Invalid
from allmende.kernel.text import Text
from allmende.participation.methods.least import enough
from allmende.participation.methods.surveys.answers import Given, read
from allmende.participation.methods.surveys.cells import cells_of, inside
from allmende.participation.methods.surveys.counting import count
from allmende.participation.methods.surveys.publication import ToldQuestion, told_of
from allmende.participation.methods.surveys.questions import Answer, Asked, Condition, Kind, Option, require_whole


def words(text: str) -> Text:
    return Text(text, text)


def asked(number: int, kind: Kind, options: int = 0, **more: Any) -> Asked:
    choices = tuple(Option(n, words(f"{number}-{n}"), open=n == options == 4) for n in range(1, options + 1))
    return Asked(number=number, kind=kind, title=words(f"Frage {number}"), options=choices, **more)


def sheet(**given: Any) -> dict[int, Given]:
    """Give a form: ``q1="2"`` or ``q1=("1", "3")``."""
    found = {int(name[1:]): (value,) if isinstance(value, str) else value for name, value in given.items()}
    return {number: Given(tuple(values)) for number, values in found.items()}


SURVEY = [
    asked(1, "single", 3, required=True),
    asked(2, "multiple", 4, required=True, most=2, condition=Condition(1, (1, 2))),
    asked(3, "scale", most=5, condition=Condition(2, (3,))),
    asked(4, "number", least=0, most=100, decimals=True, required=True, condition=Condition(3, least=4)),
    asked(5, "text", most=10),
]


def test_what_is_not_asked_is_dropped_and_not_required() -> None:
    found = read(SURVEY, sheet(q1="3", q2="viele", q3="9", q4="x", q5="gut"))
    assert (found.answers, found.words, found.faults) == ({1: [3], 5: 1}, {5: "gut"}, [])
    whole = read(SURVEY, sheet(q1="1", q2=("3", "1"), q3="5", q4="12,5"))
    assert (whole.answers, whole.faults) == ({1: [1], 2: [1, 3], 3: 5, 4: 12.5}, [])


@pytest.mark.parametrize(
    ("form", "number", "said"),
    [
        ({}, 1, "Hier fehlt Ihre Antwort."),
        ({"q1": "4"}, 1, "Wählen Sie eine der Antworten."),
        ({"q1": ("1", "2")}, 1, "Wählen Sie eine der Antworten."),
        ({"q1": "²"}, 1, "Wählen Sie eine der Antworten."),
        ({"q1": "1"}, 2, "Hier fehlt Ihre Antwort."),
        ({"q1": "1", "q2": ("1", "2", "3")}, 2, "Wählen Sie höchstens 2; gewählt sind 3."),
        ({"q1": "1", "q2": "3", "q3": "6"}, 3, "Wählen Sie eine der Antworten."),
        ({"q1": "1", "q2": "3", "q3": "4"}, 4, "Hier fehlt Ihre Antwort."),
        ({"q1": "1", "q2": "3", "q3": "4", "q4": "101"}, 4, "Die Zahl muss zwischen 0 und 100 liegen."),
        ({"q1": "1", "q2": "3", "q3": "4", "q4": "1.000,5"}, 4, "keine Zahl mit höchstens zwei Stellen"),
        ({"q1": "3", "q5": "zu viele Worte"}, 5, "Das sind 14 Zeichen; Platz haben 10."),
    ],
)
def test_what_does_not_fit_is_said_at_its_question(form: dict[str, Any], number: int, said: str) -> None:
    (fault,) = read(SURVEY, sheet(**form)).faults
    assert (fault.question.number, said in fault.reason.de) == (number, True)


def test_words_beside_an_option_that_is_not_chosen_are_not_dropped_in_silence() -> None:
    form = {**sheet(q1="1"), 2: Given(("1",), "mit dem Boot")}
    assert "geschrieben, es aber nicht gewählt" in read(SURVEY, form).faults[0].reason.de
    assert read(SURVEY, {**form, 2: Given(("1", "4"), "mit dem Boot")}).words == {2: "mit dem Boot"}


@pytest.mark.parametrize(
    ("questions", "said"),
    [
        ([asked(1, "single", 2, condition=Condition(1, (1,)))], "frühere Frage"),
        ([asked(1, "single", 2, condition=Condition(2, (1,))), asked(2, "single", 2)], "frühere Frage"),
        ([asked(1, "single", 2), asked(2, "single", 2, condition=Condition(7, (1,)))], "gibt es nicht"),
        ([asked(1, "single", 2), asked(2, "single", 2, condition=Condition(1, (3,)))], "Nummern von Antworten"),
        ([asked(1, "single", 2), asked(2, "single", 2, condition=Condition(1))], "Nummern von Antworten"),
        ([asked(1, "text", most=9), asked(2, "single", 2, condition=Condition(1, (1,)))], "freien Text"),
        ([asked(1, "scale", most=5), asked(2, "single", 2, condition=Condition(1, least=6))], "Bereich innerhalb"),
        ([asked(1, "scale", most=5), asked(2, "single", 2, condition=Condition(1))], "Bereich innerhalb"),
        ([asked(1, "single", 1)], "2 bis 30"),
        ([asked(1, "multiple", 3, least=3, most=2)], "passen nicht"),
        ([asked(1, "multiple", 3, most=4)], "passen nicht"),
        ([asked(1, "scale", most=12)], "3 bis 11 Stufen"),
        ([asked(1, "number", least=3, most=3)], "braucht einen Bereich"),
        ([asked(1, "number")], "braucht einen Bereich"),
        ([asked(1, "text", most=5_000)], "1 bis 4000 Zeichen"),
    ],
)
def test_a_survey_that_could_not_be_answered_is_refused(questions: list[Asked], said: str) -> None:
    with pytest.raises(Invalid) as error:
        require_whole(questions)
    assert said in error.value.what.de


@st.composite
def surveys(draw: Any) -> list[Asked]:
    """Make surveys in which questions depend on earlier ones in every way."""
    found: list[Asked] = []
    for number in range(1, draw(st.integers(1, 6)) + 1):
        kind: Kind = draw(st.sampled_from(["single", "multiple", "scale", "number", "text"]))
        parents = [one for one in found if one.kind != "text"]
        aim = None
        if parents and draw(st.booleans()):
            parent = draw(st.sampled_from(parents))
            if parent.options:
                numbers = draw(st.sets(st.integers(1, len(parent.options)), min_size=1))
                aim = Condition(parent.number, tuple(sorted(numbers)))
            else:
                low, high = sorted(
                    (draw(st.integers(1, int(parent.most or 0))), draw(st.integers(1, int(parent.most or 0))))
                )
                aim = Condition(parent.number, least=low, most=high)
        options = draw(st.integers(2, 4)) if kind in ("single", "multiple") else 0
        every: dict[str, dict[str, Any]] = {
            "single": {},
            "multiple": {"least": draw(st.sampled_from([None, 1, 2])), "most": None},
            "scale": {"most": draw(st.integers(3, 6))},
            "number": {"least": 0, "most": draw(st.sampled_from([3, 40])), "decimals": draw(st.booleans())},
            "text": {"most": 5},
        }
        more = every[kind]
        found.append(asked(number, kind, options, required=draw(st.booleans()), condition=aim, **more))
    require_whole(found)
    return found


values = st.sampled_from(["", "0", "1", "2", "3", "4", "5", "12", "40", "99", "2,5", "-1", "x", "²", "viel zu lang"])
forms = st.dictionaries(
    st.integers(0, 7),
    st.builds(Given, st.lists(values, max_size=3).map(tuple), st.sampled_from(["", "Worte"])),
)


@given(surveys(), forms)
@settings(max_examples=300, deadline=None)
def test_kept_is_what_is_asked_and_all_of_it_that_is_required(questions: list[Asked], form: dict[int, Given]) -> None:
    found = read(questions, form)
    shown = {one.number for one in questions if one.asked_of(found.answers)}
    assert {*found.answers} | {*found.words} | {fault.question.number for fault in found.faults} <= shown
    faulty = {fault.question.number for fault in found.faults}
    assert {one.number for one in questions if one.required and one.number in shown} <= {*found.answers} | faulty
    again = {
        number: Given(tuple(map(str, value if isinstance(value, list) else [value])), found.words.get(number, ""))
        for number, value in found.answers.items()
    }
    texts = {
        one.number: Given((found.words[one.number],))
        for one in questions
        if one.kind == "text" and one.number in found.words
    }
    if not found.faults:
        assert read(questions, {**again, **texts}) == found


def atoms(questions: list[Asked]) -> Iterator[dict[int, Answer]]:
    """Give every way in which somebody can answer, by cells: nobody tells two people of one way apart."""

    def ways(one: Asked) -> list[Answer | None]:
        cells = cells_of(
            one, [other.condition for other in questions if other.condition and other.condition.question == one.number]
        )
        if one.kind == "multiple":
            sizes = range(one.fewest, one.highest + 1)
            found: list[Answer | None] = [
                list(group) for size in sizes for group in itertools.combinations(range(1, len(cells) + 1), size)
            ]
        elif one.kind == "single":
            found = [[cell.first] for cell in cells]
        else:
            found = [cell.first / (100 if one.kind == "number" else 1) for cell in cells]
        return found if one.required else [*found, None]

    def further(rest: list[Asked], before: dict[int, Answer]) -> Iterator[dict[int, Answer]]:
        if not rest:
            yield before
            return
        one, later = rest[0], rest[1:]
        for way in ways(one) if one.asked_of(before) else [None]:
            yield from further(later, before if way is None else {**before, one.number: way})

    return further(questions, {})


def told_sets(questions: list[Asked], told: tuple[ToldQuestion, ...], ways: list[dict[int, Answer]]) -> list[list[int]]:
    """Give of which ways each number that is told is the sum."""
    found = [[1] * len(ways)]
    for one, question in zip(questions, told, strict=True):
        if question.asked is None:
            continue
        base = [one.asked_of(way) for way in ways]
        found.append([int(at) for at in base])
        if not question.asked:
            continue
        for answer in question.answers:
            if answer.people is not None:
                found.append(
                    [int(at and said_by(one, answer.label.de, way)) for at, way in zip(base, ways, strict=True)]
                )
    return found


def said_by(one: Asked, label: str, way: Mapping[int, Answer]) -> bool:
    """Tell whether a label speaks of who answered like this."""
    parts = label.split(" / ")
    answer = way.get(one.number)
    if answer is None:
        return "keine Angabe" in parts
    if "alle Antworten zusammen" in parts:
        return True
    if one.kind == "text":
        return "etwas geschrieben" in parts
    if isinstance(answer, list):
        return any(f"{one.number}-{option}" in parts for option in answer)
    spans = [part.split(" bis ") for part in parts if part != "keine Angabe"]
    return any(float(span[0].replace(",", ".")) <= answer <= float(span[-1].replace(",", ".")) for span in spans)


def reckonable(sets: list[list[int]], people: list[int]) -> list[tuple[int, ...]]:
    """Give groups of one to nine people whose number follows from what is told by adding and subtracting."""
    told = np.array(sets, float)
    # A way of saying it in another sum: what lies in the span of the told sets can be reckoned.
    _left, sizes, rows = np.linalg.svd(told, full_matrices=False)
    basis = rows[sizes > 1e-9]
    groups = np.array(list(itertools.product((0, 1), repeat=len(people))), float)
    small = groups[[not enough(int(size)) for size in groups @ people]]
    apart = np.abs(small - small @ basis.T @ basis).max(axis=1, initial=0.0)
    return [tuple(map(int, group)) for group in small[apart < 1e-7]]


PAIRS: list[list[Asked]] = [
    [asked(1, "single", 3), asked(2, "single", 2, required=True, condition=Condition(1, (1,)))],
    [asked(1, "single", 3, required=True), asked(2, "text", most=5, condition=Condition(1, (1, 2)))],
    [asked(1, "scale", most=4), asked(2, "text", most=5, condition=Condition(1, least=3))],
    [asked(1, "scale", most=5, required=True), asked(2, "single", 2, condition=Condition(1, most=2))],
    [asked(1, "number", least=0, most=4), asked(2, "text", most=5, condition=Condition(1, least=2, most=3))],
    [asked(1, "multiple", 2), asked(2, "text", most=5, condition=Condition(1, (1, 2)))],
    [asked(1, "multiple", 3, required=True)],
    [asked(1, "multiple", 3, least=2, most=2)],
    [
        asked(1, "multiple", 3, required=True),
        asked(2, "single", 2, required=True, condition=Condition(1, (1, 2))),
        asked(3, "text", most=5, required=True, condition=Condition(1, (2, 3))),
        asked(4, "text", most=5, required=True, condition=Condition(1, (3,))),
    ],
    [
        asked(1, "multiple", 4, most=3, required=True),
        asked(2, "text", most=5, required=True, condition=Condition(1, (1, 2))),
    ],
    [
        asked(1, "multiple", 3, most=2, required=True),
        asked(2, "text", most=5, required=True, condition=Condition(1, (1, 3))),
    ],
    [
        asked(1, "single", 3, required=True),
        asked(2, "single", 2, required=True, condition=Condition(1, (1, 2))),
        asked(3, "text", most=5, required=True, condition=Condition(1, (2, 3))),
        asked(4, "text", most=5, condition=Condition(2, (1,))),
    ],
]


@given(st.sampled_from(PAIRS), st.data())
@settings(max_examples=200, deadline=None)
def test_nothing_of_one_to_nine_people_can_be_reckoned_from_what_is_told(
    questions: list[Asked], data: st.DataObject
) -> None:
    require_whole(questions)
    ways = list(atoms(questions))
    sizes = st.sampled_from([0, 0, 1, 2, 3, 5, 9, 10, 11, 14, 20, 37])
    people = data.draw(st.lists(sizes, min_size=len(ways), max_size=len(ways)))
    sheets = [way for way, many in zip(ways, people, strict=True) for _ in range(many)]
    told = told_of(questions, count(questions, sheets), {"online": len(sheets)})
    assert (told is None) == (len(sheets) < 10)
    if told is None:
        return
    sets = told_sets(questions, told.questions, ways)
    for one in told.questions:
        assert one.asked is None or enough(one.asked)
        assert all(answer.people is None or enough(answer.people) for answer in one.answers)
    assert reckonable(sets, people) == []


def test_the_label_of_a_group_says_whom_it_counts() -> None:
    questions = [asked(1, "scale", most=5, low=words("schlecht"), high=words("gut"))]
    sheets: list[dict[int, Answer]] = [
        {1: step} for step, many in ((1, 3), (2, 8), (3, 12), (4, 4), (5, 9)) for _ in range(many)
    ]
    told = told_of(questions, count(questions, [*sheets, {}, {}]), {"online": 30, "paper": 8})
    assert told is not None
    rows = [(answer.label.de, answer.people) for answer in told.questions[0].answers]
    assert rows == [("1 (schlecht) bis 2 / keine Angabe", 13), ("3", 12), ("4 bis 5 (gut)", 13)]
    assert (told.questions[0].mean, told.questions[0].median) == (None, None)
    assert told.channels == {"online": None, "paper": None}


def test_mean_and_median_are_told_where_they_say_no_more_than_the_counts() -> None:
    scale, number = asked(1, "scale", most=3), asked(2, "number", least=0, most=100, decimals=True, unit=words("km"))
    sheets: list[dict[int, Answer]] = [{1: 1 + n % 3, 2: n + 0.5} for n in range(60)]
    told = told_of([scale, number], count([scale, number], sheets), {"online": 60})
    assert told is not None
    assert [(one.mean, one.median) for one in told.questions] == [(2.0, 2.0), (30.0, 30.0)]
    assert told.questions[1].answers[0].label.de == "0 bis 9,99 km"
    # One answer that is more than half of the sum would be told by the mean.
    lonely: list[dict[int, Answer]] = [{2: 0} for _ in range(20)]
    alone = told_of([number], count([number], [*lonely, {2: 100}]), {"online": 21})
    assert alone is not None
    assert alone.questions[0].mean is None


def test_ranges_of_numbers_end_where_a_condition_does() -> None:
    number = asked(1, "number", least=0, most=100)
    aim = Condition(1, least=16, most=34)
    cells = cells_of(number, [aim])
    assert (cells[0].first, cells[-1].last) == (0, 10_000)
    assert all(after.first - before.last == 100 for before, after in itertools.pairwise(cells))
    assert Counter(inside(number, cell, aim) for cell in cells)[True] == 3
