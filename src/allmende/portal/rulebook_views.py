"""Citizens' pages about the rule books of the past: what held when, and what each one changed."""

import msgspec
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from allmende.catalog.door import gate
from allmende.ethics.compare import changes
from allmende.ethics.decide import compile_rulebook
from allmende.ethics.model import Duties, Rulebook
from allmende.ethics.vocabulary import terms_of
from allmende.ethics.wording import Words, duty_words
from allmende.kernel.clock import CIVIL_TIME
from allmende.kernel.text import Text
from allmende.portal.data_views import told
from allmende.portal.files import csv_file
from allmende.portal.frame import page
from allmende.portal.register_views import rules_file
from allmende.register import queries


class PurposeRow(msgspec.Struct, frozen=True):
    """A purpose with its terms in the vocabularies of others."""

    title: Text
    description: Text
    above: Text | None
    dpv: str
    dtpr: str


def _book(version: int) -> Rulebook:
    book = gate().published(version)
    if book is None:
        raise Http404
    return book


@told
def versions(request: HttpRequest) -> HttpResponseBase:
    """List all rule books that ever held."""
    return page(request, "register/versions.html", publications=queries.publications())


@told
def version(request: HttpRequest, number: int) -> HttpResponseBase:
    """Show a rule book as it was published, and what it changed."""
    book, before = _book(number), gate().published(number - 1) or Rulebook()
    day = book.published.astimezone(CIVIL_TIME).date() if book.published else None
    words = Words(before, book)
    found = changes(compile_rulebook(before), compile_rulebook(book), day) if day else []
    return page(
        request,
        "register/version.html",
        book=book,
        day=day,
        publication=queries.publications().filter(version=number).first(),
        changes=[words.change(change) for change in found],
        rules=[(rule, duty_words(rule.duties) if rule.duties != Duties() else None) for rule in book.rules],
        purposes=_purposes(book),
        titles=queries.titles(book),
        before=before.version,
        after=number + 1 if gate().published(number + 1) is not None else 0,
    )


def _purposes(book: Rulebook) -> list[PurposeRow]:
    titles = {purpose.slug: purpose.title for purpose in book.purposes}
    return [
        PurposeRow(
            purpose.title,
            purpose.description,
            titles[purpose.parent] if purpose.parent is not None else None,
            *terms_of(purpose.slug, book),
        )
        for purpose in book.purposes
    ]


def version_json(_request: HttpRequest, number: int) -> HttpResponse:
    """Give a rule book as it was published, for programs."""
    return HttpResponse(msgspec.json.encode(_book(number)), content_type="application/json")


def version_csv(_request: HttpRequest, number: int) -> HttpResponseBase:
    """Give the rules of a rule book as CSV."""
    return rules_file(f"regeln-{number}", _book(number))


def versions_csv(_request: HttpRequest) -> HttpResponseBase:
    """Give the list of rule books as CSV."""
    rows = [(entry.version, entry.at, entry.decision) for entry in queries.publications()]
    return csv_file("fassungen", ("version", "published", "decision"), rows)
