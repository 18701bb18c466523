"""Draw-downs with their statement of expenditure, payments, and proofs of use."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.db.models import Count, QuerySet, Sum
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import get_language, gettext, override
from django.utils.translation import gettext_lazy as _

from allmende.accounts.models import Person
from allmende.accounts.queries import history_of
from allmende.catalog.door import gate
from allmende.gate.ledger import Ledger
from allmende.kernel.clock import today
from allmende.kernel.errors import AllmendeError
from allmende.kernel.money import Money
from allmende.money import queries, waiting
from allmende.money.models import Award, Booking, DrawDown, PreparedDrawDown, Proof
from allmende.money.models.claims import DRAFT, PREPARED
from allmende.money.services import claims, proofs
from allmende.portal.files import csv_stream
from allmende.portal.office.amounts import typed
from allmende.portal.office.frame import page, tell, told
from allmende.portal.office.money.bookings import context_of
from allmende.portal.office.money.forms import DrawForm, PaymentForm, ProofForm, ReasonForm, month_end
from allmende.portal.office.permissions import person_of, reads
from allmende.portal.office.trail import written


@reads("grants")
def draw_downs(request: HttpRequest) -> HttpResponseBase:
    """List the draw-downs, and propose the next one: shown, prepared by one person, released by another."""
    latest = queries.awards_on(today())
    first = {"until": month_end(today()), "award": latest[-1].award if latest else None}
    form = DrawForm(request.POST or request.GET or None, initial=first)
    proposal = None
    if form.is_bound and form.is_valid():
        award, until = form.cleaned_data["award"], form.cleaned_data["until"]
        try:
            if request.method == "POST":
                row = claims.prepare(person_of(request), award=award.pk, until=until)
                messages.success(request, gettext("Der Mittelabruf ist vorbereitet und wartet auf die zweite Person."))
                return redirect("office:money-prepared", row.pk)
            proposal = claims.propose(award, until)
        except AllmendeError as error:
            form.add_error(None, told(error))
    rows = queries.draw_downs(today())
    return page(
        request,
        "money/draw_downs",
        _("Mittelabrufe"),
        icon="download",
        form=form,
        proposal=proposal,
        rows=rows,
        prepared=waiting.prepared_draw_downs(),
        **context_of(request),
    )


def _deed(request: HttpRequest, number: int) -> HttpResponseBase:
    """Release or withdraw a prepared draw-down."""
    actor, back = person_of(request), redirect("office:money-prepared", number)
    try:
        if request.POST.get("deed") == "withdraw":
            claims.withdraw(actor, prepared=number, reason=request.POST.get("reason", ""))
            messages.success(request, gettext("Zurückgezogen; die Buchungen warten auf den nächsten Abruf."))
            return back
        made = claims.release(actor, prepared=number)
    except AllmendeError as error:
        tell(request, error)
        return back
    messages.success(request, gettext("Freigegeben."))
    return redirect("office:money-draw-down", made.pk)


def _by_type(rows: QuerySet[Booking]) -> list[tuple[Any, Money, int]]:
    kinds = {kind.pk: kind.title for kind in queries.cost_types()}
    sums = rows.order_by("cost_type__position").values_list("cost_type").annotate(Sum("eligible_cents"), Count("pk"))
    return [(kinds[kind], Money(cents), count) for kind, cents, count in sums]


@reads("grants")
def prepared(request: HttpRequest, number: int) -> HttpResponseBase:
    """Show what a prepared draw-down would claim; a second person releases it."""
    row = get_object_or_404(PreparedDrawDown.objects.select_related("award", "made_by", "draw_down"), pk=number)
    if request.method == "POST":
        return _deed(request, number)
    return page(
        request,
        "money/prepared",
        str(row),
        icon="download",
        row=row,
        waits=row.state == PREPARED,
        second=row.made_by_id != person_of(request).pk,
        kinds=_by_type(waiting.bookings_of(row)),
        projects=waiting.eligible_by_project(row),
        count=row.lines.count(),
        reason_form=ReasonForm(),
        entries=[written(entry) for entry in history_of(row)[:20]],
        **{**context_of(request), "back": (reverse("office:money-draw-downs"), _("Mittelabrufe"))},
    )


@reads("grants")
def draw_down(request: HttpRequest, number: int) -> HttpResponseBase:
    """Show a draw-down with its statement of expenditure; enter the payment."""
    row = get_object_or_404(queries.draw_downs(today()), pk=number)
    entered = row.payment
    first = {
        "cents": typed(entered.cents if entered else row.federal_cents),
        "day": entered.day if entered else today(),
    }
    form = PaymentForm(request.POST or None, initial=first, corrects=entered is not None)
    if request.method == "POST" and form.is_valid():
        try:
            claims.enter_payment(person_of(request), draw_down=row.pk, **form.cleaned_data)
        except AllmendeError as error:
            form.add_error(None, told(error))
        else:
            messages.success(request, gettext("Die Auszahlung ist eingetragen."))
            return redirect("office:money-draw-down", number)
    return page(
        request,
        "money/draw_down",
        str(row),
        icon="download",
        row=row,
        payment=entered,
        shares=row.shares.select_related("project").order_by("project__position"),
        kinds=_by_type(Booking.objects.filter(line__draw_down=row)),
        form=form,
        entries=[written(entry) for entry in history_of(row)[:20]],
        **{**context_of(request), "back": (reverse("office:money-draw-downs"), _("Mittelabrufe"))},
    )


@reads("grants")
def draw_down_csv(_request: HttpRequest, number: int) -> HttpResponseBase:
    """Give the statement of expenditure, invoice by invoice."""
    row = get_object_or_404(DrawDown, pk=number)
    return _receipts(f"belegliste-{row.number}", queries.bookings().filter(line__draw_down=row))


@reads("grants")
def prepared_csv(_request: HttpRequest, number: int) -> HttpResponseBase:
    """Give the statement of expenditure that waits, invoice by invoice."""
    row = get_object_or_404(PreparedDrawDown, pk=number)
    return _receipts(f"belegliste-vorbereitet-{row.pk}", waiting.bookings_of(row))


def _receipts(name: str, found: QuerySet[Booking]) -> HttpResponseBase:
    rows = (
        (
            *(one.invoice.number, one.invoice.supplier, one.invoice.day, one.paid, one.project.slug),
            *(one.cost_type.slug, one.cents, one.eligible_cents, one.reason),
        )
        for one in found.order_by("invoice__day", "pk").iterator(2000)
    )
    header = ("invoice", "supplier", "day", "paid", "project", "cost_type", "cents", "eligible_cents", "reason")
    return csv_stream(name, header, rows)


@reads("grants")
def proofs_page(request: HttpRequest) -> HttpResponseBase:
    """List the proofs of use, and make a new one, telling how far it is."""
    first = {"day": month_end(today())}
    form = ProofForm(request.POST or None, initial=first)
    if request.method == "POST" and form.is_valid():
        award, day = form.cleaned_data["award"], form.cleaned_data["day"]
        steps = _telling(person_of(request), award, day, get_language() or "de")
        return StreamingHttpResponse(steps, content_type="text/html; charset=utf-8")
    rows = Proof.objects.select_related("award", "made_by", "approved_by").defer("content")
    return page(
        request, "money/proofs", _("Verwendungsnachweise"), icon="doc-full", form=form, rows=rows, **context_of(request)
    )


def _telling(actor: Person, award: Award, day: dt.date, language: str) -> Iterator[str]:
    """Write a page that grows while the proof is made; no script is needed to see how far it is."""
    with override(language):
        title = gettext("Der Verwendungsnachweis entsteht")
        yield format_html('<!doctype html><html lang="{}"><title>{}</title><h1>{}</h1><ul>', language, title, title)
        steps = proofs.proof_steps(actor, award=award, day=day)
        address = reverse("office:money-proofs")
        try:
            while True:
                yield format_html("<li>{} %</li>\n", next(steps))
        except StopIteration as end:
            address, words = reverse("office:money-proof", args=[end.value.pk]), gettext("Fertig: ansehen")
            yield format_html('</ul><meta http-equiv="refresh" content="0;url={}">', address)
        except AllmendeError as error:
            words = told(error)
        yield format_html('<p><a href="{}">{}</a></p></html>', address, words)


@reads("grants")
def proof(request: HttpRequest, number: int) -> HttpResponseBase:
    """Show a proof with the figures that the funder's form asks for; a second person approves it."""
    row = get_object_or_404(Proof.objects.select_related("award", "made_by", "approved_by"), pk=number)
    if request.method == "POST":
        try:
            proofs.approve_proof(person_of(request), proof=row.pk, ledger=Ledger(gate()))
        except AllmendeError as error:
            tell(request, error)
        else:
            messages.success(request, gettext("Freigegeben."))
        return redirect("office:money-proof", number)
    return page(
        request,
        "money/proof",
        str(row),
        icon="doc-full",
        row=row,
        is_draft=row.state == DRAFT,
        second=row.made_by_id != person_of(request).pk,
        entries=[written(entry) for entry in history_of(row)[:20]],
        **{**context_of(request), "back": (reverse("office:money-proofs"), _("Verwendungsnachweise"))},
        **_figures(proofs.read(row)),
    )


