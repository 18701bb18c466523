"""Participation: 10,000 ideas, votes by 50 at once, the digest, open data of 250,000, export of 250,000 sheets.

Needs PostgreSQL for the votes (ALLMENDE_TEST_POSTGRES_URL); the figures stand beside their bars.
"""

import datetime as dt
import os
import resource
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
from tests.postgres import Databases  # noqa: E402 - the tests lie beside this folder

IDEAS, WRITERS, PEOPLE, STATEMENTS, COMMENTS, FOLLOWERS = 10_000, 50, 100, 20, 250_000, 50_000
ANSWERS = 250_000 // STATEMENTS
SHEETS, QUESTIONS = 250_000, 10
BARS = {
    "list of 10,000 ideas": "≤ 150 ms",
    "votes, 50 writers": "≥ 500/s",
    "doubles": "0",
    "memory of open data": "≤ 200 MB",
    "digest, 50,000 followers": "1 query",
    "mails of it": "3",
    "memory of the sheets": "≤ 50 MB",
}


def tell(what: str, figure: str) -> None:
    """Print a figure beside its bar."""
    print(f"{what:<28} {figure:>14}   {BARS.get(what, '')}", flush=True)


def permit() -> None:
    """Put rules and data sheets in force, as every page and file asks for them."""
    from allmende.catalog.door import gate
    from allmende.ethics.sheets import Sheet
    from allmende.kernel.clock import today
    from allmende.kernel.text import Text
    from allmende.packs.read import read_parts
    from allmende.participation.permission import EVERY
    from allmende.register.content import EthicsContent

    gate().publish(read_parts("konstanz", ("ethics.yaml",), EthicsContent).book, "bench")
    day, words = today(), Text("x", "x")
    sheets = (Sheet(slug=one.data_use, title=words, state="active", since=day, until=day) for one in EVERY)
    gate().publish_sheets(tuple(sheets), "bench")


def fill() -> object:
    """Make a process with many ideas and comments, and a survey."""
    from allmende.accounts.rules import SystemActor
    from allmende.kernel.clock import utc_now
    from allmende.participation.models import Comment, Contribution, Process
    from allmende.participation.services import processes, votes

    actor, now = SystemActor("system:bench"), utc_now()
    made = []
    for form in ("ideas", "survey"):
        texts = {f"{name}_{code}": "x" for name in ("title", "purpose", "audience", "office") for code in ("de", "en")}
        process = Process(slug=form, format=form, weight="mood", **texts)
        processes.found(actor, process, first_day=now - dt.timedelta(days=1))
        processes.move(actor, process, "open", now)
        made.append(Process.objects.prefetch_related("phases").get(pk=process.pk))
    ideas, survey = made
    rows = [
        Contribution(
            process=ideas,
            number=f"2026-{n:05}",
            kind="idea",
            title=f"Idee {n} für mehr Schatten am Platz {n % 97}",
            body="Ein Text, wie ihn Menschen schreiben. " * 8,
            received=now,
            due=now,
            text_digest=str(n),
            supports=n * 7919 % 500,
            longitude=9.13 + n % 100 / 1000,
            latitude=47.65 + n % 50 / 1000,
        )
        for n in range(IDEAS)
    ]
    Contribution.objects.bulk_create(rows, batch_size=2_000)
    first = Contribution.objects.earliest("pk").pk
    for start in range(0, COMMENTS, 10_000):
        said = [
            Comment(
                contribution_id=first + n % IDEAS, stance="pro", body="Das sehe ich auch so, weil es hilft.", at=now
            )
            for n in range(start, start + 10_000)
        ]
        Comment.objects.bulk_create(said, batch_size=5_000)
    for n in range(STATEMENTS):
        votes.add_statement(actor, survey, text_de=f"Aussage {n}", text_en=f"Statement {n}")
    return survey


