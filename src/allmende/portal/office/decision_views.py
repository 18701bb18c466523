"""What was written (the audit trail) and what the gate decided, with search and as files."""

from collections.abc import Iterator
from operator import itemgetter
from typing import Any

import msgspec
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, QueryDict
from django.http.response import HttpResponseBase
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from allmende.accounts.models import AuditEntry, Person
from allmende.accounts.queries import audit_trail
from allmende.catalog.door import gate
from allmende.ethics.wording import VERB_WORDS
from allmende.gate.query import DecisionRow
from allmende.kernel.clock import iso_from_micros
from allmende.kernel.ids import number_of
from allmende.portal.files import csv_stream
from allmende.portal.office.deeds import actor_of, deed_of
from allmende.portal.office.frame import page
from allmende.portal.office.permissions import reads
from allmende.portal.office.trail import written
from allmende.register.queries import titles

PAGE, BATCH, MOST_LOOKED_AT = 50, 500, 20_000
HEADER = (
    *("at", "asker", "verb", "purpose", "recipient", "category", "allowed", "rules"),
    *("rulebook_version", "amount", "times"),
)


def _entries(request: HttpRequest) -> QuerySet[AuditEntry]:
    return audit_trail(request.GET.get("q", "").strip(), request.GET.get("taetigkeit", ""))


@reads("trail")
def trail(request: HttpRequest) -> HttpResponseBase:
    """Show the audit trail, newest first."""
    sheet = Paginator(_entries(request), PAGE).get_page(request.GET.get("seite"))
    verbs = AuditEntry.objects.order_by("verb").values_list("verb", flat=True).distinct()
    return page(
        request,
        "trail",
        _("Protokoll"),
        icon="history",
        sheet=sheet,
        entries=[written(entry) for entry in sheet],
        verbs=sorted(((verb, deed_of(verb)) for verb in verbs), key=lambda pair: pair[1].casefold()),
        search=request.GET.get("q", ""),
        chosen=request.GET.get("taetigkeit", ""),
        query=_query(request),
    )


@reads("trail")
def trail_csv(request: HttpRequest) -> HttpResponseBase:
    """Give the entries found as a file."""
    rows = (
        (
            *(entry.at.isoformat(), entry.actor, entry.verb, entry.subject, entry.label),
            *(_json(entry.before), _json(entry.after), entry.note),
        )
        for entry in _entries(request).iterator()
    )
    return csv_stream("protokoll", ("at", "actor", "verb", "subject", "label", "before", "after", "note"), rows)


def _json(values: object) -> str:
    return "" if values is None else msgspec.json.encode(values).decode()


def _query(request: HttpRequest) -> str:
    """Give the question without the page, for links to files and other pages."""
    kept = request.GET.copy()
    kept.pop("seite", None)
    kept.pop("vor", None)
    return kept.urlencode()


def _decisions(request: HttpRequest, before: int | None = None) -> Iterator[DecisionRow]:
    """Give the decisions that were asked for, newest first; looks at no more than ``MOST_LOOKED_AT``."""
    asker = request.GET.get("asker", "").strip()
    wanted = {name: request.GET.get(name, "") for name in ("verb", "purpose", "category")}
    allowed = request.GET.get("allowed", "")
    for _batch in range(MOST_LOOKED_AT // BATCH):
        rows = gate().decisions(BATCH, before)
        for row in rows:
            fits = all(value == getattr(row, name) for name, value in wanted.items() if value)
            if fits and asker in row.asker and allowed in ("", str(int(row.allowed))):
                yield row
        if len(rows) < BATCH:
            return
        before = rows[-1].id


class Shown(msgspec.Struct, frozen=True):
    """A decision with the words of its codes."""

    row: DecisionRow
    asker: str
    verb: str
    purpose: str
    recipient: str
    category: str
    rules: str


def _shown(rows: list[DecisionRow]) -> list[Shown]:
    book, language = gate().rulebook(), get_language() or "de"
    names = titles(book) | {rule.slug: rule.title for rule in book.rules}
    people = {f"staff:{person.pk}": person.email for person in Person.objects.all()}

    def word(slug: str) -> str:
        return names[slug].within(language) if slug in names else slug

    return [
        Shown(
            row,
            people.get(row.asker) or actor_of(row.asker),
            word(row.verb),
            word(row.purpose),
            word(row.recipient),
            word(row.category),
            ", ".join(word(slug) for slug in row.rules),
        )
        for row in rows
    ]


def _choices(given: QueryDict) -> list[tuple[str, Any, list[tuple[str, str, bool]]]]:
    """Give what one may look for: name and label of a field, and its choices with the one that was made."""
    book, language = gate().rulebook(), get_language() or "de"
    fields = {
        "verb": (_("Tätigkeit"), VERB_WORDS),
        "purpose": (_("Zweck"), {one.slug: one.title for one in book.purposes}),
        "category": (_("Datenkategorie"), {one.slug: one.title for one in book.categories}),
    }
    return [
        (
            name,
            label,
            sorted(
                ((slug, one.within(language), slug == given.get(name)) for slug, one in found.items()),
                key=itemgetter(1),
            ),
        )
        for name, (label, found) in fields.items()
    ]


@reads("trail")
def decisions(request: HttpRequest) -> HttpResponseBase:
    """Show what the gate allowed and refused, newest first."""
    before = request.GET.get("vor", "")
    rows = []
    for row in _decisions(request, number_of(before)):
        rows.append(row)
        if len(rows) > PAGE:
            break
    return page(
        request,
        "decisions",
        _("Zugriffsentscheidungen"),
        icon="clipboard-list",
        rows=_shown(rows[:PAGE]),
        choices=_choices(request.GET),
        older=rows[PAGE - 1].id if len(rows) > PAGE else None,
        given=request.GET,
        query=_query(request),
    )


@reads("trail")
def decisions_csv(request: HttpRequest) -> HttpResponseBase:
    """Give the decisions found as a file."""
    rows = (
        (
            *(iso_from_micros(row.at), row.asker, row.verb, row.purpose, row.recipient, row.category),
            *(int(row.allowed), " ".join(row.rules), row.rulebook_version, row.amount, row.times),
        )
        for row in _decisions(request)
    )
    return csv_stream("entscheidungen", HEADER, rows)
