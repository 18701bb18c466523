"""Read and write elections in the format of Pabulib (``.pb``), by which anyone can count them again.

Format: https://pabulib.org/format, read 2026-11. A file has three parts: META, PROJECTS, VOTES.
"""

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

import msgspec

from allmende.kernel.errors import ErrorCode, Invalid
from allmende.kernel.text import Text
from allmende.participation.methods.budgets.election import BallotRules, Election, Project, VoteKind
from allmende.participation.methods.lots import lot

BAD_FILE = ErrorCode(
    "budget.bad_pabulib",
    Text("Zeile {line} ist kein Pabulib: {reason}.", "Line {line} is not Pabulib: {reason}."),
    Text("Das Format steht auf pabulib.org/format.", "The format is described at pabulib.org/format."),
)
BAD_NAME = ErrorCode(
    "budget.bad_project_id",
    Text("Der Projektname „{project}“ passt nicht in eine Pabulib-Datei.", "The project id “{project}” does not fit."),
    Text("Nehmen Sie nur Buchstaben, Ziffern, Punkt, Strich.", "Use letters, digits, dot and dash only."),
)
_NAME = re.compile(r"[\w.-]+")
_PARTS = ("META", "PROJECTS", "VOTES")
_KINDS: dict[str, VoteKind] = {"approval": "approval", "cumulative": "points", "scoring": "points"}


class About(msgspec.Struct, frozen=True):
    """What a file says about its vote.

    ``rule`` is one of Pabulib's own names, ``unknown`` where none of them says how was counted; then ``comment`` does.
    """

    description: str
    unit: str
    instance: str
    begin: dt.date
    end: dt.date
    rule: str = "unknown"
    country: str = "Germany"
    language: str = "de"
    currency: str = "EUR"
    comment: str = ""


def write(election: Election, about: About, chosen: tuple[str, ...], seed: str) -> str:
    """Write an election and its result.

    Ballots stand in an order that is drawn from the seed and their content, under running numbers: nobody is found
    by when they voted.
    """
    for project in election.projects:
        if not _NAME.fullmatch(project.id):
            raise Invalid(BAD_NAME, project=project.id)
    return "".join(f"{line}\n" for line in _lines(election, about, chosen, seed))


def _lines(election: Election, about: About, chosen: tuple[str, ...], seed: str) -> Iterator[str]:
    yield from ("META", "key;value")
    for key, value in _meta(election, about).items():
        yield f"{key};{_plain(str(value))}"
    with_points = election.rules.kind == "points"
    yield from ("PROJECTS", f"project_id;cost;votes;{'score;' if with_points else ''}name;selected")
    for project, votes, score in zip(election.projects, election.supporters(), election.scores(), strict=True):
        figures = f"{votes};{score}" if with_points else str(votes)
        selected = int(project.id in chosen)
        yield f"{project.id};{_amount(project.cost)};{figures};{_plain(project.name)};{selected}"
    yield from ("VOTES", "voter_id;vote;points" if with_points else "voter_id;vote")
    ballots = [
        (",".join(ballot), ",".join(map(str, ballot.values())))
        for ballot in (
            dict(sorted(ballot.items(), key=lambda pair: (-pair[1], pair[0]))) for ballot in election.ballots()
        )
    ]
    for number, (vote, points) in enumerate(sorted(ballots, key=lambda pair: (lot(seed, *pair), pair)), 1):
        yield f"{number};{vote};{points}" if with_points else f"{number};{vote}"


def _meta(election: Election, about: About) -> dict[str, Any]:
    rules = election.rules
    kind = "approval" if rules.kind != "points" else "scoring" if rules.most_points is None else "cumulative"
    facts: dict[str, Any] = {
        "description": about.description,
        "country": about.country,
        "unit": about.unit,
        "instance": about.instance,
        "num_projects": len(election.projects),
        "num_votes": election.voters,
        "budget": _amount(election.budget),
        "vote_type": kind,
        "rule": about.rule,
        "date_begin": f"{about.begin:%d.%m.%Y}",
        "date_end": f"{about.end:%d.%m.%Y}",
        "max_length": rules.most_projects,
        "max_sum_cost": _amount(election.budget) if rules.kind == "knapsack" else None,
        "max_sum_points": rules.most_points,
        "language": about.language,
        "currency": about.currency,
        "comment": f"#1: {about.comment}" if about.comment else None,
    }
    return {key: value for key, value in facts.items() if value is not None}


