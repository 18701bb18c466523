"""How the command line speaks: one language, plain lines, a bar only where somebody watches."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

import click

from allmende.kernel.text import Text

PLAIN_LINE_SECONDS = 5.0


def language() -> str:
    """Give ``en`` where the locale is English, ``de`` otherwise."""
    locale = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    return "en" if locale.lower().startswith("en") else "de"


def t(de: str, en: str) -> str:
    """Choose the wording for this terminal."""
    return Text(de, en).within(language())


def say(de: str, en: str) -> None:
    """Print a line on standard output."""
    click.echo(t(de, en))


def warn(de: str, en: str) -> None:
    """Print a line on standard error."""
    click.echo(t(de, en), err=True)


class Advance(Protocol):
    """Tell how far the work has come: done and total, in any unit."""

    def __call__(self, done: int, total: int) -> None:
        """Note the state."""


@contextmanager
def progress(de: str, en: str) -> Iterator[Advance]:
    """Show long work as a bar on a terminal and as a plain line every few seconds elsewhere."""
    label = t(de, en)
    if sys.stderr.isatty():
        with click.progressbar(length=1, label=label, file=sys.stderr) as bar:

            def draw(done: int, total: int) -> None:
                bar.length = max(total, 1)
                bar.update(done - bar.pos)

            yield draw
        return
    last = time.monotonic()
    click.echo(f"{label} …", err=True)

    def tell(done: int, total: int) -> None:
        nonlocal last
        if time.monotonic() - last >= PLAIN_LINE_SECONDS:
            last = time.monotonic()
            click.echo(f"{label}: {100 * done // max(total, 1)} %", err=True)

    yield tell
