"""How many decisions one process makes a second, each figure beside its bar.

Usage: ``python bench/decisions.py``. A rule book of 2,000 rules (24 purposes to ask for, 30 categories, 8 classes of
recipients, a fifth of the rules with a validity) is asked at random; the processor time of this process is counted,
the best of several runs because others load the machine.
"""

import datetime as dt
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

import msgspec

from allmende.ethics.compare import changes
from allmende.ethics.decide import Compiled, compile_rulebook
from allmende.ethics.findings import findings
from allmende.ethics.model import VERBS, Category, Duties, Purpose, Recipient, Rule, Rulebook
from allmende.ethics.publication import hindrances
from allmende.gate.door import Ask, Asker, migrate_store, open_gate
from allmende.gate.recording import decision_row
from allmende.kernel.text import Text
from allmende.store.sql_store import SqlStore

RULES, REQUESTS, RUNS, AT_ONCE = 2_000, 100_000, 10, 10_000
DAY = dt.date(2026, 6, 1)
Request = tuple[str, str, str, str, dt.date]


def say(what: str, figure: float, unit: str, bar: str) -> None:
    """Print one figure."""
    print(f"{what:58} {figure:14,.0f} {unit:14} bar: {bar}")


def a_book(chance: Random) -> Rulebook:
    """Make a large rule book."""

    def named(slug: str) -> Text:
        return Text(slug, slug)

    inner = [f"p{number}" for number in range(6)]
    leaves = [(f"{parent}-{number}", parent) for parent in inner for number in range(4)]
    categories = [f"c{number}" for number in range(30)]
    recipients = [f"r{number}" for number in range(8)]
    rules: dict[tuple[object, ...], Rule] = {}
    while len(rules) < RULES:
        number = len(rules)
        dated = chance.random() < 0.2
        since = DAY - dt.timedelta(days=chance.randrange(400))
        rule = Rule(
            slug=f"rule-{number}",
            effect="prohibit" if chance.random() < 0.1 else "permit",
            verbs=tuple(chance.sample(VERBS, 1)),
            categories=tuple(chance.sample(categories, chance.randint(1, 2))),
            purposes=(chance.choice(inner) if chance.random() < 0.3 else chance.choice(leaves)[0],),
            recipients=("*",) if chance.random() < 0.1 else tuple(chance.sample(recipients, 2)),
            duties=Duties(delay_seconds=chance.choice([0, 60, 3600])),
            since=since if dated else None,
            until=since + dt.timedelta(days=chance.randrange(800)) if dated else None,
            title=named(f"rule {number}"),
            reason=named("because"),
            source="bench",
        )
        # No two rule the same.
        scope = (rule.effect, rule.verbs, frozenset(rule.categories), rule.purposes, frozenset(rule.recipients))
        rules.setdefault(scope, rule)
    return Rulebook(
        purposes=(
            *(Purpose(slug, named(slug), named(slug)) for slug in inner),
            *(Purpose(slug, named(slug), named(slug), parent) for slug, parent in leaves),
        ),
        categories=tuple(Category(slug, named(slug), "none") for slug in categories),
        recipients=tuple(Recipient(slug, named(slug)) for slug in recipients),
        rules=tuple(rules.values()),
    )


def some_requests(chance: Random, book: Rulebook) -> list[Request]:
    """Ask for all that can be asked, on days of two years."""
    leaves = [purpose.slug for purpose in book.purposes if purpose.parent]
    return [
        (
            chance.choice(VERBS),
            chance.choice(leaves),
            chance.choice(book.categories).slug,
            chance.choice(book.recipients).slug,
            DAY + dt.timedelta(days=chance.randrange(-365, 365)),
        )
        for _ in range(REQUESTS)
    ]


def seconds(deed: Callable[[], object], runs: int = 1) -> float:
    """Give the least processor time of this process for a run."""
    taken = []
    for _ in range(runs):
        begin = time.process_time()
        deed()
        taken.append(time.process_time() - begin)
    return min(taken)


def decisions(compiled: Compiled, requests: list[Request]) -> float:
    """Give the decisions a second."""
    decide = compiled.decide

    def run() -> None:
        for verb, purpose, category, recipient, day in requests:
            decide(verb, purpose, category, recipient, day)

    return len(requests) / seconds(run, RUNS)


def audited(compiled: Compiled, requests: list[Request], folder: str) -> float:
    """Give the decisions a second that are made and written to the store's record, 10,000 at a time."""
    url = str(Path(folder) / "observations.sqlite3")
    migrate_store(url)
    store = SqlStore(url)
    asker, version = Asker("bench"), compiled.book.version

    def run() -> None:
        rows = []
        for verb, purpose, category, recipient, day in requests:
            decision = compiled.decide(verb, purpose, category, recipient, day)
            ask = Ask(asker, verb, purpose, recipient)  # type: ignore[arg-type]
            rows.append(decision_row(ask, category, decision.slugs, version, allowed=decision.allowed))
            if len(rows) == AT_ONCE:
                store.record(rows)
                rows = []
        store.record(rows)

    taken = seconds(run, RUNS)
    store.close()
    return len(requests) / taken


def granted(book: Rulebook, folder: str) -> tuple[float, int]:
    """Give the grants a second through the gate, each with a decision for every category, and the categories."""
    url = str(Path(folder) / "gate.sqlite3")
    migrate_store(url)
    gate = open_gate(url)
    gate.publish(book, "bench")
    asks = [
        Ask(Asker("bench"), "use", purpose.slug, recipient.slug)
        for purpose in book.purposes
        if purpose.parent
        for recipient in book.recipients
    ]

    def run() -> None:
        for ask in asks:
            gate.grant(ask)
        gate.decisions(1)  # waits for the record

    taken = seconds(run, RUNS)
    gate.close()
    return len(asks) / taken, len(book.categories)


def main() -> None:
    """Measure and print."""
    chance = Random(1)
    book = a_book(chance)
    requests = some_requests(chance, book)
    compiled = compile_rulebook(book)
    say("rule book of 2,000 rules compiled", seconds(lambda: compile_rulebook(book)) * 1000, "ms", "none")
    say("decisions by the table", decisions(compiled, requests), "a second", "2,000,000")
    allowed = sum(compiled.decide(*request).allowed for request in requests)
    say("of them allowed", 100 * allowed / len(requests), "percent", "none")
    with tempfile.TemporaryDirectory() as folder:
        say("decisions made and put on record", audited(compiled, requests, folder), "a second", "150,000")
        grants, each = granted(book, folder)
        say(f"decisions in grants of {each} categories, what opens on record", grants * each, "a second", "150,000")
    say("reasons against a publication sought", seconds(lambda: hindrances(book, DAY)) * 1000, "ms", "none")
    say("oddities sought", seconds(lambda: findings(book, DAY)) * 1000, "ms", "none")
    other = compile_rulebook(msgspec.structs.replace(book, rules=book.rules[:-20]))
    say("difference of 20 rules found", seconds(lambda: changes(compiled, other, DAY)) * 1000, "ms", "none")
    say(
        "and from an empty book",
        seconds(lambda: changes(compile_rulebook(Rulebook()), compiled, DAY)) * 1000,
        "ms",
        "none",
    )


if __name__ == "__main__":
    sys.exit(main())
