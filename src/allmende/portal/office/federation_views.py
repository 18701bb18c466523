"""Other cities in the staff room: show ourselves or not, take a city in, decide about one in quarantine."""

from collections.abc import Callable

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from allmende.accounts.models import Person
from allmende.accounts.rules import may_write
from allmende.catalog.door import gate
from allmende.federation import offering, queries, services, updating
from allmende.federation.models import Peer
from allmende.federation.rules import fingerprint
from allmende.gate.ledger import Ledger
from allmende.kernel.clock import utc_now
from allmende.kernel.errors import AllmendeError
from allmende.packs.read import read_city
from allmende.portal.files import csv_file
from allmende.portal.office.federation_forms import AddForm, AddressForm, KeyForm, ReasonForm
from allmende.portal.office.frame import page, tell, told
from allmende.portal.office.permissions import person_of, reads, roles_of

CSV = [
    *("city", "address", "state", "cause", "as_of", "last_reached", "last_tried", "next", "failures", "reason"),
    *("key", "fingerprint", "witness", "log_entries"),
]


def _house() -> updating.House:
    """Give what following needs; this process has no key of the witness, and co-signs nothing."""
    own = settings.ALLMENDE
    return updating.House(own.source_hosts, own.public_url, read_city(own.pack).ags, Ledger(gate()))


@reads("programme")
def cities(request: HttpRequest) -> HttpResponseBase:
    """List the cities, switch our own offer, and find out who answers at an address."""
    sent = request.POST if request.method == "POST" else None
    deed = sent.get("deed", "") if sent is not None else ""
    if deed in ("offer", "withdraw"):
        offering.switch(person_of(request), on=deed == "offer")
        messages.success(request, gettext("Gespeichert. Der Arbeitsprozess unterschreibt in der nächsten Minute."))
        return redirect("office:cities")
    asked = AddressForm(sent if deed == "ask" else None)
    adding = AddForm(sent) if deed == "add" else None
    if adding is not None and adding.is_valid() and (made := _added(request, adding)) is not None:
        return redirect("office:city", made.pk)
    found = _introduced(asked) if deed == "ask" and asked.is_valid() else None
    return page(
        request,
        "cities",
        _("Städte im Verbund"),
        icon="site",
        rows=queries.peers(),
        offered=offering.is_offered(),
        own_key=_own_key(),
        asked=asked,
        found=found,
        adding=AddForm(initial={"url": found[0], "key": found[2]}) if found else adding,
        may_change=may_write(roles_of(request.user), "programme"),
    )


def _own_key() -> tuple[str, str] | None:
    """Give our key and its fingerprint, which others compare; None as long as our log has not begun."""
    try:
        key = Ledger(gate()).key()
    except AllmendeError:
        return None
    return str(key), fingerprint(key)


def _introduced(form: AddressForm) -> tuple[str, str, str, str] | None:
    """Ask who answers: address, city, key, fingerprint; an error stands beside the field."""
    try:
        base = services.address_of(form.cleaned_data["url"])
        found = updating.introduce(_house(), base)
    except AllmendeError as error:
        form.add_error("url", told(error))
        return None
    return base, found.document.city.name, str(found.key), fingerprint(found.key)


def _added(request: HttpRequest, form: AddForm) -> Peer | None:
    values = form.cleaned_data
    try:
        row = services.add(
            person_of(request), house=_house(), url=values["url"], key=values["key"], witness=values["witness"]
        )
    except AllmendeError as error:
        form.add_error(None, told(error))
        return None
    messages.success(request, gettext("Aufgenommen: %(city)s") % {"city": row.city})
    return row


def _update(_actor: Person, row: Peer, _word: str) -> None:
    updating.update(_house(), row.pk, utc_now())


DEEDS: dict[str, Callable[[Person, Peer, str], object]] = {
    "update": _update,
    "pause": lambda actor, row, _: services.set_paused(actor, number=row.pk, paused=True),
    "resume": lambda actor, row, _: services.set_paused(actor, number=row.pk, paused=False),
    "witness": lambda actor, row, _: services.set_witness(actor, number=row.pk, witness=True),
    "no-witness": lambda actor, row, _: services.set_witness(actor, number=row.pk, witness=False),
    "remove": lambda actor, row, _: services.remove(actor, number=row.pk),
    "confirm-key": lambda actor, row, key: services.confirm_key(actor, number=row.pk, key=key),
    "accept-log": lambda actor, row, why: services.accept_log(actor, number=row.pk, note=why),
}


@reads("programme")
def city(request: HttpRequest, number: int) -> HttpResponseBase:
    """Show one city with its keys, its last attempt and its log, and decide about it."""
    row = queries.peer_of(number)
    if row is None:
        raise Http404
    sent = request.POST if request.method == "POST" else None
    deed = sent.get("deed", "") if sent is not None else ""
    confirming = KeyForm(sent if deed == "confirm-key" else None, initial={"key": row.offered_key})
    reason = ReasonForm(sent if deed == "accept-log" else None)
    word = _word(deed, confirming, reason)
    if deed in DEEDS and word is not None:
        return _done(request, row, deed, word)
    return page(
        request,
        "city",
        row.city,
        icon="site",
        row=row,
        said=row.told,
        confirming=confirming,
        reason=reason,
        may_change=may_write(roles_of(request.user), "programme"),
        back=(reverse("office:cities"), _("Städte im Verbund")),
    )


def _word(deed: str, confirming: KeyForm, reason: ReasonForm) -> str | None:
    """Give the key or the reason that a deed needs; None where the form is not filled in."""
    if deed == "confirm-key":
        return str(confirming.cleaned_data["key"]) if confirming.is_valid() else None
    if deed == "accept-log":
        return str(reason.cleaned_data["reason"]) if reason.is_valid() else None
    return ""


def _done(request: HttpRequest, row: Peer, deed: str, word: str) -> HttpResponseBase:
    try:
        DEEDS[deed](person_of(request), row, word)
    except AllmendeError as error:
        tell(request, error)
        return redirect("office:city", row.pk)
    now = queries.peer_of(row.pk)
    if now is None:
        messages.success(request, gettext("Entfernt: %(city)s") % {"city": row.city})
        return redirect("office:cities")
    if deed == "update" and now.error is not None:
        messages.error(request, gettext("Nicht übernommen. Der Grund steht unten."))
    else:
        messages.success(request, gettext("Gespeichert."))
    return redirect("office:city", row.pk)


@reads("programme")
def cities_csv(_request: HttpRequest) -> HttpResponseBase:
    """Give the list as CSV."""
    rows = [
        (
            *(row.city, row.url, row.state, row.cause or None, row.issued.isoformat(), row.reached_at.isoformat()),
            *(row.tried_at.isoformat(), row.due_at.isoformat(), row.failures, row.error.de if row.error else None),
            *(row.key, row.fingerprint, row.witness, row.log_size),
        )
        for row in queries.peers()
    ]
    return csv_file("verbund", CSV, rows)
