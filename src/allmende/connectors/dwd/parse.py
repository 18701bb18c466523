"""Archives of the Climate Data Center of the DWD: one table of values in each, beside its descriptions."""

import io
import zipfile

from allmende.connectors.replies import NOT_READABLE, Record
from allmende.kernel.errors import Invalid
from allmende.kernel.text import Text

LARGEST = 200_000_000
END = "eor"


def records(body: bytes) -> list[Record]:
    """Give the rows of the table, names and values without the blanks that pad them."""
    lines = _table(body).decode("latin-1").splitlines()
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


def _table(body: bytes) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            tables = [entry for entry in archive.infolist() if entry.filename.startswith("produkt_")]
            if len(tables) != 1 or tables[0].file_size > LARGEST:
                raise _unreadable(Text("Es enthält nicht genau eine Tabelle", "it does not hold exactly one table"))
            return archive.read(tables[0])
    except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError, RuntimeError) as error:
        raise _unreadable(str(error)) from error


def _unreadable(why: Text | str) -> Invalid:
    return Invalid(NOT_READABLE, form="ZIP", why=why)
