"""Reads of texts: paragraphs with their newest words, suggestions and answers, sealed wholes."""

import re

import msgspec
from django.db.models import Prefetch, QuerySet

from allmende.kernel.text import Text
from allmende.participation.models import (
    Comment,
    Contribution,
    Origin,
    Paragraph,
    ParagraphVersion,
    Process,
    SealedText,
)
from allmende.participation.queries import PUBLIC_STATES

_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-ZÄÖÜ„“\"])")


class Clause(msgspec.Struct, frozen=True):
    """A paragraph with its newest version, what was suggested and said about it, and what it grew from."""

    paragraph: Paragraph
    versions: list[ParagraphVersion]
    suggestions: list[Contribution]
    comments: list[Comment]
    origins: list[Contribution]

    @property
    def current(self) -> ParagraphVersion:
        """Give the newest version."""
        return self.versions[-1]

    @property
    def open(self) -> int:
        """Count the suggestions without an answer."""
        return sum(one.answered is None for one in self.suggestions)


def paragraphs(process: Process) -> QuerySet[Paragraph]:
    """Give the paragraphs with all that belongs to them."""
    shown = Contribution.objects.filter(visibility="shown").prefetch_related("steps").order_by("id")
    grown = Origin.objects.filter(contribution__visibility="shown").select_related("contribution")
    return process.paragraphs.prefetch_related(
        "versions",
        Prefetch("suggestions", shown, to_attr="shown_suggestions"),
        Prefetch("comments", Comment.objects.filter(visibility="shown"), to_attr="shown_comments"),
        Prefetch("origins", grown, to_attr="shown_origins"),
    )


def clause_of(paragraph: Paragraph) -> Clause:
    """Put together what ``paragraphs`` read."""
    found = paragraph.__dict__
    return Clause(
        paragraph,
        list(paragraph.versions.all()),
        found["shown_suggestions"],
        found["shown_comments"],
        [origin.contribution for origin in found["shown_origins"]],
    )


def clauses(process: Process) -> list[Clause]:
    """Give the text of a process."""
    return [clause_of(paragraph) for paragraph in paragraphs(process)]


def clause(process: Process, number: int) -> Clause | None:
    """Give one paragraph."""
    found = paragraphs(process).filter(number=number).first()
    return clause_of(found) if found else None


def newest(paragraph: Paragraph) -> ParagraphVersion:
    """Give the newest version of a paragraph."""
    return paragraph.versions.order_by("-version")[0]


def grown_from(process: Process) -> dict[int, list[Paragraph]]:
    """Give the paragraphs that grew from each contribution, by its key."""
    found: dict[int, list[Paragraph]] = {}
    for origin in Origin.objects.filter(paragraph__process=process).select_related("paragraph").order_by("paragraph"):
        found.setdefault(origin.contribution_id, []).append(origin.paragraph)
    return found


def seals(process: Process) -> QuerySet[SealedText]:
    """Give the sealed wholes, newest first."""
    return process.seals.all()


def sentences(text: str) -> list[str]:
    """Split a paragraph into its sentences, which rules cite by their number."""
    return [part.strip() for part in _SENTENCE_END.split(text) if part.strip()]


class Quote(msgspec.Struct, frozen=True):
    """What a rule cites: a sentence of a paragraph, in the words of its newest version; 0 is the whole paragraph."""

    paragraph: Paragraph
    place: int
    words: Text


def quotes(source: str) -> list[Quote]:
    """Give the sentences of public texts that the source of a rule names."""
    found = []
    for process in Process.objects.filter(state__in=PUBLIC_STATES).exclude(code=""):
        if process.code not in source:
            continue
        for paragraph in process.paragraphs.select_related("process"):
            for _, place in citing(process.code, paragraph.number, [("", source)]):
                found.append(Quote(paragraph, place, _words(newest(paragraph), place)))
    return found


def _words(version: ParagraphVersion, place: int) -> Text:
    """Give a sentence in both languages; the German one where the translation has no such sentence."""
    german, english = (sentences(text) for text in (version.text_de, version.text_en))
    if not 0 < place <= len(german):
        return Text(version.text_de, version.text_en or version.text_de)
    return Text(german[place - 1], english[place - 1] if place <= len(english) else german[place - 1])


def citing(code: str, number: int, sources: list[tuple[str, str]]) -> list[tuple[str, int]]:
    """Give the rules whose source names a paragraph, with the number of the sentence; 0 is the whole paragraph."""
    if not code:
        return []
    pattern = re.compile(rf"{re.escape(code)},? § {number}(?!\d)(?:,? Satz (\d+))?")
    return [(slug, int(match.group(1) or 0)) for slug, source in sources for match in pattern.finditer(source)]
