"""Archives of the Climate Data Center of the DWD: one table of values in each, beside its descriptions."""

from allmende.connectors.replies import NOT_READABLE, Record, only_member
from allmende.kernel.errors import Invalid
from allmende.kernel.text import Text

LARGEST = 200_000_000
END = "eor"


def records(body: bytes) -> list[Record]:
    """Give the rows of the table, names and values without the blanks that pad them."""
    lines = only_member(body, "ZIP", _is_table, LARGEST).decode("latin-1").splitlines()
    header = [name.strip() for name in lines[0].split(";")] if lines else []
    if len(header) < 2 or header[-1] != END:
        raise _unreadable(Text("Der Kopf der Tabelle fehlt", "the head of the table is missing"))
    found = []
    for number, line in enumerate(lines[1:], 2):
        cells = [cell.strip() for cell in line.split(";")]
        # A line that does not end as all do was cut off: then the rest of the table is missing too.
        if len(cells) != len(header) or cells[-1] != END:
            raise _unreadable(Text(f"Zeile {number} ist unvollständig", f"line {number} is incomplete"))
        found.append(dict(zip(header[:-1], cells, strict=False)))
    return found


def _is_table(name: str) -> bool:
    return name.startswith("produkt_")


def _unreadable(why: Text) -> Invalid:
    return Invalid(NOT_READABLE, form="ZIP", why=why)
