"""What came out of judging statements: agreement, conflicts, opinion groups, and what the text made of it."""

from typing import Any

import msgspec
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from allmende.kernel.clock import today
from allmende.kernel.text import Text
from allmende.participation import text_queries, vote_queries
from allmende.participation.methods.opinions.publication import Opinion
from allmende.participation.models import Process, Statement, Topic
from allmende.participation.permission import CONTRIBUTIONS, VOTES
from allmende.participation.place_queries import Meeting, meetings
from allmende.participation.rules import Share
from allmende.participation.services import opinions
from allmende.participation.vote_queries import Standing
from allmende.portal.data_views import told
from allmende.portal.files import csv_file
from allmende.portal.participation_frame import language, process_or_404, process_page, shut
from allmende.portal.participation_ways_views import ways_of
from allmende.programme import queries as programme

HEADER = ("number", "text_de", "text_en", "group", "agree", "disagree", "pass", "conflict", "need", "paragraphs")
PLACES_HEADER = ("need", "other_need", "group", "other_group", "tag", "other_tag", "metres")
MOST_SHARED = 5


class Row(msgspec.Struct, frozen=True):
    """A statement as it stands, and the paragraphs that grew from its need, each with the project that carries it."""

    standing: Standing
    grown: list[tuple[Any, Any]]
    common: bool

    @property
    def statement(self) -> Statement:
        """Give the statement."""
        return self.standing.statement


def _rows(process: Process) -> list[Row]:
    grown = text_queries.grown_from(process)
    slugs = {paragraph.project for found in grown.values() for paragraph in found if paragraph.project}
    projects = {slug: programme.project_on(slug, today()) for slug in slugs}
    return [
        Row(
            one,
            [(row, projects.get(row.project)) for row in grown.get(one.statement.contribution_id or 0, [])],
            bool(one.known) and all(share.view == "agree" for share in one.known),
        )
        for one in vote_queries.standings(process)
    ]


def _sides(row: Row, groups: list[Topic], view: str) -> list[Text]:
    return [groups[at].title for at in row.standing.groups_that(view)]


@told
def results(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Show what came out: all votes, each group that is large enough, agreement, conflicts, and what grew from it."""
    process = process_or_404(request, slug, VOTES, part="statements")
    rows, groups = _rows(process), vote_queries.groups(process)
    voters = vote_queries.voters(process)
    by_agreement = sorted(rows, key=lambda row: (-row.standing.consensus, row.statement.number))
    return process_page(
        request,
        "results.html",
        process,
        rows=by_agreement,
        groups=groups,
        voters=voters if voters >= process.minimum else None,
        conflicts=[
            (row, _sides(row, groups, "agree"), _sides(row, groups, "disagree"))
            for row in rows
            if row.standing.conflict
        ],
        common=[row for row in by_agreement if row.common],
        needs=any(row.statement.contribution_id for row in rows),
        grows=any(row.grown for row in rows),
        meetings=_meetings(process),
        ways=ways_of(
            vote_queries.by_way(process), {str(row.statement.number): (row.statement.text, language()) for row in rows}
        ),
        **_opinions(process),
    )


def _meetings(process: Process) -> list[Meeting]:
    """Give needs of different groups at one place, as far as contributions may be shown."""
    return [] if "needs" not in process.form.parts or shut(process, CONTRIBUTIONS) else meetings(process)


@told
def places_csv(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Give the needs of different groups at one place as CSV."""
    process = process_or_404(request, slug, CONTRIBUTIONS, part="needs")
    rows = [
        (one.number, other.number, *(need.group.slug if need.group else None for need in (one, other)), *tags, apart)
        for one, other, apart in ((row.one, row.other, row.metres) for row in meetings(process))
        for tags in [(one.tag, other.tag)]
    ]
    return csv_file(f"{slug}-ergebnis-orte", PLACES_HEADER, rows)


def _opinions(process: Process) -> dict[str, Any]:
    """Give the opinion groups with the words of what is typical of each, and what all of them share."""
    run = vote_queries.opinions(process)
    if run is None:
        return {}
    published = opinions.told(run)
    words = {one.number: one.text for one in vote_queries.statements(process)}
    groups = [
        (place, group, [(words[one.statement], one) for one in group.typical if one.statement in words])
        for place, group in enumerate(published.groups, 1)
    ]
    shared = [
        (words[one.statement], stance, _least(one, stance), value)
        for one in published.opinions
        for stance, value in (("agree", one.consensus_agree), ("disagree", one.consensus_disagree))
        if value is not None and one.statement in words and _all_see(one, stance)
    ]
    return {
        "opinions": published,
        "opinion_groups": groups,
        "shared": sorted(shared, key=lambda row: -row[-1])[:MOST_SHARED],
    }


def _all_see(one: Opinion, stance: str) -> bool:
    """Tell whether every opinion group clearly says the same to a statement."""
    return all(part and Share(part.agree, part.disagree, part.passed).view == stance for part in one.groups)


def _least(one: Opinion, stance: str) -> int:
    """Give the smallest share, in percent, of an opinion group that says the same as all others."""
    counts = [(getattr(part, stance), part.agree + part.disagree + part.passed) for part in one.groups if part]
    return min((round(100 * said / every) for said, every in counts if every), default=0)


@told
def opinions_json(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Give the opinion groups with all parameters, so that anybody can judge them."""
    run = vote_queries.opinions(process_or_404(request, slug, VOTES, part="statements"))
    if run is None:
        raise Http404
    return HttpResponse(run.published.encode(), content_type="application/json")


@told
def results_csv(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Give the result as CSV; cells of groups that are too small are empty."""
    process = process_or_404(request, slug, VOTES, part="statements")
    names = ["", *(group.slug for group in vote_queries.groups(process))]
    rows = [
        (
            *(row.statement.number, row.statement.text_de, row.statement.text_en, name),
            *((share.agree, share.disagree, share.passed) if share else (None,) * 3),
            row.standing.conflict,
            row.statement.contribution.number if row.statement.contribution else None,
            " ".join(f"§{paragraph.number}" for paragraph, _ in row.grown) or None,
        )
        for row in _rows(process)
        for name, share in zip(names, (row.standing.all, *row.standing.groups), strict=True)
    ]
    return csv_file(f"{slug}-ergebnis", HEADER, rows)
