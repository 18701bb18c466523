"""Writes of the objections: filing without an account, steps and answers by the staff."""

import datetime as dt
import secrets

from django.db import transaction

from allmende.accounts.rules import SystemActor
from allmende.accounts.services import Actor, record
from allmende.gate.door import Gate
from allmende.kernel.clock import CIVIL_TIME
from allmende.kernel.errors import Conflict, Invalid
from allmende.kernel.text import Text
from allmende.register.models import DataUse
from allmende.register.objections.models import Objection, Step
from allmende.register.objections.queries import digest, suspended_by
from allmende.register.objections.rules import (
    ABOUT_NOTHING,
    KEPT_AFTER_ANSWER,
    LIFTED,
    NOT_BY_THIS,
    SUSPENDED,
    number_of,
    require_open,
)
from allmende.register.sheets import move_data_use

PUBLIC = SystemActor("public")
# Signs that are not taken for each other when written by hand; twelve of them hold 59 random bits.
SIGNS, LENGTH = "abcdefghjkmnpqrstuvwxyz23456789", 12


@transaction.atomic
def file_objection(
    *, kind: str, about: str, words: str, reply_to: str, language: str, now: dt.datetime
) -> tuple[Objection, str]:
    """Keep a case; give it with its key, which is shown once and kept as a hash."""
    key = "".join(secrets.choice(SIGNS) for _ in range(LENGTH))
    one = Objection.objects.create(
        number=secrets.token_hex(8),
        key_digest=digest(key),
        kind=kind,
        about=about,
        words=words,
        reply_to=reply_to,
        language=language,
        received=now,
    )
    one.number = number_of(now.astimezone(CIVIL_TIME).year, one.pk)
    one.save(update_fields=["number"])
    Step.objects.create(objection=one, at=now, state="received")
    record(PUBLIC, "objections.filed", one, after={"kind": kind, "about": about})
    return one, key


@transaction.atomic
def take_up(actor: Actor, *, number: str, note_de: str, note_en: str, now: dt.datetime) -> None:
    """Say in public that a case is being checked."""
    one = _open(number)
    before, one.state = one.state, "checking"
    one.save(update_fields=["state"])
    Step.objects.create(objection=one, at=now, state="checking", note_de=note_de, note_en=note_en)
    record(actor, "objections.taken_up", one, before={"state": before}, after={"state": "checking", "note": note_de})


@transaction.atomic
def answer(actor: Actor, *, number: str, outcome: str, answer_de: str, answer_en: str, now: dt.datetime) -> None:
    """Answer a case in public; it cannot be taken back."""
    one = _open(number)
    before, one.state, one.outcome, one.answered = one.state, "answered", outcome, now
    one.answer_de, one.answer_en = answer_de, answer_en
    one.save()
    Step.objects.create(objection=one, at=now, state="answered")
    record(actor, "objections.answered", one, before={"state": before}, after={"outcome": outcome, "answer": answer_de})


@transaction.atomic
def suspend(actor: Actor, *, gate: Gate, number: str, reason: Text, now: dt.datetime) -> None:
    """Suspend the data use that a case is about, in every process within a second; the case says so in public."""
    one = Objection.objects.select_for_update().get(number=number)
    if not DataUse.objects.filter(slug=one.about).exists():
        raise Invalid(ABOUT_NOTHING, number=number)
    move_data_use(actor, gate=gate, slug=one.about, to="suspended", reason=reason, objection=number)
    _tell(one, SUSPENDED.filled(reason=reason), now)


@transaction.atomic
def lift(actor: Actor, *, gate: Gate, number: str, reason: Text, now: dt.datetime) -> None:
    """Let a data use go on that was suspended because of a case."""
    one = Objection.objects.select_for_update().get(number=number)
    if suspended_by(number) is None:
        raise Conflict(NOT_BY_THIS, number=number)
    move_data_use(actor, gate=gate, slug=one.about, to="active", reason=reason, objection=number)
    _tell(one, LIFTED.filled(reason=reason), now)


def _tell(one: Objection, note: Text, now: dt.datetime) -> None:
    Step.objects.create(objection=one, at=now, state=one.state, note_de=note.de, note_en=note.en)


@transaction.atomic
def forget_old(now: dt.datetime) -> int:
    """Erase the words and addresses of cases answered long ago; give how many."""
    old = Objection.objects.filter(answered__lt=now - KEPT_AFTER_ANSWER).exclude(words="", reply_to="")
    numbers = list(old.values_list("number", flat=True))
    if numbers:
        old.update(words="", reply_to="")
        record(SystemActor("system:retention"), "objections.forgotten", "objections", after={"numbers": numbers})
    return len(numbers)


def _open(number: str) -> Objection:
    one = Objection.objects.select_for_update().get(number=number)
    require_open(one.number, one.state)
    return one
