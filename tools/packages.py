"""Validate transfer packages by programs that nobody here wrote.

``make packages FILES="a.zip b.zip"`` checks each as an RO-Crate 1.1 (rocrate-validator, in an environment of its own
under ``var/oracles`` or where ``ALLMENDE_ORACLES`` says) and its data as a Data Package (frictionless).
"""

import os
import subprocess
import sys
import tempfile
import venv
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = Path(os.environ.get("ALLMENDE_ORACLES", ROOT / "var" / "oracles")) / "rocrate"
VALIDATOR = ["roc-validator==0.13.0"]
# The last one that carries the context of RO-Crate 1.1; only that file of it is used.
CONTEXT = ["--no-deps", "rocrate==0.10.0"]


def build() -> Path:
    """Make the environment, unless it is there."""
    python, finished = FOLDER / "bin" / "python", FOLDER / ".finished"
    if not finished.exists():
        print(f"installing {VALIDATOR[0]} into {FOLDER}", flush=True)
        venv.create(FOLDER, with_pip=True)
        for wanted in (VALIDATOR, CONTEXT):
            subprocess.run([python, "-m", "pip", "install", "--quiet", *wanted], check=True)
        finished.touch()
    return python


def crates(files: list[str]) -> bool:
    """Tell whether all are RO-Crates."""
    words = [str(build()), str(ROOT / "tools" / "rocrate" / "validate.py"), str(FOLDER / "cache"), *files]
    return subprocess.run(words, check=False).returncode == 0


def tables(file: str) -> bool:
    """Tell whether the data of a package is a Data Package."""
    import frictionless

    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(file) as archive:
        members = [one for one in archive.namelist() if one.startswith("daten/") and ".." not in one]
        archive.extractall(folder, members)
        report = frictionless.validate(str(Path(folder) / "daten" / "datapackage.json"))
        print(f"{file}: {report.stats['tasks']} tables, {report.stats['errors']} faults (Data Package)")
        for row, field, note in report.flatten(["rowNumber", "fieldName", "note"])[:20]:
            print(f"  {row} {field}: {note}")
        return bool(report.valid)


def main() -> int:
    """Check all files that are named."""
    files = sys.argv[1:]
    if not files:
        print(__doc__)
        return 2
    return 0 if all([crates(files), *(tables(one) for one in files)]) else 1


if __name__ == "__main__":
    raise SystemExit(main())
