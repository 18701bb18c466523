"""Workshops: put up, registered for, taken up from minutes and cards, and people forgotten on the day named."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

import msgspec
from django.db import IntegrityError, transaction
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext

from allmende.accounts.rules import SystemActor
from allmende.accounts.services import Actor, record
from allmende.kernel.clock import CIVIL_TIME
from allmende.kernel.errors import Conflict, ErrorCode, NotFound
from allmende.kernel.text import Text
from allmende.participation import rules
from allmende.participation.heard_file import Card
from allmende.participation.models import AgendaItem, Contribution, Process, Registration, Workshop
from allmende.participation.services.agenda import require_fits
from allmende.participation.services.cards import forget_photos
from allmende.participation.services.contributions import PUBLIC, Draft, submit
from allmende.participation.services.journey import News, advance
from allmende.participation.services.notices import post

RETENTION = SystemActor("system:retention")
CLOSED = ErrorCode(
    "participation.registration_closed",
    Text("Für diese Werkstatt kann man sich nicht mehr anmelden.", "One cannot register for this workshop any more."),
    Text("Andere stehen auf der Seite des Verfahrens.", "Others stand on the page of the process."),
)
REGISTERED = ErrorCode(
    "participation.registered_already",
    Text("Diese Adresse ist schon angemeldet.", "This address is registered already."),
    Text("Zum Ändern melden Sie sich mit dem Link der Mail ab.", "To change it, cancel with the link in the mail."),
)
NO_REGISTRATION = ErrorCode(
    "participation.unknown_registration",
    Text("Diese Anmeldung gibt es nicht mehr.", "This registration exists no more."),
    Text("Sie wurde abgemeldet oder gelöscht.", "It was cancelled or deleted."),
)
NO_QUESTION = ErrorCode(
    "participation.unknown_question",
    Text("Diese Frage wurde hier nicht gestellt.", "This question was not asked here."),
    Text("Laden Sie die Seite neu.", "Load the page anew."),
)
ALOUD = Text("In der Werkstatt beantwortet; siehe Protokoll.", "Answered at the workshop; see the minutes.")


class Plan(msgspec.Struct, frozen=True):
    """When and where, for how many, what there is for whom, and when names and needs are deleted."""

    title: Text
    place: str
    begins: dt.datetime
    ends: dt.datetime
    places: int
    access: Text
    forget_on: dt.date


class Wish(msgspec.Struct, frozen=True):
    """Who wants to come, and what they need."""

    name: str
    email: str
    needs: str
    language: str


def _columns(plan: Plan) -> dict[str, Any]:
    texts = {"title_de": plan.title.de, "title_en": plan.title.en}
    texts |= {"access_de": plan.access.de, "access_en": plan.access.en}
    return texts | {name: getattr(plan, name) for name in ("place", "begins", "ends", "places", "forget_on")}


@transaction.atomic
def put_up(actor: Actor, process: Process, plan: Plan) -> Workshop:
    """Add a workshop."""
    one = Workshop.objects.create(process=process, **_columns(plan))
    record(actor, "participation.workshop_put_up", process, after={"title": one.title_de, "places": one.places})
    return one


@transaction.atomic
def change(actor: Actor, workshop: Workshop, plan: Plan, now: dt.datetime) -> Workshop:
    """Change a workshop, with which its agenda moves.

    Who registered hears of another time or place, and who waits gets the places that are new.
    """
    one = _locked(workshop.pk)
    require_fits(one, int((plan.ends - plan.begins).total_seconds() // 60))
    before = {"title": one.title_de, "place": one.place, "begins": one.begins.isoformat(), "places": one.places}
    moved = (one.begins, one.ends, one.place) != (plan.begins, plan.ends, plan.place)
    for name, value in _columns(plan).items():
        setattr(one, name, value)
    one.save()
    for registered in one.registrations.all() if moved else ():
        _tell_moved(one, registered, now)
    _promote_waiting(one, now)
    after = {"title": one.title_de, "place": one.place, "begins": one.begins.isoformat(), "places": one.places}
    record(actor, "participation.workshop_changed", one.process, before=before, after=after)
    return one


def _tell_moved(one: Workshop, registered: Registration, now: dt.datetime) -> None:
    with translation.override(registered.language):
        title = one.title.within(registered.language)
        body = gettext("Die Werkstatt findet jetzt so statt: %(title)s, %(when)s, %(place)s") % {
            "title": title,
            "when": date_format(one.begins.astimezone(CIVIL_TIME), "DATETIME_FORMAT"),
            "place": one.place,
        }
        post(registered.email, gettext("Zeit oder Ort geändert: %(title)s") % {"title": title}, body, now)


def _locked(number: int) -> Workshop:
    found = Workshop.objects.select_for_update(of=("self",)).select_related("process").filter(pk=number).first()
    if found is None:
        raise NotFound(NO_REGISTRATION)
    return found


def _free(one: Workshop) -> int:
    return max(0, one.places - one.registrations.filter(state="placed").count())


@transaction.atomic
def register(number: int, wish: Wish, now: dt.datetime) -> tuple[Registration, str]:
    """Give a place, or one on the waiting list; and the key with which it is given back."""
    one = _locked(number)
    if not one.open(now):
        raise Conflict(CLOSED)
    key = rules.new_secret()
    try:
        with transaction.atomic():
            found = Registration.objects.create(
                workshop=one,
                name=wish.name,
                email=wish.email.lower(),
                needs=wish.needs,
                language=wish.language,
                state="placed" if _free(one) else "waiting",
                digest=rules.digest(key),
            )
    except IntegrityError as error:
        raise Conflict(REGISTERED) from error
    record(PUBLIC, "participation.registered", one.process, after={"workshop": one.pk, "state": found.state})
    return found, key


@transaction.atomic
def cancel(number: int, key: str, now: dt.datetime, *, promotes: bool = True) -> None:
    """Give a place back; those who wait get what is free in their order, and a mail, where that is allowed now."""
    one = _locked(number)
    found = one.registrations.filter(digest=rules.digest(rules.plain_code(key))).first()
    if found is None:
        raise NotFound(NO_REGISTRATION)
    give_back(found, now, promotes=promotes)


@transaction.atomic
def give_back(found: Registration, now: dt.datetime, *, promotes: bool) -> None:
    """Delete a registration, and let those who wait move up."""
    one = _locked(found.workshop_id)
    found.delete()
    record(PUBLIC, "participation.registration_cancelled", one.process, after={"workshop": one.pk})
    if promotes:
        _promote_waiting(one, now)


def _promote_waiting(one: Workshop, now: dt.datetime) -> None:
    for waiting in one.registrations.filter(state="waiting")[: _free(one)]:
        _promote(one, waiting, now)


def _promote(one: Workshop, waiting: Registration, now: dt.datetime) -> None:
    waiting.state = "placed"
    waiting.save(update_fields=["state"])
    with translation.override(waiting.language):
        title = one.title.within(waiting.language)
        body = gettext("Ein Platz ist frei geworden: Sie haben jetzt einen. %(title)s, %(place)s") % {
            "title": title,
            "place": one.place,
        }
        post(waiting.email, gettext("Sie haben einen Platz: %(title)s") % {"title": title}, body, now)


@transaction.atomic
def take_up(
    actor: Actor,
    process: Process,
    cards: Sequence[Card],
    *,
    channel: str,
    workshop: Workshop | None,
    now: dt.datetime,
    item: AgendaItem | None = None,
) -> list[Contribution]:
    """Make contributions of what was written down, all or none; each goes its way like one from online."""
    made = []
    for card in cards:
        kind = process.form.kind or "idea"
        draft = Draft(
            kind=kind,
            title=card.title,
            body=card.body,
            category=card.topic,
            point=card.point,
            shape=card.shape,
            channel=channel,
            workshop=workshop,
            item=item,
        )
        made.append(submit(actor, process, draft, proven=True, confirmed=True, now=now).contribution)
    return made


@transaction.atomic
def answer_aloud(actor: Actor, workshop: Workshop, number: str, now: dt.datetime) -> None:
    """Tell that a question was answered there, for all to hear; what was said goes into the minutes."""
    if not workshop.heard.filter(contribution__number=number, contribution__kind="question").exists():
        raise NotFound(NO_QUESTION)
    advance(actor, number=number, news=News(state="answered", outcome="spoken", note=ALOUD), now=now)


@transaction.atomic
def count_people(actor: Actor, workshop: Workshop, came: int) -> None:
    """Keep how many came."""
    workshop.came = came
    workshop.save(update_fields=["came"])
    record(actor, "participation.workshop_counted", workshop.process, after={"workshop": workshop.pk, "came": came})


def forget_registrations(now: dt.datetime) -> int:
    """Delete names, addresses, needs and photos of cards of the workshops whose day has come; give how many."""
    due = Workshop.objects.filter(forgotten__isnull=True, forget_on__lte=now.date()).select_related("process")
    return sum(_forget(one, now) for one in due)


@transaction.atomic
def _forget(one: Workshop, now: dt.datetime) -> int:
    count, _ = one.registrations.all().delete()
    one.forgotten = now
    one.forgot = {"registrations": count, "card_photos": forget_photos(one.card_photos.all())}
    one.save(update_fields=["forgotten", "forgot"])
    record(
        RETENTION,
        "participation.registrations_deleted",
        one.process,
        after={"workshop": one.pk, "count": count, **one.forgot},
    )
    return sum(one.forgot.values())
