"""What waits in the money, and the deadlines that follow from the awards."""

import datetime as dt
from typing import Any

import msgspec
from django.core.paginator import Paginator
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import get_language, gettext, ngettext
from django.utils.translation import gettext_lazy as _

from allmende.accounts.rules import may_read
from allmende.kernel.clock import CIVIL_TIME, today
from allmende.kernel.money import Money
from allmende.money import queries
from allmende.money.afterwards import afterwards
from allmende.money.contracts import running
from allmende.money.interest import Paid, interest
from allmende.money.models import PreparedDrawDown, Proof
from allmende.money.models.claims import DRAFT
from allmende.money.waiting import prepared_draw_downs
from allmende.portal.files import csv_file
from allmende.portal.office.frame import page
from allmende.portal.office.permissions import person_of, reads, roles_of
from allmende.programme.rules import months_later

SOON, MOST_TASKS, PAGE = 180, 20, 50
# An invoice that is on no position after so many days is late.
PATIENCE = dt.timedelta(days=30)
# So long a second person may take.
A_WEEK = dt.timedelta(days=7)


class Deadline(msgspec.Struct, frozen=True):
    """A day by which something is due."""

    day: dt.date
    what: str
    about: str

    @property
    def left(self) -> int:
        """Give the days until then; below zero it is over."""
        return (self.day - today()).days


def deadlines() -> list[Deadline]:
    """Give what the awards and contracts ask for, the earliest first."""
    language, found = get_language() or "de", []
    for view in queries.awards_on(today()):
        title = view.award.title.within(language)
        done = Proof.objects.filter(award=view.award).exclude(state=DRAFT).exists()
        if view.terms.end >= today():
            found.append(Deadline(view.terms.end, gettext("Bewilligungszeitraum endet"), title))
        if not done:
            found.append(Deadline(view.proof_due, gettext("Verwendungsnachweis und letzter Abruf fällig"), title))
    ends = gettext("Vertrag endet")
    found += [Deadline(one.until, ends, str(one)) for one in running(today()) if one.until]
    return sorted(found, key=lambda one: (one.day, one.about))


def tasks() -> list[tuple[str, str, dt.date, str]]:
    """Give what is to be done about money: kind, what, the day that matters, and where it is done."""
    deadline, place = gettext("Frist"), reverse("office:money-deadlines")
    found = [(deadline, f"{one.what}: {one.about}", one.day, place) for one in deadlines() if one.left <= SOON]
    for row in queries.unallocated()[:MOST_TASKS]:
        url = reverse("office:money-invoice", args=[row.invoice_id])
        found.append((gettext("Offene Rechnung"), str(row.invoice), row.invoice.day + PATIENCE, url))
    found += [
        (gettext("Mittelabruf freigeben"), str(row), day_of(row.made_at) + A_WEEK, _prepared(row))
        for row in prepared_draw_downs()
    ]
    found += [
        (gettext("Verwendungsnachweis freigeben"), str(row), day_of(row.made_at) + A_WEEK, _proof(row))
        for row in Proof.objects.filter(state=DRAFT).select_related("award").defer("content")
    ]
    return found + _afterwards()


def _afterwards() -> list[tuple[str, str, dt.date, str]]:
    """Ask for running costs and who carries them, a year before the last award ends."""
    ends = [view.terms.end for view in queries.awards_on(today())]
    waiting = [one for one in afterwards(today(), queries.overview(today())) if not one.settled]
    if not ends or not waiting:
        return []
    said = ngettext("%(n)s Projekt ohne Betrag oder Träger", "%(n)s Projekte ohne Betrag oder Träger", len(waiting))
    due = months_later(max(ends), -12)
    return [(gettext("Folgekosten klären"), said % {"n": len(waiting)}, due, reverse("folgekosten:index"))]


def day_of(moment: dt.datetime) -> dt.date:
    """Give the day of an instant in Germany's civil time."""
    return moment.astimezone(CIVIL_TIME).date()


def _proof(row: Proof) -> str:
    return reverse("office:money-proof", args=[row.pk])


def _prepared(row: PreparedDrawDown) -> str:
    return reverse("office:money-prepared", args=[row.pk])


class Risk(msgspec.Struct, frozen=True):
    """What a full claw-back of an award would cost with interest."""

    award: Any
    received: Money
    interest: Money


def risks(until: dt.date) -> list[Risk]:
    """Give received money and interest up to a day, award by award."""
    rates, found = queries.base_rates(), []
    rows = list(queries.payments(today()))
    for view in queries.awards_on(today()):
        paid = [Paid(row.day, row.cents) for row in rows if row.draw_down.award_id == view.award.pk]
        total = Money(sum(one.cents for one in paid))
        found.append(Risk(view.award, total, Money(interest(paid, until, rates))))
    return found


@reads("money")
def overview(request: HttpRequest) -> HttpResponseBase:
    """Show what waits, and the way to everything else; a project lead sees their own projects."""
    whole = may_read(roles_of(request.user), "grants")
    found = queries.overview(today())
    lines = found.lines
    values: dict[str, Any] = {}
    if whole:
        values = {
            "open_count": queries.unallocated().count(),
            "unpaid_count": queries.bookings(unpaid=True).count(),
            "drafts": queries.draft_plans(),
            "waiting_proofs": Proof.objects.filter(state=DRAFT).select_related("award").defer("content"),
            "deadlines": [one for one in deadlines() if one.left <= SOON][:8],
            "prepared": prepared_draw_downs(),
            "unpaid": [row for row in queries.draw_downs(today()) if row.payment is None],
        }
    else:
        own = set(person_of(request).projects.values_list("pk", flat=True))
        lines = tuple(line for line in lines if line.project and line.project.pk in own)
    sheet = Paginator(lines, PAGE).get_page(request.GET.get("seite"))
    return page(request, "money/overview", _("Geld"), icon="tablet-alt", whole=whole, sheet=sheet, **values)


@reads("grants")
def deadlines_page(request: HttpRequest) -> HttpResponseBase:
    """Show all deadlines and the risk of interest."""
    text = request.GET.get("bis", "")
    try:
        until = dt.date.fromisoformat(text) if text else today()
    except ValueError:
        until = today()
    return page(
        request,
        "money/deadlines",
        _("Fristen und Zinsrisiko"),
        icon="time",
        sheet=Paginator(deadlines(), PAGE).get_page(request.GET.get("seite")),
        query=f"bis={until.isoformat()}",
        risks=risks(until),
        until=until,
        rates=queries.base_rates(),
        known_until=queries.rates_known_until(),
        carried=until > queries.rates_known_until(),
    )


@reads("grants")
def deadlines_csv(_request: HttpRequest) -> HttpResponseBase:
    """Give the deadlines as a file."""
    return csv_file("fristen", ("day", "what", "about"), [(one.day, one.what, one.about) for one in deadlines()])
