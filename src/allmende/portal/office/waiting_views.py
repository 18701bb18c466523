"""What waits for data stewards and the board, in one list: the most pressing first."""

import datetime as dt
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import msgspec
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from allmende.accounts.rules import may_read
from allmende.catalog.door import gate
from allmende.ethics.findings import Finding, findings
from allmende.ethics.model import Rulebook
from allmende.kernel.clock import CIVIL_TIME, today
from allmende.portal import catalogue_queries
from allmende.portal.files import csv_file
from allmende.portal.office.frame import page
from allmende.portal.office.permissions import reads, roles_of
from allmende.portal.office.quarantine_views import waiting as in_quarantine
from allmende.register.minutes.queries import drafts as minutes_drafts
from allmende.register.objections.queries import every_case
from allmende.register.queries import data_uses, drafts

SOON = dt.timedelta(days=90)
UNFINISHED = ("idea", "checked", "decided", "announced", "suspended")
HEADER = ("kind", "what", "state", "until", "overdue")


class Item(msgspec.Struct, frozen=True):
    """Something that waits: its kind, what it is, how it stands, until when, and where it is dealt with."""

    kind: str
    what: str
    state: str
    until: dt.date | None
    url: str

    @property
    def overdue(self) -> bool:
        """Tell whether the day is over."""
        return self.until is not None and self.until < today()


def _language() -> str:
    return get_language() or "de"


def _objections() -> Iterator[Item]:
    for one in every_case().exclude(state="answered"):
        url = reverse("office:objection-one", args=[one.number])
        state, due = one.state_text.within(_language()), one.due.astimezone(CIVIL_TIME).date()
        yield Item(one.kind_text.within(_language()), one.number, state, due, url)


def _data_uses() -> Iterator[Item]:
    for use in data_uses():
        ends = use.state == "active" and use.until is not None and use.until <= today() + SOON
        if ends or use.state in UNFINISHED:
            url = reverse("office:data-use", args=[use.slug])
            until = use.until if ends else None
            title, state = use.title.within(_language()), use.state_text.within(_language())
            yield Item(gettext("Datennutzung"), title, state, until, url)


def _rules() -> Iterator[Item]:
    for rule in drafts():
        yield Item(gettext("Regel"), str(rule), gettext("Entwurf"), None, reverse("office:publish"))
    for one in gate().rulebook().rules:
        if one.until is not None and today() <= one.until <= today() + SOON:
            url = reverse("rule", args=[one.slug])
            yield Item(gettext("Regel"), one.title.within(_language()), gettext("endet bald"), one.until, url)


def _minutes() -> Iterator[Item]:
    for one in minutes_drafts():
        what = f"{one.number}, {one.body_text.within(_language())}"
        url = reverse("office:meeting", args=[one.number, one.version])
        yield Item(gettext("Sitzung"), what, gettext("Entwurf"), None, url)


@lru_cache(maxsize=2)
def _odd(book: Rulebook, day: dt.date) -> list[Finding]:
    """Look through a rule book once a day: that compiles it, and a large one takes seconds."""
    return findings(book, day)


def _book() -> Iterator[Item]:
    for found in _odd(gate().rulebook(), today()):
        text = found.text.within(_language())
        yield Item(gettext("Regelwerk"), text, gettext("auffällig"), None, reverse("office:publish"))


def _licences() -> Iterator[Item]:
    """Tell of data sets whose licence nobody named: the catalogue says of them that they are not open."""
    count = sum(not one.is_licensed for one in catalogue_queries.entries())
    if count:
        text = gettext("%(count)s Datensätze ohne Lizenz, deshalb nicht als offen ausgewiesen") % {"count": count}
        yield Item(gettext("Datenkatalog"), text, gettext("unbekannt"), None, reverse("catalogue"))


def _items(request: HttpRequest) -> list[Item]:
    """Give what this person may see of all that waits; what has a day comes first, the earliest on top."""
    roles, items = roles_of(request.user), [*_data_uses(), *_rules(), *_book(), *_licences()]
    if may_read(roles, "objections"):
        items += _objections()
    if may_read(roles, "minutes"):
        items += _minutes()
    count = in_quarantine(request) if may_read(roles, "quarantine") else 0
    if count:
        text = gettext("%(count)s Messwerte") % {"count": count}
        items.append(Item(gettext("Quarantäne"), text, gettext("abgelehnt"), None, reverse("office:quarantine")))
    return sorted(items, key=lambda item: (item.until or dt.date.max, item.kind, item.what))


@reads("register")
def waiting(request: HttpRequest) -> HttpResponseBase:
    """List what waits for a decision, and what ends soon."""
    values: dict[str, Any] = {"items": _items(request)}
    return page(request, "waiting", _("Was wartet"), icon="time", **values)


@reads("register")
def waiting_csv(request: HttpRequest) -> HttpResponseBase:
    """Give the list as a file."""
    rows = [(one.kind, one.what, one.state, one.until, one.overdue) for one in _items(request)]
    return csv_file("was-wartet", HEADER, rows)
