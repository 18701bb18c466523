"""What the command line does with indicators and statistics."""

from pathlib import Path

import msgspec

from allmende.effects.tables import read_table, schema_from_head
from allmende.gate.door import open_gate
from allmende.kernel.clock import today
from allmende.kernel.errors import AllmendeError
from allmende.kernel.text import Text
from allmende.packs.read import pack_folder
from allmende.serve.settings import Settings
from allmende.serve.web import set_up_django

ACTOR = "system:command-line"


class Ran(msgspec.Struct, frozen=True):
    """What came of an indicator: new values, or why there are none."""

    slug: str
    outcome: str
    added: int
    text: Text | None


class Listed(msgspec.Struct, frozen=True):
    """An indicator as the list shows it."""

    slug: str
    title: Text
    state: str
    reason: Text


class Loaded(msgspec.Struct, frozen=True):
    """What a load of statistics did, and how many values of indicators came of it."""

    changed: tuple[str, ...]
    same: tuple[str, ...]
    missing: tuple[str, ...]
    values: int


def run(settings: Settings, *, slugs: tuple[str, ...], every: bool = False) -> list[Ran]:
    """Determine the values of the named indicators; of none named, of those that are due, or of every one."""
    set_up_django()
    from allmende.accounts.rules import SystemActor
    from allmende.effects import queries, runs, services

    found = [services.indicator(slug) for slug in slugs]
    if not slugs and every:
        found = queries.with_source(today())
    elif not slugs:
        found = queries.due_indicators(today())
    gate = open_gate(settings.store_url)
    try:
        done = [
            (one.slug, runs.run_indicator(SystemActor(ACTOR), gate=gate, indicator=one, today=today())) for one in found
        ]
    finally:
        gate.close()
    return [Ran(slug, run.outcome, run.added, run.text) for slug, run in done]


def listed() -> list[Listed]:
    """Give all indicators with how they stand."""
    set_up_django()
    from allmende.effects.queries import indicators_on

    return [
        Listed(view.indicator.slug, view.indicator.title, view.status.state, view.status.reasons[0].text)
        for view in indicators_on(today(), public=False)
    ]


def load_statistics(settings: Settings, folder: Path) -> Loaded:
    """Load the tables that the city's pack describes from a folder, then the indicators that read them."""
    set_up_django()
    from allmende.accounts.rules import SystemActor
    from allmende.effects import queries, statistics

    content = statistics.described(pack_folder(settings.pack))
    done = statistics.load_statistics(SystemActor(ACTOR), content=content, folder=folder, today=today())
    slugs = tuple(one.slug for one in queries.from_tables(today(), done.changed))
    ran = run(settings, slugs=slugs) if slugs else []
    return Loaded(done.changed, done.same, done.missing, sum(one.added for one in ran))


def check_statistics(folder: Path) -> tuple[int, list[Text]]:
    """Read every file that has a head beside it by that head; give how many were sound, and the faults."""
    sound, faults = 0, []
    for head in sorted(folder.rglob("*.md")):
        path = head.with_suffix(".csv")
        if not path.exists():
            continue
        try:
            read_table(path, schema_from_head(head))
            sound += 1
        except AllmendeError as error:
            faults.append(error.what)
    return sound, faults
