"""A pool as a file: read whole or not at all, each fault with its row and its reason; quotas as lines of text."""

from collections.abc import Iterator, Sequence

import msgspec

from allmende.kernel.text import Text
from allmende.participation.methods.panels.pool import Quota
from allmende.participation.table_file import Fault, rows_of

NAME, ADDRESS, EMAIL, HOUSEHOLD = "name", "anschrift", "email", "haushalt"
MOST_ROWS = 60_000
_NO_COLUMN = Text("Spalte „{column}“ fehlt", "column “{column}” is missing")
_NO_NAME = Text("der Name fehlt", "the name is missing")
_TWICE = Text("dieselbe Person wie in Zeile {row}", "the same person as in row {row}")
_NO_VALUE = Text("„{column}“ ist leer", "“{column}” is empty")
_STRANGE = Text("„{value}“ ist keine Vorgabe von „{column}“", "“{value}” has no quota in “{column}”")
_CELLS = Text("zu viele oder zu wenige Felder", "too many or too few fields")
_EMPTY = Text("die Liste ist leer", "the list is empty")
_MANY = Text("mehr als 60.000 Zeilen", "more than 60,000 rows")


class Willing(msgspec.Struct, frozen=True):
    """Somebody in the file."""

    name: str
    address: str
    email: str
    household: str
    features: dict[str, str]


def read_pool(content: bytes, quotas: Sequence[Quota]) -> tuple[list[Willing], list[Fault]]:
    """Read a pool; with faults, nothing of it is to be kept."""
    rows = rows_of(content)
    if isinstance(rows, Fault):
        return [], [rows]
    if len(rows) < 2:
        return [], [Fault(1, _EMPTY)]
    if len(rows) > MOST_ROWS:
        return [], [Fault(MOST_ROWS, _MANY)]
    header = [cell.strip().casefold() for cell in rows[0]]
    features = list(dict.fromkeys(quota.feature for quota in quotas))
    lacking = [column for column in (NAME, *features) if column.casefold() not in header]
    if lacking:
        return [], [Fault(1, _NO_COLUMN.filled(column=column)) for column in lacking]
    return _people(rows[1:], header, features, quotas)


def _people(
    rows: list[list[str]], header: list[str], features: list[str], quotas: Sequence[Quota]
) -> tuple[list[Willing], list[Fault]]:
    known = {(quota.feature, quota.value) for quota in quotas}
    people, faults, seen = list[Willing](), list[Fault](), dict[tuple[str, str], int]()
    for row, cells in enumerate(rows, 2):
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(header):
            faults.append(Fault(row, _CELLS))
            continue
        named = {column: cell.strip() for column, cell in zip(header, cells, strict=True)}
        values = {feature: named[feature.casefold()] for feature in features}
        address, email, household = (named.get(column, "") for column in (ADDRESS, EMAIL, HOUSEHOLD))
        one = Willing(named[NAME], address, email, household, values)
        mark = (one.name.casefold(), one.address.casefold())
        faults += [Fault(row, reason) for reason in _wrong(one, known, seen.get(mark))]
        seen.setdefault(mark, row)
        people.append(one)
    return (people, []) if people and not faults else ([], faults or [Fault(1, _EMPTY)])


def _wrong(one: Willing, known: set[tuple[str, str]], before: int | None) -> Iterator[Text]:
    if not one.name:
        yield _NO_NAME
    elif before is not None:
        yield _TWICE.filled(row=before)
    for column, value in one.features.items():
        if not value:
            yield _NO_VALUE.filled(column=column)
        elif (column, value) not in known:
            yield _STRANGE.filled(column=column, value=value)


def read_quotas(text: str) -> list[Quota] | str:
    """Read quotas, one a line: feature; value; least; most. Give the line that is none, where there is one."""
    found = []
    for line in filter(str.strip, text.splitlines()):
        cells = [cell.strip() for cell in line.split(";")]
        numbers = all(cell.isdecimal() and len(cell) < 5 for cell in cells[2:])
        if len(cells) != 4 or not all(cells) or not numbers or int(cells[2]) > int(cells[3]):
            return line.strip()
        found.append(Quota(cells[0], cells[1], int(cells[2]), int(cells[3])))
    return found


def write_quotas(quotas: Sequence[Quota]) -> str:
    """Write quotas as they are read."""
    return "\n".join(f"{one.feature}; {one.value}; {one.least}; {one.most}" for one in quotas)
