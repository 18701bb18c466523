"""How long pages of a large programme take, each figure beside its bar.

Usage: ``python bench/programme.py``. 200 projects, 5,000 milestones with 15,000 dates and 10 years; every page is asked
for in process, today and as of a day five years ago. The processor time of this process is counted, the best of several
runs because others load the machine.
"""

import datetime as dt
import os
import sys
import tempfile
import time
from random import Random
from typing import Any

PROJECTS, MILESTONES, RUNS = 200, 5_000, 5
FIRST = dt.date(2016, 1, 1)
PAST = "2021-06-01"
PAGE_MS, AS_OF_MS = 100, 150


def _fill(chance: Random) -> None:
    """Make the programme; every project goes its way, every milestone moves once."""
    from allmende.programme import models
    from allmende.programme.rules.states import FIRST as BEGINNINGS
    from allmende.programme.rules.states import NEXT

    def two(**texts: str) -> dict[str, str]:
        return {f"{name}_{language}": text for name, text in texts.items() for language in ("de", "en")}

    def day(start: int = 0, end: int = 3_650) -> dt.date:
        return FIRST + dt.timedelta(days=chance.randrange(start, end))

    source = models.Source.objects.create(slug="bench", title="Bench", publisher="Bench")
    models.Programme.objects.create(
        slug="bench",
        city="Bench",
        awarded=FIRST,
        source=source,
        **two(title="Bench", sentence="Bench", vision="Bench", about="Bench", notice="Bench"),
    )
    body = models.Body.objects.create(slug="rat", **two(title="Rat", role="entscheidet"))
    targets = [
        models.TargetImage.objects.create(slug=f"t{n}", source=source, **two(title=f"Ziel {n}", text="Text"))
        for n in range(3)
    ]
    decisions = models.Decision.objects.bulk_create(
        models.Decision(slug=f"d{n}", body=body, day=day(), source=source, **two(title=f"Beschluss {n}", text="Text"))
        for n in range(60)
    )
    projects = models.Project.objects.bulk_create(
        models.Project(slug=f"p{n}", position=n, **two(title=f"Projekt {n}", sentence="Satz.", purpose="Zweck."))
        for n in range(PROJECTS)
    )
    for project in projects:
        project.sources.set([source])
        state, at = chance.choice(sorted(BEGINNINGS)), chance.randrange(0, 1_000)
        while True:
            decision = chance.choice(decisions)
            models.ProjectEvent.objects.create(
                project=project,
                state=state,
                day=FIRST + dt.timedelta(days=at),
                source=source,
                decision=decision if decision.day <= FIRST + dt.timedelta(days=at) else None,
                **two(text="Ein Ereignis."),
            )
            at += chance.randrange(100, 900)
            if not NEXT[state] or at > 3_650:
                break
            state = chance.choice(sorted(NEXT[state]))
    models.ProjectTarget.objects.bulk_create(
        models.ProjectTarget(project=project, target=target) for project in projects for target in targets[:2]
    )
    models.Weight.objects.bulk_create(
        models.Weight(project=project, target=target, since=FIRST, basis_points=5_000)
        for project in projects
        for target in targets[:2]
    )
    models.Dependency.objects.bulk_create(
        models.Dependency(
            project=projects[n],
            other=projects[chance.randrange(0, n)],
            kind=chance.choice(["needs", "uses-data", "strengthens"]),
            since=FIRST,
            source=source,
            **two(text="Zusammenspiel."),
        )
        for n in range(1, PROJECTS)
    )
    risks = models.Risk.objects.bulk_create(
        models.Risk(slug=f"r{n}", project=project, **two(title=f"Risiko {n}", text="Text", owner="Rolle"))
        for n, project in enumerate(projects)
    )
    models.RiskEstimate.objects.bulk_create(
        models.RiskEstimate(risk=risk, day=day(), probability=chance.randint(1, 5), impact=chance.randint(1, 5))
        for risk in risks
        for _ in range(3)
    )
    milestones = models.Milestone.objects.bulk_create(
        models.Milestone(
            slug=f"m{n}",
            project=chance.choice(projects),
            source=source,
            duration_days=chance.randint(5, 90),
            **two(title=f"Meilenstein {n}", text="Text."),
        )
        for n in range(MILESTONES)
    )
    dates = []
    for milestone in milestones:
        planned, known = day(200), FIRST + dt.timedelta(days=chance.randrange(0, 200))
        moved = planned + dt.timedelta(days=chance.randrange(-60, 300))
        later = known + dt.timedelta(days=chance.randrange(1, 3_000))
        common = {"milestone": milestone, "precision": "day"}
        dates.append(models.MilestoneDate(kind="baseline", day=planned, known_since=known, **common))
        dates.append(
            models.MilestoneDate(kind="forecast", day=moved, known_since=later, **two(reason="weil"), **common)
        )
        reached = max(moved, later)
        kind, evidence = ("actual", "Nachweis") if reached < dt.date(2025, 12, 1) else ("forecast", "")
        dates.append(
            models.MilestoneDate(
                kind=kind, day=reached, known_since=reached, evidence=evidence, **two(reason="weil"), **common
            )
        )
    models.MilestoneDate.objects.bulk_create(dates)
    models.MilestoneNeed.objects.bulk_create(
        models.MilestoneNeed(milestone=milestones[n], needed=milestones[n - chance.randint(1, min(n, 40))], since=FIRST)
        for n in range(1, MILESTONES)
    )


def _measure(path: str) -> tuple[float, int, int]:
    """Give the least processor time in milliseconds, the number of queries and the size of a page."""
    from django.db import connection
    from django.test import Client

    client, best = Client(), float("inf")
    queries: list[str] = []

    def count(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        queries.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(count):
        response = client.get(path, HTTP_HOST="localhost")
    assert response.status_code == 200, (path, response.status_code)
    for _ in range(RUNS):
        start = time.process_time()
        client.get(path, HTTP_HOST="localhost")
        best = min(best, 1_000 * (time.process_time() - start))
    return best, len(queries), len(response.content)


PAGES = (
    *("/programm/", "/programm/zusammenspiel/", "/programm/aenderungen/", "/programm/strategie/", "/projekte/"),
    *("/projekte/?seite=3", "/projekte/p7/", "/meilensteine/", "/meilensteine/?seite=120", "/meilensteine/?projekt=p7"),
    *("/meilensteine/?zustand=late", "/einbetten/projekt/p7/", "/einbetten/meilensteine/"),
)


def main() -> int:
    """Fill, measure, compare with the bars."""
    with tempfile.TemporaryDirectory() as home:
        os.environ["ALLMENDE_HOME"] = home
        from allmende.serve.web import set_up_django

        set_up_django()
        from django.conf import settings
        from django.core.management import call_command
        from django.db import transaction

        from allmende.gate.door import migrate_store

        call_command("migrate", verbosity=0, interactive=False)
        migrate_store(settings.ALLMENDE.store_url)
        with transaction.atomic():
            _fill(Random(2026))
        late = False
        for path in PAGES:
            past = f"{path}{'&' if '?' in path else '?'}stand={PAST}"
            for address, bar in ((path, PAGE_MS), (past, AS_OF_MS)):
                milliseconds, queries, size = _measure(address)
                late |= milliseconds > bar
                print(
                    f"{address:56} {milliseconds:7.1f} ms  bar: {bar} ms  {queries:3} queries  {size / 1_000:6.1f} kB"
                )
    return int(late)


if __name__ == "__main__":
    sys.exit(main())
