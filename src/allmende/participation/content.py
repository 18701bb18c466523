"""``participation.yaml`` of a pack: processes of the demonstration, told in days before the day of founding."""

from typing import Literal

import msgspec

from allmende.kernel.errors import Invalid
from allmende.kernel.text import Text
from allmende.participation.formats import BudgetFrame
from allmende.participation.languages import LANGUAGES
from allmende.participation.rules import CLOSE_DAYS
from allmende.participation.shapes import Shape, read_place
from allmende.register.around import Point


class _Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of the file."""


class TopicEntry(_Part, frozen=True):
    """A category or a group."""

    slug: str
    title: Text


class StepEntry(_Part, frozen=True):
    """What an office told."""

    state: Literal["checked", "answered", "linked", "underway", "done"]
    days_ago: int
    outcome: Literal["", "accepted", "partly", "declined", "elsewhere"] = ""
    note: Text | None = None
    project: str = ""


class CommentEntry(_Part, frozen=True):
    """What somebody said about a contribution."""

    stance: Literal["pro", "contra", "question"]
    body: str


class ContributionEntry(_Part, frozen=True):
    """What somebody brought; ``key`` names it within the file, ``geometry`` is a line or an area as WKT."""

    key: str
    kind: Literal["idea", "need", "proposal", "suggestion"]
    title: str
    days_ago: int
    body: str = ""
    category: str = ""
    group: str = ""
    tag: Literal["", "idea", "caution", "conflict"] = ""
    longitude: float | None = None
    latitude: float | None = None
    geometry: str = ""
    place: str = ""
    channel: Literal["online", "onsite", "paper"] = "online"
    supports: int = 0
    paragraph: int | None = None
    base_version: int = 1
    proposed: str = ""
    asked: int = 0
    cost: int = 0
    steps: tuple[StepEntry, ...] = ()
    comments: tuple[CommentEntry, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a geometry that is none."""
        try:
            _ = self.where
        except Invalid as error:
            raise ValueError(f"geometry: {error.what.en}") from error

    @property
    def where(self) -> tuple[Point | None, Shape | None]:
        """Give its point, or its line or area."""
        if self.geometry:
            return read_place(self.geometry, None)
        if self.longitude is None or self.latitude is None:
            return None, None
        return Point(self.longitude, self.latitude), None


class VersionEntry(_Part, frozen=True):
    """The words of a paragraph from a day on; ``adopts`` is the key of the suggestion that it takes up."""

    text: Text
    reason: Text
    days_ago: int
    adopts: str = ""


class ParagraphEntry(_Part, frozen=True):
    """A paragraph with its versions, the needs from which it grew, and the project that carries it out."""

    heading: Text
    versions: tuple[VersionEntry, ...]
    grown_from: tuple[str, ...] = ()
    project: str = ""


class StatementEntry(_Part, frozen=True):
    """A statement, and how many of each group agreed, disagreed and passed, online and on site."""

    text: Text
    grown_from: str = ""
    votes: dict[str, tuple[int, int, int]] = {}
    onsite: dict[str, tuple[int, int, int]] = {}


class RankedEntry(_Part, frozen=True):
    """How many people gave the options this order: their numbers, the best first."""

    people: int
    order: tuple[int, ...]
    channel: Literal["online", "paper"] = "online"


class ComparedEntry(_Part, frozen=True):
    """Made-up people who compare options of these strengths (logits), each so many pairs; ``seed`` decides by lot."""

    people: int
    each: int
    strengths: tuple[float, ...]
    seed: str


class AfterEntry(_Part, frozen=True):
    """After which answers to an earlier question, by its number, a question is asked."""

    question: int
    options: tuple[int, ...] = ()
    least: float | None = None
    most: float | None = None


class QuestionEntry(_Part, frozen=True):
    """A question of a survey; ``open`` gives the last option room for own words."""

    kind: Literal["single", "multiple", "scale", "number", "text"]
    title: Text
    help: Text | None = None
    required: bool = False
    options: tuple[Text, ...] = ()
    open: bool = False
    least: float | None = None
    most: float | None = None
    decimals: bool = False
    low: Text | None = None
    high: Text | None = None
    unit: Text | None = None
    after: AfterEntry | None = None


class LeaningEntry(_Part, frozen=True):
    """How made-up people answer: weights of options or steps (percent where several may be chosen), or a range.

    Every so many people write one of the words, in turn.
    """

    weights: tuple[int, ...] = ()
    between: tuple[int, int] = (0, 0)
    words: tuple[str, ...] = ()
    every: int = 7


