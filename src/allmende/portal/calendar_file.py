"""Calendars as files (RFC 5545): events in time or of whole days."""

import datetime as dt
from collections.abc import Iterable

from django.http import HttpResponse

from allmende.kernel.clock import UTC

LONGEST_LINE = 74


def event(name: str, since: str, until: str, stamp: str, title: str, about: Iterable[str], link: str) -> list[str]:
    """Write an event; ``since`` and ``until`` are properties, ``about`` are further lines that tell of it."""
    return [
        "BEGIN:VEVENT",
        f"UID:{name}@allmende",
        f"DTSTAMP:{stamp}",
        f"DTSTART{since}",
        f"DTEND{until}",
        f"SUMMARY:{escaped(title)}",
        *about,
        f"URL:{link}",
        "END:VEVENT",
    ]


def instant(at: dt.datetime) -> str:
    """Write an instant."""
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def whole_day(day: dt.date) -> str:
    """Write a day as the value of a property; the end of an event is the day after its last."""
    return f";VALUE=DATE:{day:%Y%m%d}"


def escaped(text: str) -> str:
    """Write words so that they end no property."""
    return text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def calendar_file(name: str, events: Iterable[str]) -> HttpResponse:
    """Give a calendar as a file."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Allmende//Participation//DE", *events, "END:VCALENDAR"]
    text = "\r\n".join(part for line in lines for part in _folded(line)) + "\r\n"
    answer = HttpResponse(text, content_type="text/calendar; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}.ics"'
    return answer


def _folded(line: str) -> list[str]:
    """Break a line so that none has more than 75 octets."""
    parts, part = [], ""
    for sign in line:
        if len((part + sign).encode()) > LONGEST_LINE:
            parts.append(part)
            part = " "
        part += sign
    return [*parts, part]
