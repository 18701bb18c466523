"""Fifty who vote at once, each vote sent by several: PostgreSQL keeps one of each, whoever comes first."""

import os
import subprocess
import sys

import psycopg
import pytest

from tests.postgres import Databases

pytestmark = pytest.mark.postgres

# A process of its own: Django speaks to one database in the life of a process.
RACE = """
import datetime as dt
from concurrent.futures import ThreadPoolExecutor
import django
django.setup()
from django.core.management import call_command
from django.db import connection
from allmende.accounts.rules import SystemActor
from allmende.kernel.clock import utc_now
from allmende.participation.models import Contribution, Process, Support, Vote
from allmende.participation.services import contributions, processes, votes
for app in ("accounts", "participation"):
    call_command("migrate", app, verbosity=0)
actor, now = SystemActor("system:test"), utc_now()
names = {f"{name}_{code}": "x" for name in ("title", "purpose", "audience", "office") for code in ("de", "en")}
found = {}
for form in ("survey", "ideas"):
    process = Process(slug=form, format=form, weight="mood", **names)
    processes.found(actor, process, first_day=now - dt.timedelta(days=1))
    processes.move(actor, process, "open", now)
    found[form] = Process.objects.get(pk=process.pk)
for number in range(4):
    votes.add_statement(actor, found["survey"], text_de="x", text_en="x")
draft = contributions.Draft(kind="idea", title="Eine Idee")
idea = contributions.submit(actor, found["ideas"], draft, proven=True, confirmed=True, now=now).contribution
def write(writer):
    process = Process.objects.prefetch_related("phases").get(slug="survey")
    for turn in range(12):
        person = f"person-{(writer + turn) % 5}"
        votes.vote(process, turn % 4 + 1, person, ("agree", "disagree")[turn % 2], utc_now())
        contributions.support(Contribution.objects.get(pk=idea.pk), person, utc_now())
    connection.close()
with ThreadPoolExecutor(50) as pool:
    list(pool.map(write, range(50)))
idea.refresh_from_db()
print(Vote.objects.count(), Support.objects.count(), idea.supports)
"""


def test_nobody_counts_twice_however_many_send_at_once(postgres: Databases) -> None:
    url = postgres.new()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA city")
    environment = {
        **os.environ,
        "ALLMENDE_PORTAL_DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": "allmende.serve.django_settings",
    }
    done = subprocess.run(
        [sys.executable, "-c", RACE], env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.split() == ["20", "5", "5"]