def lists() -> None:
    """Ask for the list as a browser does."""
    from django.test import Client

    client, times = Client(), []
    for query in ("", "?folge=unterstuetzt", "?suche=platz+13", "?folge=unterstuetzt&ab=250-5000") * 3:
        start = time.perf_counter()
        answer = client.get(f"/mitmachen/ideas/beitraege/{query}")
        times.append(time.perf_counter() - start)
        assert answer.status_code == 200
    tell("list of 10,000 ideas", f"{median(times) * 1000:.0f} ms")


def ballots() -> None:
    """Take the votes of 100 people on 20 statements, each sent twice, by 50 at once."""
    from django.db import connection

    from allmende.kernel.clock import utc_now
    from allmende.participation.models import Process, Vote
    from allmende.participation.services import votes

    def write(writer: int) -> None:
        process = Process.objects.prefetch_related("phases").get(slug="survey")
        for person in range(writer // 2, PEOPLE, WRITERS // 2):
            for number in range(1, STATEMENTS + 1):
                votes.vote(process, number, f"person-{person}", "agree", utc_now())
        connection.close()

    start = time.perf_counter()
    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(write, range(WRITERS)))
    taken = 2 * PEOPLE * STATEMENTS
    tell("votes, 50 writers", f"{taken / (time.perf_counter() - start):,.0f}/s")
    tell("doubles", f"{Vote.objects.count() - PEOPLE * STATEMENTS}")