def _figures(content: dict[str, Any]) -> dict[str, Any]:
    """Give the parts of a proof as the page shows them."""
    names = content["names"]

    def rows(part: str, kind: str) -> list[tuple[str, list[Money]]]:
        return [
            (names[kind].get(key, ["", key])[1], [Money(cents) for cents in values])
            for key, values in sorted(content[part].items(), key=lambda item: int(item[0]))
        ]

    return {
        "award": content["award"],
        "totals": {name: Money(value) for name, value in content["totals"].items() if name != "bookings"},
        "count": content["totals"]["bookings"],
        "ceiling": Money(content["award"]["ceiling_cents"]),
        "expenditure": rows("expenditure", "cost_type"),
        "financing": rows("financing", "source"),
        "by_project": rows("projects", "project"),
        "draw_downs": [(one[0], one[1], Money(one[3]), Money(one[4])) for one in content["draw_downs"]],
        "payments": [(one[0], one[1], Money(one[2])) for one in content["payments"]],
    }


@reads("grants")
def proof_json(_request: HttpRequest, number: int) -> HttpResponseBase:
    """Give a proof byte for byte as it was frozen."""
    row = get_object_or_404(Proof, pk=number)
    response = HttpResponse(proofs.bytes_of(row), content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="verwendungsnachweis-{row.day}.json"'
    response["X-Content-SHA256"] = row.digest
    return response