class SheetsEntry(_Part, frozen=True):
    """How many made-up people answered, the first of them on paper; the same seed gives the same sheets."""

    people: int
    seed: str
    paper: int = 0
    leanings: dict[int, LeaningEntry] = {}


class SealEntry(_Part, frozen=True):
    """When and on which occasion the text was sealed."""

    occasion: Text
    days_ago: int


class BallotsEntry(_Part, frozen=True):
    """How many people cast this ballot: points by number of the ballot."""

    people: int
    choice: dict[int, int]
    channel: Literal["online", "paper"] = "online"


class DecisionEntry(_Part, frozen=True):
    """What the council decided on a budget."""

    days_ago: int
    paper: str
    funded: tuple[int, ...]
    text: Text


class BudgetEntry(_Part, frozen=True):
    """A budget with its ballots and, where the vote is over, its count; amounts in cents.

    ``steps`` of proposals come after the decision.
    """

    frame: BudgetFrame
    ballots: tuple[BallotsEntry, ...]
    counted_days_ago: int | None = None
    seed: str = ""
    seed_source: str = ""
    decision: DecisionEntry | None = None


class PoolEntry(_Part, frozen=True):
    """How many in a pool are alike in these features."""

    people: int
    features: dict[str, str]


class PanelEntry(_Part, frozen=True):
    """A pool, from which was drawn; how many accepted and declined."""

    pool: tuple[PoolEntry, ...]
    lots: int
    chance: Text
    keep_days: int
    published_days_ago: int
    drawn_days_ago: int
    public_word: str
    accepted: int
    declined: int


class ItemEntry(_Part, frozen=True):
    """An item of an agenda; ``links_to`` and ``target`` as the table has them, ``discussed`` for the minutes."""

    title: Text
    after: int
    lasts: int
    leads: str = ""
    place: str = ""
    links_to: str = ""
    target: str = ""
    discussed: Text | None = None


class WorkshopEntry(_Part, frozen=True):
    """A workshop, so many days after the founding; its minutes, split at empty lines, heard at item ``heard_at``."""

    title: Text
    place: str
    days_ahead: int
    places: int
    access: Text
    registered: int = 0
    came: int | None = None
    minutes: str = ""
    agenda: tuple[ItemEntry, ...] = ()
    heard_at: int | None = None
    said: Text | None = None
    follows: Text | None = None


class EditionEntry(_Part, frozen=True):
    """What a process says of itself in another language, by its tag, or in easy words."""

    language: str
    title: str
    body: str
    made_by: str

    def __post_init__(self) -> None:
        """Refuse a language that no page speaks."""
        if self.language not in LANGUAGES:
            raise ValueError(f"language: one of {', '.join(LANGUAGES)}")


class ProcessEntry(_Part, frozen=True):
    """A process of the demonstration."""

    slug: str
    format: str
    title: Text
    purpose: Text
    audience: Text
    office: Text
    weight: Literal["mood", "recommendation", "decision"]
    weight_note: Text
    started_days_ago: int
    phase_days: tuple[int, ...]
    level: Literal["open", "mail", "code", "oidc"] = "open"
    writing: Literal["open", "mail", "code", "oidc"] = "open"
    answer_days: int = 30
    close_days: int | None = CLOSE_DAYS
    keep_days: int = 180
    code: str = ""
    project: str = ""
    categories: tuple[TopicEntry, ...] = ()
    groups: tuple[TopicEntry, ...] = ()
    contributions: tuple[ContributionEntry, ...] = ()
    paragraphs: tuple[ParagraphEntry, ...] = ()
    statements: tuple[StatementEntry, ...] = ()
    seal: SealEntry | None = None
    budget: BudgetEntry | None = None
    panel: PanelEntry | None = None
    workshops: tuple[WorkshopEntry, ...] = ()
    ranked: tuple[RankedEntry, ...] = ()
    compared: ComparedEntry | None = None
    questions: tuple[QuestionEntry, ...] = ()
    sheets: SheetsEntry | None = None
    editions: tuple[EditionEntry, ...] = ()
    result: Text | None = None


class FormalEntry(_Part, frozen=True):
    """A formal procedure of another body, in days from the founding; ``area`` is west, south, east, north."""

    plan_id: str
    title: str
    authority: str
    kind: str
    step: Literal["4000", "6000"]
    begins_in_days: int
    ends_in_days: int
    description: str
    place: str
    url: str
    area: tuple[float, float, float, float]


class ParticipationContent(_Part, frozen=True):
    """The whole file."""

    processes: tuple[ProcessEntry, ...] = ()
    formal: tuple[FormalEntry, ...] = ()
    rule_sources: dict[str, str] = {}
