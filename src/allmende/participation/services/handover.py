"""Handing a defect over to the service desk that mends it: Open311 GeoReport v2, through an outbox."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import httpx
import msgspec
import structlog
from django.db import transaction

from allmende.accounts.rules import SystemActor
from allmende.accounts.services import Actor, record
from allmende.gate.door import Gate
from allmende.kernel.errors import AllmendeError, Conflict, ErrorCode, Invalid
from allmende.kernel.text import Text
from allmende.participation import permission
from allmende.participation.models import Contribution, Handover
from allmende.participation.services.journey import News, advance, locked

ACTOR = SystemActor("system:participation")
MOST_ATTEMPTS = 10
LATER = dt.timedelta(minutes=10)
log = structlog.get_logger("allmende.participation")

NO_DESK = ErrorCode(
    "participation.no_desk",
    Text("Ein Mängelmelder ist nicht angeschlossen.", "No service desk is connected."),
    Text("Nennen Sie ihn in ALLMENDE_OPEN311_URL.", "Name it in ALLMENDE_OPEN311_URL."),
)
NOT_HANDED = ErrorCode(
    "participation.not_handed_over",
    Text("{number} lässt sich nicht übergeben: {why}.", "{number} cannot be handed over: {why}."),
    Text(
        "Übergeben wird einmal, was sichtbar ist, einen Ort hat und noch in keinem Projekt steht.",
        "Handed over is, once, what is shown, has a place, and is in no project yet.",
    ),
)
WHYS = {
    "hidden": Text("nicht sichtbar", "not shown"),
    "place": Text("ohne Ort", "without a place"),
    "twice": Text("schon übergeben", "handed over already"),
    "project": Text("schon in einem Projekt", "in a project already"),
}
UNREADABLE = ErrorCode(
    "participation.desk_unreadable",
    Text("Die Antwort des Mängelmelders ist nicht zu lesen.", "The service desk's reply cannot be read."),
    Text("Prüfen Sie ALLMENDE_OPEN311_URL.", "Check ALLMENDE_OPEN311_URL."),
)
REPORTED = Text(
    "An den Mängelmelder der Stadt übergeben; Vorgang {number}.",
    "Handed over to the city's service desk; case {number}.",
)


class Desk(msgspec.Struct, frozen=True, kw_only=True):
    """Where defects go: the address of the GeoReport service, how it names the city and the kind, what it asks for."""

    url: str = ""
    service: str = ""
    jurisdiction: str = ""
    key: str = ""


Link = Callable[[str], str]
# Asks a host by a method at an address, with ``params`` or the ``data`` of a form; gives what it says.
Send = Callable[..., bytes]


def desk_of(settings: Any) -> Desk:
    """Read the settings of the program."""
    return Desk(
        url=settings.open311_url,
        service=settings.open311_service,
        jurisdiction=settings.open311_jurisdiction,
        key=settings.open311_key,
    )


@transaction.atomic
def hand_over(actor: Actor, *, number: str, desk: Desk, now: dt.datetime) -> Handover:
    """Leave word that a contribution is a defect for the service desk; the work process takes it there."""
    if not desk.url:
        raise Invalid(NO_DESK)
    one = locked(number)
    whys = {
        "hidden": one.visibility != "shown",
        "place": one.longitude is None or one.latitude is None,
        "twice": Handover.objects.filter(contribution=one).exists(),
        "project": one.state in ("linked", "underway", "done"),
    }
    why = next((name for name, holds in whys.items() if holds), None)
    if why is not None:
        raise Conflict(NOT_HANDED, number=number, why=WHYS[why])
    found = Handover.objects.create(contribution=one, asked=now, due=now)
    record(actor, "participation.handed_over", one, after={"desk": desk.url})
    return found


def send_handovers(now: dt.datetime, *, gate: Gate, desk: Desk, link: Link, send: Send) -> int:
    """Take what is due to the service desk; give how many got the number of a case. What fails is tried again."""
    if not desk.url:
        return 0
    done = 0
    rows = Handover.objects.filter(due__lte=now).select_related("contribution__process").order_by("pk")
    for one in rows[:100]:
        try:
            permission.pass_on(gate, one.contribution.process.purpose_slug, permission.CONTRIBUTIONS)
            case, token = read_reply(_asked(one, desk, link, send))
        except (httpx.HTTPError, AllmendeError) as error:
            _failed(one, str(error) or type(error).__name__, now)
            continue
        if case:
            _told(one, case, now)
            done += 1
        else:
            one.token, one.due = token, now + LATER
            one.save(update_fields=["token", "due"])
    return done


def _failed(one: Handover, error: str, now: dt.datetime) -> None:
    one.attempts += 1
    one.error = error[:300]
    one.due = None if one.attempts >= MOST_ATTEMPTS else now + dt.timedelta(minutes=2**one.attempts)
    one.save(update_fields=["attempts", "error", "due"])
    log.warning("a defect was not handed over", contribution=one.contribution.number, error=one.error)


def _asked(one: Handover, desk: Desk, link: Link, send: Send) -> bytes:
    """Post a case, or ask what became of it where the desk only gave a token for it."""
    city = {"jurisdiction_id": desk.jurisdiction} if desk.jurisdiction else {}
    base = desk.url.rstrip("/")
    if one.token:
        return send("GET", f"{base}/tokens/{one.token}.json", params=city)
    return send("POST", f"{base}/requests.json", data={**city, **_fields(one.contribution, desk, link)})


def _fields(thing: Contribution, desk: Desk, link: Link) -> dict[str, str]:
    """Give what the desk gets: what and where, and the public address; neither name nor address of anybody."""
    words = "\n\n".join(part for part in (thing.title, thing.body, link(thing.number)) if part)
    fields = {
        "service_code": desk.service,
        "lat": str(thing.latitude),
        "long": str(thing.longitude),
        "address_string": thing.place,
        "description": words[:4_000],
        "api_key": desk.key,
    }
    return {name: value for name, value in fields.items() if value}


def read_reply(body: bytes) -> tuple[str, str]:
    """Read the number of the case, or the token with which to ask for it later."""
    try:
        found = msgspec.json.decode(body)
        row = found[0]
        case, token = str(row.get("service_request_id") or ""), str(row.get("token") or "")
    except (msgspec.DecodeError, LookupError, TypeError, AttributeError) as error:
        raise Invalid(UNREADABLE) from error
    if not case and not token.isalnum():
        raise Invalid(UNREADABLE)
    return case[:100], token[:100]


@transaction.atomic
def _told(one: Handover, case: str, now: dt.datetime) -> None:
    """Keep the number, and tell it in the journey as the answer: another body is responsible."""
    one.case, one.due, one.error = case, None, ""
    one.save(update_fields=["case", "due", "error"])
    news = News(state="answered", outcome="elsewhere", note=REPORTED.filled(number=case))
    advance(ACTOR, number=one.contribution.number, news=news, now=now)
