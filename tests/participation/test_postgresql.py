"""What differs between the databases and must not be seen: conditions of searches, and numbers kept as bytes."""

import pytest

from tests.postgres import Databases, told_by

pytestmark = pytest.mark.postgres

SAME = """
import datetime as dt
import django
django.setup()
import numpy as np
from django.core.management import call_command
from allmende.accounts.rules import SystemActor
from allmende.kernel.clock import utc_now
from allmende.participation import hint_queries, queries
from allmende.participation.models import Learned, Process
from allmende.participation.search import Search, written
from allmende.participation.services import contributions, processes, searches
from allmende.register.around import Point
for app in ("accounts", "participation"):
    call_command("migrate", app, verbosity=0)
actor, now = SystemActor("system:test"), utc_now()
names = {f"{name}_{code}": "x" for name in ("title", "purpose", "audience", "office") for code in ("de", "en")}
process = Process(slug="ideas", format="ideas", weight="mood", **names)
processes.found(actor, process, first_day=now - dt.timedelta(days=1))
processes.move(actor, process, "open", now)
here, there = Point(9.17, 47.66), Point(9.18, 47.66)
for title, point in (("Überweg am Öhmdwiesenweg", here), ("Bänke 100%", there), ("Bank", None)):
    draft = contributions.Draft(kind="idea", title=title, body="ÄLTERE", point=point)
    contributions.submit(actor, process, draft, proven=True, confirmed=True, now=now)
around = {"longitude": 9.17, "latitude": 47.66, "radius": 500}
asked = [
    Search(words="überweg ältere"), Search(words="BÄNKE 100%"), Search(words="bank"), Search(**around),
    Search(words="100%", **around), Search(),
]
for search in asked:
    wanted = searches.wanted_of(search, "idea")
    listed = [one.title for one in queries.listing(process, wanted).rows]
    found = [one.title for one in queries.shown(process) if searches.finding(one, [written(search)])]
    assert listed == found, (search, listed, found)
    print(len(found))
kept = np.arange(5, dtype=np.float32)
Learned.objects.create(pk=1, looked=now, facts="{}", weights=kept.tobytes(), bias=0.5)
print(hint_queries.weights().places.tolist() == kept.tolist())
"""


def test_searches_and_weights_are_the_same_on_postgresql(postgres: Databases) -> None:
    assert told_by(postgres, SAME).split() == ["1", "1", "1", "1", "0", "3", "True"]
