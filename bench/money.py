"""How fast the pages and papers of a large programme's money are, each figure beside its bar.

Usage: ``python bench/money.py``. 200 projects, 200,000 bookings over 10 years, a plan of 30,000 positions and an
older one, 500 contracts, 30 draw-downs. The processor time of this process is counted, the best of several runs
because others load the machine. ``--keep FOLDER`` leaves the programme there, or takes the one that is there.
"""

import argparse
import datetime as dt
import io
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

PROJECTS, BOOKINGS, YEARS, IMPORTED, CONTRACTS, RUNS = 200, 200_000, range(2017, 2027), 50_000, 500, 5
TYPES, KINDS = ("personal", "auftraege", "ausstattung", "reisen", "sonstiges"), ("bund", "stadt", "dritte")
DAY = dt.date(2026, 9, 30)


def say(what: str, seconds: float, bar: str) -> None:
    """Print one figure."""
    print(f"{what:58} {seconds * 1000:10,.0f} ms   bar: {bar}", flush=True)


def best(work: Callable[[], Any], runs: int = RUNS) -> float:
    """Give the shortest time of several runs."""
    times = []
    for _run in range(runs):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


def found(chance: Random) -> None:
    """Make the programme with its money."""
    from django.conf import settings
    from django.core.management import call_command

    from allmende.gate.door import migrate_store
    from allmende.money import models
    from allmende.money.services.loading import load_money
    from allmende.programme.models import Programme, Project, Source

    call_command("migrate", verbosity=0)
    migrate_store(settings.ALLMENDE.store_url)
    source = Source.objects.create(slug="q", title="Q", publisher="P")
    both = {"title_de": "Großstadt", "title_en": "Big city"}
    texts = {f"{name}_{code}": "…" for name in ("sentence", "vision", "about", "notice") for code in ("de", "en")}
    Programme.objects.create(slug="p", city="Großstadt", awarded=dt.date(2017, 1, 1), source=source, **both, **texts)
    Project.objects.bulk_create(
        Project(
            slug=f"p{number}",
            position=number,
            title_de=f"Projekt {number}",
            title_en=f"Project {number}",
            **{f"{name}_{code}": "…" for name in ("sentence", "purpose") for code in ("de", "en")},
        )
        for number in range(PROJECTS)
    )
    load_money(_actor(), content=_content())
    _plans(chance)
    _bookings(chance)
    _draw_downs()
    _contracts()
    for name, way in (("Stopp", "stop"), ("Kürzen", "shrink"), ("Weiter", "continue")):
        choices = {f"p{n}": {"way": way} for n in range(PROJECTS)}
        models.Scenario.objects.create(name=name, day=DAY, stop=DAY, choices=choices)


def _contracts() -> None:
    from allmende.money.models import Commitment, CostType
    from allmende.programme.models import Project

    projects, kind = list(Project.objects.all()), CostType.objects.all()[0]
    Commitment.objects.bulk_create(
        Commitment(
            number=f"V{number}",
            project=projects[number % PROJECTS],
            cost_type=kind,
            title="Vertrag",
            signed=dt.date(2020, 1, 1),
            until=dt.date(2027, 12, 31),
            cents=9_000_000_00,
            known_since=dt.date(2020, 1, 1),
        )
        for number in range(CONTRACTS)
    )


def _actor() -> Any:
    from allmende.accounts.rules import SystemActor

    return SystemActor("system:bench")


def _content() -> Any:
    import msgspec

    from allmende.money.content import MoneyContent

    def named(slug: str) -> dict[str, str]:
        return {"de": slug.title(), "en": slug.title()}

    terms = {"known_since": "2017-01-01", "start": "2017-01-01", "end": "2026-12-31", "ceiling": "9000000000.00"}
    award = {"slug": "b", "title": named("award"), "funder": "F", "phase": "B", "awarded": "2017-01-01"}
    kinds = dict(zip(KINDS, ("federal", "city", "third"), strict=True))
    tree = {
        "simulated": True,
        "cost_types": [{"slug": slug, "title": named(slug)} for slug in TYPES],
        "sources": [{"slug": slug, "title": named(slug), "kind": kind} for slug, kind in kinds.items()],
        "awards": [{**award, "terms": [terms]}],
    }
    return msgspec.convert(tree, MoneyContent)


def _plans(chance: Random) -> None:
    from allmende.kernel.text import Text
    from allmende.money.rules import Slot
    from allmende.money.services.plans import bring_plan

    for day in (dt.date(2017, 2, 1), dt.date(2022, 2, 1)):
        slots = {}
        for project in range(PROJECTS):
            for kind in TYPES:
                for year in YEARS:
                    total = chance.randrange(1_000_00, 50_000_00)
                    federal = total * 13 // 20
                    third = (total - federal) // 3
                    shares = dict(zip(KINDS, (federal, total - federal - third, third), strict=True))
                    slots[Slot(f"p{project}", kind, year)] = shares
        title = Text(f"Plan {day}", f"Plan {day}")
        bring_plan(_actor(), title=title, reason="", decision="Rat", day=day, slots=slots)


def _rows(chance: Random, count: int, first: int) -> list[Any]:
    from allmende.money.tables import BookingRow

    rows = []
    for number in range(first, first + count):
        day = dt.date(2017, 1, 1) + dt.timedelta(days=chance.randrange(3550))
        cents = chance.randrange(10_00, 9_000_00)
        eligible = cents if chance.random() < 0.9 else cents // 2
        project, kind = f"p{chance.randrange(PROJECTS)}", chance.choice(TYPES)
        reason = "" if eligible == cents else "Skonto"
        rows.append(
            BookingRow(
                *(number, f"R{number}", f"Firma {number % 300}", day, day + dt.timedelta(days=5), cents, project, kind),
                *(day.year, chance.choice(KINDS[1:]), eligible, reason),
                *("" if number % 10 else f"V{number % CONTRACTS}", "Leistung"),
            )
        )
    return rows