def read(text: str) -> tuple[Election, dict[str, str]]:
    """Read an election and everything META says; ordinal votes are refused."""
    meta, projects = dict[str, str](), list[Project]()
    ballots = list[Mapping[str, int]]()
    for part, line, row in _rows(text):
        if part == "META":
            meta[row["key"]] = row["value"]
        elif part == "PROJECTS":
            projects.append(Project(row["project_id"], _cents(row["cost"], line), row.get("name", "")))
        else:
            ballots.append(_ballot(row, line))
    rules = _rules(meta)
    if rules.kind != "points":
        ballots = [dict.fromkeys(ballot, 1) for ballot in ballots]
    return Election.of(_cents(meta.get("budget", ""), 1), projects, rules, ballots), meta


_NEEDED = {"META": {"key", "value"}, "PROJECTS": {"project_id", "cost"}, "VOTES": {"voter_id", "vote"}}


def _rows(text: str) -> Iterator[tuple[str, int, dict[str, str]]]:
    part, header = "", list[str]()
    for line, content in enumerate(text.removeprefix("\ufeff").splitlines(), 1):
        cells = [cell.strip() for cell in content.split(";")]
        if not content.strip():
            continue
        if cells[0].upper() in _PARTS and len(cells) == 1:
            part, header = cells[0].upper(), []
        elif not part:
            raise _bad(line, Text("der Anfang META fehlt", "META is missing at the beginning"))
        elif not header:
            header = cells
            if not _NEEDED[part] <= set(header):
                raise _bad(line, Text("Spalten fehlen", "columns are missing"))
        elif len(cells) < len(header):
            raise _bad(line, Text("zu wenige Felder", "too few fields"))
        else:
            yield part, line, dict(zip(header, cells, strict=False))


def _ballot(row: Mapping[str, str], line: int) -> dict[str, int]:
    chosen = [name for name in row["vote"].split(",") if name]
    points = [cell for cell in row.get("points", "").split(",") if cell] or ["1"] * len(chosen)
    if len(set(chosen)) != len(chosen):
        raise _bad(line, Text("ein Projekt steht zweimal da", "a project is there twice"))
    if len(points) != len(chosen) or not all(re.fullmatch(r"\d{1,12}", cell) for cell in points):
        raise _bad(line, Text("die Punkte passen nicht zur Auswahl", "the points do not fit the choice"))
    return {name: int(cell) for name, cell in zip(chosen, points, strict=True) if int(cell)}


def _rules(meta: Mapping[str, str]) -> BallotRules:
    kind = _KINDS.get(meta.get("vote_type", ""))
    if kind is None:
        raise _bad(1, Text("diese Art der Stimmabgabe wird nicht gelesen", "this type of vote is not read"))
    if kind == "approval" and meta.get("max_sum_cost") and meta["max_sum_cost"] == meta.get("budget"):
        kind = "knapsack"
    return BallotRules(kind, _number(meta, "max_length"), _number(meta, "max_sum_points"))


def _number(meta: Mapping[str, str], key: str) -> int | None:
    value = meta.get(key, "")
    return int(value) if value.isdecimal() else None


def _cents(text: str, line: int) -> int:
    if not re.fullmatch(r"\d{1,12}([.,]\d+)?", text):
        raise _bad(line, Text("ein Betrag fehlt", "an amount is missing"))
    cents = Fraction(text.replace(",", ".")) * 100
    if cents.denominator != 1:
        raise _bad(line, Text("ein Betrag hat mehr als zwei Stellen hinter dem Komma", "an amount has parts of cents"))
    return int(cents)


def _amount(cents: int) -> str:
    whole, rest = divmod(cents, 100)
    return f"{whole}.{rest:02}" if rest else str(whole)


def _plain(text: str) -> str:
    return " ".join(text.replace(";", ",").split())


def _bad(line: int, reason: Text) -> Invalid:
    return Invalid(BAD_FILE, line=line, reason=reason)
