"""A weekly mail with what is late or due soon, to the office and to project leads, unless they do not want it."""

import datetime as dt
from collections.abc import Callable
from smtplib import SMTPException

import structlog
from django.core.mail import EmailMessage
from django.db import transaction
from django.utils.translation import override

from allmende.accounts.models import Person
from allmende.accounts.services import record
from allmende.programme.models import Reminding

log = structlog.get_logger("allmende.programme")
RHYTHM = dt.timedelta(days=7)
READERS = ("office", "lead")
MOST_LINES = 40
# Gives a person's lines of a day in the language in use; who knows all slices writes them.
Lines = Callable[[Person, dt.date], list[str]]
WORDS = {
    "de": ("Das ist überfällig oder bald fällig:", "Alle Aufgaben, und hier abbestellen:"),
    "en": ("This is late or due soon:", "All tasks, and to opt out:"),
}


def wants_reminders(person: Person) -> bool:
    """Tell whether a person gets the mail; who never chose gets it."""
    row = Reminding.objects.filter(person=person).first()
    return row is None or row.wanted


@transaction.atomic
def choose_reminders(actor: Person, *, wanted: bool) -> None:
    """Keep whether a person wants the mail."""
    row, _ = Reminding.objects.get_or_create(person=actor)
    if row.wanted != wanted:
        before, row.wanted = row.wanted, wanted
        row.save(update_fields=["wanted"])
        record(actor, "programme.reminding_set", row, before={"wanted": before}, after={"wanted": wanted})


def send_digests(on: dt.date, *, base: str, lines_of: Lines) -> int:
    """Send the mail to whom it is due; give how many went out. One that fails is tried at the next round."""
    people = Person.objects.filter(is_active=True, groups__name__in=READERS).distinct().exclude(email="")
    return sum(_send(person, on, base, lines_of) for person in people)


def _send(person: Person, on: dt.date, base: str, lines_of: Lines) -> bool:
    row, _ = Reminding.objects.get_or_create(person=person)
    if not row.wanted or (row.last_sent and row.last_sent > on - RHYTHM):
        return False
    told = {}
    for language in WORDS:
        with override(language):
            told[language] = lines_of(person, on)
    if not any(told.values()):
        return False
    try:
        EmailMessage(_subject(len(told["de"])), _words(told, base), to=[person.email]).send()
    except (OSError, SMTPException) as error:
        log.warning("a reminder was not delivered", person=person.pk, error=str(error)[:300])
        return False
    row.last_sent = on
    row.save(update_fields=["last_sent"])
    return True


def _subject(count: int) -> str:
    return f"Erinnerung: {count} Punkte im Programm / Reminder: {count} points in the programme"


def _words(told: dict[str, list[str]], base: str) -> str:
    """Write the mail: German first, then English."""
    parts = []
    for language, (head, foot) in WORDS.items():
        lines = [f"- {line}" for line in told[language][:MOST_LINES]]
        links = f"{foot} {base}/intern/aufgaben/ {base}/intern/erinnerungen/"
        parts.append("\n".join([head, "", *lines, "", links]))
    return "\n\n".join(parts) + "\n"
