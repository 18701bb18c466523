"""Answers as files: CSV or Parquet."""

import sys
from pathlib import Path
from typing import Any

from allmende.kernel.errors import ErrorCode, Invalid
from allmende.kernel.text import Text

KINDS = (".csv", ".parquet")
BAD_OUT = ErrorCode(
    "region.bad_out",
    Text("Nach {path} lässt sich nicht schreiben: {reason}.", "{path} cannot be written: {reason}."),
    Text("Nennen Sie eine Datei auf .csv oder .parquet.", "Name a file that ends in .csv or .parquet."),
)


def require_out(path: Path | None) -> None:
    """Refuse a file that cannot be written, before a question takes its time."""
    if path is None:
        return
    if path.suffix not in KINDS:
        raise Invalid(BAD_OUT, path=path, reason=path.suffix or "?")
    if not path.parent.is_dir():
        raise Invalid(BAD_OUT, path=path, reason=f"{path.parent} ?")


def write_answer(table: Any, path: Path | None) -> None:
    """Write an answer to a file, beside it first, or as CSV to standard output."""
    from pyarrow import csv, parquet

    if path is None:
        csv.write_csv(table, sys.stdout.buffer)
        return
    beside = path.with_name(f".{path.name}.new")
    try:
        if path.suffix == ".csv":
            csv.write_csv(table, str(beside))
        else:
            parquet.write_table(table, str(beside), compression="zstd")
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise Invalid(BAD_OUT, path=path, reason=error.strerror or error) from error