def digests() -> None:
    """Look for the mails of a day among 50,000 followers, of whom three have news."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from allmende.catalog.door import gate
    from allmende.kernel.clock import utc_now
    from allmende.participation.models import Contribution, Follower, Notice, Step
    from allmende.participation.services.notices import send_digests

    now, one = utc_now(), Contribution.objects.select_related("process").earliest("pk")
    names = {"process": one.process, "asked": now, "confirmed": now}
    rows = [Follower(contribution=one, email=f"{n}@example.org", **names) for n in range(FOLLOWERS)]
    Follower.objects.bulk_create(rows, batch_size=5_000)
    told = {"contribution": one, "at": now, "state": "checked", "office_de": "Amt", "office_en": "Office"}
    old, new = (Step.objects.create(**told) for _ in range(2))
    Notice.objects.bulk_create([Notice(follower=row, step=old, sent=now) for row in rows[3:]], batch_size=5_000)
    Notice.objects.bulk_create([Notice(follower=row, step=new) for row in rows[:3]])
    start = time.perf_counter()
    with CaptureQueriesContext(connection) as found:
        sent = send_digests(now, lambda name, word: f"https://city.example/{name}/{word}", gate())
    looking = sum(query["sql"].startswith(("SELECT", "DECLARE")) for query in found.captured_queries)
    tell("digest, 50,000 followers", f"{looking} query")
    tell("mails of it", f"{sent}")
    tell("time of it", f"{(time.perf_counter() - start) * 1000:.0f} ms")


def answer(first: int, last: int) -> None:
    """Let the people of these numbers answer all statements, half of them in each of two groups."""
    from django.db import connection

    from allmende.participation.models import Process, Topic, Voter

    survey = Process.objects.get(slug="survey")
    groups = [
        Topic.objects.get_or_create(process=survey, kind="group", slug=slug, title_de=slug, title_en=slug)[0]
        for slug in ("jung", "alt")
    ]
    rows = [Voter(process=survey, pseudonym=f"a-{n}", group=groups[n % 2]) for n in range(first, last + 1)]
    Voter.objects.bulk_create(rows, batch_size=5_000)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO participation_vote (statement_id, pseudonym, value) SELECT s.id, 'a-' || p, "
            "(p + s.number) %% 3 - 1 FROM participation_statement s CROSS JOIN generate_series(%s, %s) p",
            [first, last],
        )


def files(people: int) -> None:
    """Write the open data in a process of its own, and see what it takes."""
    code = (
        "import django;django.setup()\n"
        "from pathlib import Path;import os\n"
        "from allmende.kernel.clock import utc_now\n"
        "from allmende.participation.services.snapshot import write_snapshot\n"
        "from allmende.catalog.door import gate\n"
        "from django.urls import reverse;reverse('participate');gate()\n"
        # The most that this process itself held: getrusage would tell what its parent had held when it was begun.
        "most=lambda: int(Path('/proc/self/status').read_text().split('VmHWM:')[1].split()[0]) // 1024\n"
        "before=most();write_snapshot(Path(os.environ['ALLMENDE_HOME']), utc_now(), gate());print(before, most())"
    )
    start = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    tell("comments and answers", f"{COMMENTS:,} + {people * STATEMENTS:,}")
    tell("open data of them", f"{time.perf_counter() - start:.1f} s")
    before, most = map(int, done.stdout.split()[-2:])
    tell("memory of open data", f"{most - before} MB")
    tell("program before it", f"{before} MB")


def fill_sheets(first: int, last: int) -> None:
    """Let the people of these numbers answer ten questions, by the database alone."""
    from django.db import connection

    from allmende.kernel.clock import utc_now
    from allmende.participation.models import Process, Question

    process, made = Process.objects.get_or_create(
        slug="questionnaire", defaults={"format": "questionnaire", "state": "open"}
    )
    if made:
        steps = {"kind": "scale", "most": 5, "title_de": "x", "title_en": "x"}
        Question.objects.bulk_create(Question(process=process, number=n, **steps) for n in range(1, QUESTIONS + 1))
        process.phases.create(slug="answer", since=utc_now() - dt.timedelta(2), until=utc_now() - dt.timedelta(1))
    answers = ", ".join(f"'{n}', (p + {n}) %% 5 + 1" for n in range(1, QUESTIONS + 1))
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO participation_answersheet (process_id, pseudonym, channel, answers) "
            f"SELECT %s, md5(p::text), 'online', jsonb_build_object({answers}) FROM generate_series(%s, %s) p",
            [process.pk, first, last],
        )


def export(people: int) -> None:
    """Read the export of all sheets in a process of its own, line by line as it is sent, and see what it takes."""
    code = (
        "import django;django.setup()\n"
        "from pathlib import Path\n"
        "from allmende.participation import survey_queries as queries\n"
        "from allmende.participation.models import Process\n"
        "from allmende.portal.files import csv_lines\n"
        "from django.urls import reverse;reverse('participate')\n"
        "most=lambda: int(Path('/proc/self/status').read_text().split('VmHWM:')[1].split()[0]) // 1024\n"
        "process=Process.objects.get(slug='questionnaire');every=queries.asked(process);before=most()\n"
        "lines=sum(1 for _ in csv_lines(queries.raw_header(every), queries.raw_rows(process, every)))\n"
        "print(before, most(), lines)"
    )
    start = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    before, most, lines = map(int, done.stdout.split()[-3:])
    assert lines == people + 1
    tell("sheets exported", f"{people:,} × {QUESTIONS}")
    tell("time of it", f"{time.perf_counter() - start:.1f} s")
    tell("memory of the sheets", f"{most - before} MB")


def main() -> None:
    """Measure on a PostgreSQL database of its own."""
    url = os.environ.get("ALLMENDE_TEST_POSTGRES_URL", "")
    if not url:
        sys.exit("ALLMENDE_TEST_POSTGRES_URL names no PostgreSQL")
    databases = Databases(url)
    with tempfile.TemporaryDirectory() as home:
        os.environ |= {"ALLMENDE_HOME": home, "ALLMENDE_DATABASE_URL": databases.new()}
        os.environ["DJANGO_SETTINGS_MODULE"] = "allmende.serve.django_settings"
        from allmende.serve.founding import migrate
        from allmende.serve.settings import settings

        migrate(settings())
        permit()
        fill()
        lists()
        ballots()
        digests()
        answer(1, ANSWERS)
        files(ANSWERS)
        answer(ANSWERS + 1, 4 * ANSWERS)
        files(4 * ANSWERS)
        fill_sheets(1, SHEETS // 4)
        export(SHEETS // 4)
        fill_sheets(SHEETS // 4 + 1, SHEETS)
        export(SHEETS)
        tell("memory of this process", f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB")
        Path(home)
    databases.drop()


if __name__ == "__main__":
    main()
