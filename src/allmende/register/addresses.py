"""Addresses: read from a file, whole or not at all, and found by what people write."""

import csv
import re
from collections.abc import Iterator
from pathlib import Path

from django.db import transaction

from allmende.accounts.services import Actor, record
from allmende.kernel.errors import ErrorCode, Invalid
from allmende.kernel.text import Text
from allmende.register.around import folded
from allmende.register.models import Address

# As OpenAddresses names the columns, and as German offices do.
COLUMNS = {
    "street": ("street", "strasse", "straße"),
    "number": ("number", "hausnummer", "hnr"),
    "town": ("city", "ort", "gemeinde"),
    "longitude": ("lon", "longitude", "laenge", "länge"),
    "latitude": ("lat", "latitude", "breite"),
}
OPTIONAL = frozenset({"number", "town"})
BATCH, MOST_FOUND = 5_000, 8
_WRITTEN = re.compile(r"^(?P<street>.*?\D)\s*(?P<number>\d+\s?[a-zA-Z]?)?\s*$")
UNREADABLE = ErrorCode(
    "register.no_address_file",
    Text("Die Datei {file} lässt sich nicht öffnen: {why}.", "The file {file} cannot be opened: {why}."),
    Text("Prüfen Sie Namen und Rechte der Datei.", "Check name and permissions of the file."),
)
BAD_ADDRESSES = ErrorCode(
    "register.bad_addresses",
    Text(
        "Die Adressen lassen sich nicht lesen, Zeile {row}: {why}.", "The addresses cannot be read, row {row}: {why}."
    ),
    Text(
        "Spalten: street, number, city, lon, lat (WGS 84), getrennt durch Komma oder Semikolon.",
        "Columns: street, number, city, lon, lat (WGS 84), separated by comma or semicolon.",
    ),
)


def load_addresses(actor: Actor, file: Path, source: str) -> int:
    """Put the addresses of a file in the place of those that are there; give their number."""
    try:
        opened = file.open(encoding="utf-8-sig", newline="")
    except OSError as error:
        raise Invalid(UNREADABLE, file=str(file), why=error.strerror or "") from error
    with opened as lines, transaction.atomic():
        Address.objects.all().delete()
        batch, count = [], 0
        for address in _read(lines, source):
            batch.append(address)
            if len(batch) == BATCH:
                count += len(Address.objects.bulk_create(batch))
                batch = []
        count += len(Address.objects.bulk_create(batch))
        record(actor, "register.addresses_loaded", "addresses", after={"count": count, "source": source})
    return count


def _read(lines: Iterator[str], source: str) -> Iterator[Address]:
    try:
        first = next(lines, "")
        delimiter = ";" if ";" in first else ","
        header = [cell.strip().casefold() for cell in next(csv.reader([first], delimiter=delimiter), [])]
        places = {
            name: next((header.index(one) for one in names if one in header), -1) for name, names in COLUMNS.items()
        }
        lacking = [name for name, place in places.items() if place < 0 and name not in OPTIONAL]
        if lacking:
            raise Invalid(BAD_ADDRESSES, row=1, why=", ".join(lacking))
        for row, cells in enumerate(csv.reader(lines, delimiter=delimiter), 2):
            if cells:
                yield _address(cells, places, row, source)
    except UnicodeDecodeError as error:
        raise Invalid(BAD_ADDRESSES, row="?", why="UTF-8") from error
    except csv.Error as error:
        raise Invalid(BAD_ADDRESSES, row="?", why=str(error)) from error


def _address(cells: list[str], places: dict[str, int], row: int, source: str) -> Address:
    try:
        values = {name: cells[place].strip() if place >= 0 else "" for name, place in places.items()}
        longitude, latitude = (float(values[name].replace(",", ".")) for name in ("longitude", "latitude"))
    except (IndexError, ValueError) as error:
        raise Invalid(BAD_ADDRESSES, row=row, why=str(error)) from error
    if not (abs(longitude) <= 180 and abs(latitude) <= 90 and values["street"]):
        raise Invalid(BAD_ADDRESSES, row=row, why=f"{values['street']} {longitude} {latitude}")
    return Address(
        street=values["street"][:200],
        number=values["number"][:20],
        town=values["town"][:100],
        key=folded(values["street"])[:200],
        longitude=longitude,
        latitude=latitude,
        source=source,
    )


def find_addresses(text: str) -> list[Address]:
    """Give the addresses that fit what somebody wrote, the most exact first; none without a street."""
    found = _WRITTEN.match(text.partition(",")[0].strip())
    key = folded(found["street"]) if found else ""
    if found is None or len(key) < 3:
        return []
    number = (found["number"] or "").replace(" ", "").casefold()
    rows = Address.objects.filter(key__startswith=key)
    if number:
        rows = rows.filter(number__istartswith=number)
    ranked = sorted(rows[:500], key=lambda one: (one.key != key, one.number.casefold() != number, *_order(one)))
    return ranked[:MOST_FOUND]


def _order(one: Address) -> tuple[str, int, str]:
    digits = re.match(r"\d+", one.number)
    return one.key, int(digits[0]) if digits else 0, one.number


def address_of(text: str) -> Address | None:
    """Give the one address that somebody wrote in full; None where it could be several, or none."""
    wanted = folded(text.partition(",")[0])
    exact = [one for one in find_addresses(text) if folded(str(one)) == wanted]
    return exact[0] if len(exact) == 1 else None


def address_source() -> str:
    """Say whose addresses these are; empty where there are none."""
    return Address.objects.values_list("source", flat=True).first() or ""