def _bookings(chance: Random) -> None:
    from allmende.money.services.imports import book_rows

    book_rows(_rows(chance, BOOKINGS, 0), lambda row: row.paid)


def _draw_downs() -> None:
    from allmende.money.services.loading import made_draw_down

    for year in YEARS:
        for month in (4, 7, 10):
            day = dt.date(year, month, 1)
            if day < DAY:
                made_draw_down("b", until=day - dt.timedelta(days=1), made=day, paid=day + dt.timedelta(days=20))


def workbook(rows: list[Any]) -> bytes:
    """Write bookings as people would send them."""
    import openpyxl

    from allmende.money.tables import BOOKING_COLUMNS

    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.append(BOOKING_COLUMNS)
    for one in rows:
        sheet.append(
            [
                *(one.number, one.supplier, one.day, one.paid, one.cents / 100, "EUR", one.project, one.cost_type),
                *(one.year, one.own_source, one.eligible / 100, one.reason, one.commitment, one.text),
            ]
        )
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def main() -> None:
    """Measure everything, or the pages or the papers alone."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--only", choices=("pages", "papers"))
    asked = parser.parse_args()
    home = asked.keep or Path(tempfile.mkdtemp(prefix="allmende-bench-"))
    os.environ |= {"ALLMENDE_HOME": str(home), "DJANGO_SETTINGS_MODULE": "allmende.serve.django_settings"}
    import django

    django.setup()
    from django.db import transaction

    try:
        chance = Random(1)
        if not (home / "made").exists():
            start = time.process_time()
            found(chance)
            (home / "made").touch()
            say("(making the programme)", time.process_time() - start, "–")
        if asked.only != "papers":
            pages()
        if asked.only != "pages":
            with transaction.atomic():
                papers(chance)
                transaction.set_rollback(True)
    finally:
        if asked.keep is None:
            shutil.rmtree(home, ignore_errors=True)


def pages() -> None:
    """Ask for the pages as a browser does."""
    from django.test import Client

    public = Client()
    for address, bar in PUBLIC.items():
        _page(public, address, bar)
    staff = Client()
    staff.force_login(_person())
    for address, bar in STAFF.items():
        _page(staff, address, bar)


def _person() -> Any:
    from allmende.accounts.models import Person
    from allmende.accounts.services import create_person, ensure_roles

    ensure_roles()
    found = Person.objects.filter(email="b@example.org").first()
    return found or create_person(_actor(), email="b@example.org", password=None, roles=["office"])


PUBLIC = {
    "/geld/": "100 ms",
    "/geld/?stand=2023-06-30": "150 ms",
    "/geld/fluss.svg": "100 ms",
    "/geld/unterschied/": "100 ms",
    "/geld/unterschied/?stand=2023-06-30": "150 ms",
    "/geld/eigenmittel/": "100 ms",
    "/geld/projekte.csv": "100 ms",
    "/geld.json": "100 ms",
    "/projekte/p7/": "100 ms",
    "/projekte/p7/?stand=2023-06-30": "150 ms",
}
STAFF = {
    "/intern/": "100 ms",
    "/intern/aufgaben/": "100 ms",
    "/intern/geld/": "100 ms",
    "/intern/geld/buchungen/": "100 ms",
    "/intern/geld/rechnungen/": "100 ms",
    "/intern/geld/plaene/": "100 ms",
    "/intern/geld/abrufe/": "100 ms",
    "/intern/geld/nachweise/": "100 ms",
    "/intern/geld/fristen/": "100 ms",
    "/intern/geld/festlegungen/": "100 ms",
    "/intern/geld/szenarien/": "100 ms",
    "/intern/geld/szenarien/1/": "100 ms",
    "/intern/geld/szenarien/1/aendern/": "100 ms",
    "/intern/geld/szenarien/neu/": "100 ms",
    "/intern/geld/szenarien/vergleich/": "100 ms",
}


def _page(client: Any, address: str, bar: str) -> None:
    answer = client.get(address)
    if answer.status_code != 200:
        print(f"{address}: {answer.status_code}", file=sys.stderr)
        return
    say(address, best(lambda: client.get(address)), bar)


def papers(chance: Random) -> None:
    """Make the proof of use, and bring 50,000 bookings in."""
    from allmende.money.models import Award
    from allmende.money.services import imports, proofs

    person, award = _person(), Award.objects.get()
    made: list[Any] = []
    took = best(lambda: made.append(proofs.draft_proof(person, award=award, day=DAY)), 1)
    say(f"full proof of use, {len(proofs.bytes_of(made[0])) / 1e6:.0f} MB", took, "10,000 ms")
    say("the same, made again and compared byte for byte", best(lambda: proofs.reproduced(made[0]), 1), "10,000 ms")
    content = workbook(_rows(chance, IMPORTED, BOOKINGS))
    start = time.process_time()
    run = imports.check_file(person, kind="bookings", name="b.xlsx", content=content)
    say("dry run of an Excel file of 50,000 bookings", time.process_time() - start, "–")
    if run.faults:
        print(run.faults[:3], file=sys.stderr)
        return
    imports.apply_run(person, number=run.pk)
    say("dry run and taking over", time.process_time() - start, "20,000 ms")


if __name__ == "__main__":
    main()
