"""The strategy for reading: versions, one version with contents, what differs between two, and the PDF."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import get_language

from allmende.effects.queries import titles_of
from allmende.kernel.text import Text
from allmende.portal.asof import Stand, stand_of
from allmende.portal.files import csv_file, json_file
from allmende.portal.frame import page, site
from allmende.programme.models import StrategyVersion
from allmende.programme.queries.strategy import SectionDifference, difference, strategies_until
from allmende.programme.queries.strategy import strategy as version_of
from allmende.ui.documents import Document, Paragraph, Section, draw_document
from allmende.ui.templatetags.allmende import day as written_day


def _version(number: int, stand: Stand) -> StrategyVersion:
    found = version_of(number, stand.day)
    if found is None:
        raise Http404
    return found


def _language() -> str:
    return "en" if (get_language() or "").startswith("en") else "de"


def strategy(request: HttpRequest, number: int | None = None) -> HttpResponse:
    """Show a version of the strategy, by itself the one in force."""
    stand = stand_of(request)
    versions = list(strategies_until(stand.day))
    wanted = number if number is not None else (versions[-1].number if versions else None)
    version = _version(wanted, stand) if wanted is not None else None
    before = [one for one in versions if version and one.number < version.number]
    shown: dict[str, Any] = {"indicators": _indicators(version) if version else {}}
    return page(
        request,
        "strategy.html",
        stand,
        version=version,
        versions=versions[::-1],
        newest=versions[-1] if versions else None,
        before=before[-1] if before else None,
        **shown,
    )


def _indicators(version: StrategyVersion) -> dict[str, Text]:
    statements = [one for section in _sections(version) for one in section.statements.all()]
    return titles_of(slug for one in statements for slug in one.indicator_slugs)


def compare(request: HttpRequest, number: int, other: int) -> HttpResponse:
    """Show what differs between two versions, word by word."""
    before, after = _pair(request, number, other)
    sections = difference(before, after, _language())
    changed = sum(not section.same for section in sections)
    return page(
        request,
        "strategy_difference.html",
        stand_of(request),
        before=before,
        after=after,
        sections=sections,
        changed=changed,
    )


def _pair(request: HttpRequest, number: int, other: int) -> tuple[StrategyVersion, StrategyVersion]:
    stand = stand_of(request)
    return _version(min(number, other), stand), _version(max(number, other), stand)


def compare_csv(request: HttpRequest, number: int, other: int) -> HttpResponse:
    """Give what differs between two versions as CSV: a row for each passage, in both languages."""
    before, after = _pair(request, number, other)
    header = ["section", "number_before", "number_after", "language", "place", "change", "words"]
    rows = [
        (
            _places(one)["section"],
            one.before.number if one.before else None,
            one.after.number if one.after else None,
            *(language, place, passage.kind, passage.words),
        )
        for language in ("de", "en")
        for one in difference(before, after, language)
        for place, passage in enumerate(one.passages, 1)
    ]
    return csv_file(f"strategie-{before.number}-{after.number}", header, rows)


def compare_json(request: HttpRequest, number: int, other: int) -> HttpResponse:
    """Give what differs between two versions as JSON, section by section, in both languages."""
    before, after = _pair(request, number, other)
    sections = []
    for german, english in zip(*(difference(before, after, language) for language in ("de", "en")), strict=True):
        passages = {
            language: [{"change": passage.kind, "words": passage.words} for passage in one.passages]
            for language, one in (("de", german), ("en", english))
        }
        sections.append({**_places(german), "same": german.same and english.same, "passages": passages})
    about = {"before": _about(before), "after": _about(after)}
    return json_file(f"strategie-{before.number}-{after.number}", {**about, "sections": sections})


def _places(one: SectionDifference) -> dict[str, Any]:
    sides = {"before": one.before, "after": one.after}
    return {
        "section": next(section.key for section in sides.values() if section),
        **{name: {"number": row.number, "title": row.title} if row else None for name, row in sides.items()},
    }


def strategy_json(request: HttpRequest, number: int) -> HttpResponse:
    """Give a version as JSON, with what its statements speak of."""
    version = _version(number, stand_of(request))
    return json_file(f"strategie-{number}", {**_about(version), "sections": [_told(one) for one in _sections(version)]})


def _about(version: StrategyVersion) -> dict[str, Any]:
    decision = version.decision.slug if version.decision else None
    return {"number": version.number, "title": version.title, "adopted": version.adopted, "decision": decision}


def _sections(version: StrategyVersion) -> list[Any]:
    return list(version.sections.all())


def _told(section: Any) -> dict[str, Any]:
    return {
        "key": section.key,
        "number": section.number,
        "title": section.title,
        "statements": [
            {
                "text": one.text,
                "goals": [row.slug for row in one.goals.all()],
                "projects": [row.slug for row in one.projects.all()],
                "decisions": [row.slug for row in one.decisions.all()],
                "indicators": one.indicator_slugs,
            }
            for one in section.statements.all()
        ],
    }


def strategy_csv(request: HttpRequest, number: int) -> HttpResponse:
    """Give the statements of a version as CSV, with what they speak of."""
    header = ["section", "statement", "text_de", "text_en", "goals", "projects", "decisions", "indicators"]
    rows = [
        (
            *(section.number, index, one.text_de, one.text_en),
            *(" ".join(row.slug for row in rows.all()) or None for rows in (one.goals, one.projects, one.decisions)),
            one.indicators or None,
        )
        for section in _sections(_version(number, stand_of(request)))
        for index, one in enumerate(section.statements.all(), 1)
    ]
    return csv_file(f"strategie-{number}", header, rows)


def strategy_pdf(request: HttpRequest, number: int) -> HttpResponseBase:
    """Give a version as a PDF that screen readers can read."""
    version, language = _version(number, stand_of(request)), _language()
    indicators = _indicators(version)
    sections = [
        Section(
            number=section.number,
            title=section.title.within(language),
            depth=section.depth,
            paragraphs=tuple(
                Paragraph(one.text.within(language), _names(one, indicators, language))
                for one in section.statements.all()
            ),
        )
        for section in _sections(version)
    ]
    document = Document(
        language=language,
        title=version.title.within(language),
        over=site().title,
        summary=version.summary_en if language == "en" else version.summary_de,
        stamp=_stamp(version, language),
        contents="Contents" if language == "en" else "Inhalt",
        sections=tuple(sections),
    )
    response = HttpResponse(draw_document(document), content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="strategie-{number}.{language}.pdf"'
    return response


def _stamp(version: StrategyVersion, language: str) -> str:
    day = written_day(version.adopted)
    return (
        f"Version {version.number}, adopted {day}"
        if language == "en"
        else f"Fassung {version.number}, beschlossen {day}"
    )


def _names(statement: Any, indicators: dict[str, Text], language: str) -> str:
    rows = [*statement.goals.all(), *statement.projects.all(), *statement.decisions.all()]
    measured = [indicators[slug] for slug in statement.indicator_slugs if slug in indicators]
    return " · ".join(title.within(language) for title in (*(row.title for row in rows), *measured))
