"""Bring the translation catalogue up to date, or check that it is (needs GNU gettext)."""

import argparse
import datetime as dt
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from babel.messages.pofile import read_po, write_po

PACKAGE = Path(__file__).parent.parent / "src" / "allmende"
CATALOGUE = PACKAGE / "ui" / "locale" / "en" / "LC_MESSAGES" / "django.po"


def _extract() -> None:
    """Run Django's makemessages over the package, which rewrites the catalogue."""
    # The package beside this file, also where another checkout is the one that is installed.
    settings = {
        "DJANGO_SETTINGS_MODULE": "allmende.serve.django_settings",
        "ALLMENDE_HOME": tempfile.gettempdir(),
        "PYTHONPATH": str(PACKAGE.parent),
    }
    subprocess.run(
        [
            sys.executable,
            *("-m", "django", "makemessages", "--locale", "en", "--no-obsolete", "--verbosity", "0"),
            *("--ignore", "vendor/*", "--add-location", "file"),
        ],
        cwd=PACKAGE,
        env={**os.environ, **settings, "ALLMENDE_SECRET_KEY": "only-to-read-messages"},
        check=True,
    )


def _identifiers(path: Path) -> dict[str, bool]:
    """Map each message to whether it has a translation that is not fuzzy."""
    with path.open("rb") as file:
        catalogue = read_po(file)
    found = {}
    for message in catalogue:
        if message.id:
            parts = message.string if isinstance(message.string, tuple) else (message.string,)
            found[str(message.id)] = all(parts) and not message.fuzzy
    return found


def _tidy() -> None:
    """Write the catalogue with our own head and without dates, so that only texts make a difference."""
    with CATALOGUE.open("rb") as file:
        catalogue = read_po(file, locale="en")
    catalogue.header_comment = "# English texts of Allmende."
    catalogue.project, catalogue.version = "Allmende", "0"
    catalogue.last_translator = catalogue.language_team = "The Allmende founders"
    catalogue.creation_date = catalogue.revision_date = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    catalogue.fuzzy = False
    for message in catalogue:
        if message.id and message.fuzzy:
            message.string = ("", "") if message.pluralizable else ""
            message.flags.discard("fuzzy")
            message.previous_id = []
    with CATALOGUE.open("wb") as file:
        write_po(file, catalogue, width=0, ignore_obsolete=True)


def check() -> int:
    """Compare the messages in code and templates with the catalogue; print what is missing or left over."""
    if shutil.which("xgettext") is None:
        print("translations: GNU gettext is not installed, only completeness is checked")
        wanted = set(_identifiers(CATALOGUE))
    else:
        kept = CATALOGUE.read_bytes()
        try:
            _extract()
            wanted = set(_identifiers(CATALOGUE))
        finally:
            CATALOGUE.write_bytes(kept)
    present = _identifiers(CATALOGUE)
    faults = [f"not in the catalogue: {text}" for text in sorted(wanted - set(present))]
    faults += [f"left over in the catalogue: {text}" for text in sorted(set(present) - wanted)]
    faults += [f"not translated: {text}" for text, done in sorted(present.items()) if not done]
    for fault in faults:
        print(fault)
    if not faults:
        print(f"translations: {len(present)} messages, all translated")
    return 1 if faults else 0


def main() -> int:
    """Update the catalogue, or check it with ``--check``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    if parser.parse_args().check:
        return check()
    CATALOGUE.parent.mkdir(parents=True, exist_ok=True)
    _extract()
    _tidy()
    return 0


if __name__ == "__main__":
    sys.exit(main())
