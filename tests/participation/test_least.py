"""Nothing that is published tells of one to nine people: pages, files and open data of one process, read as anybody."""

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from allmende.catalog import door
from allmende.kernel.clock import utc_now
from allmende.participation import workshop_queries
from allmende.participation.methods.least import LEAST_GROUP, enough, told
from allmende.participation.methods.opinions.groups import Settings, find_groups
from allmende.participation.methods.opinions.votes import Votes
from allmende.participation.models import Contribution, Process
from allmende.participation.services.contributions import Draft, submit
from allmende.participation.services.snapshot import write_snapshot
from tests.participation.conftest import ACTOR, Make

COUNTS = (0, 1, 4, 9, 10, 11, 37)


@pytest.fixture
def supported(make: Make) -> Process:
    """Give a process whose ideas have so many supporters as their titles say."""
    process = make()
    for count in COUNTS:
        draft = Draft(kind="idea", title=f"Mit {count} Stimmen", category="schatten")
        one = submit(ACTOR, process, draft, proven=True, confirmed=True, now=utc_now()).contribution
        Contribution.objects.filter(pk=one.pk).update(supports=count)
    return process


@given(st.integers(0, 100_000))
def test_nobody_or_ten_are_told(people: int) -> None:
    assert told(people) == (people if people == 0 or people >= LEAST_GROUP else None)
    assert (told(people) is not None) == enough(people)


def test_supporters_are_told_from_ten_on_wherever_they_stand(supported: Process, tmp_path: Path) -> None:
    client, wanted = Client(), {f"Mit {count} Stimmen": told(count) for count in COUNTS}
    numbers = dict(Contribution.objects.values_list("title", "number"))
    for title, count in wanted.items():
        page = client.get(f"/mitmachen/beitraege/{numbers[title]}/").content.decode()
        shown = re.search(r"Unterstützt von</dt><dd>([^<]*)<", page)
        assert shown and shown[1].strip() == ("weniger als zehn" if count is None else str(count))
    page = client.get(f"/en/mitmachen/{supported.slug}/beitraege/").content.decode()
    assert len(re.findall("fewer than ten supporters", page)) == sum(count is None for count in wanted.values())
    for listed in (page, client.get(f"/mitmachen/{supported.slug}/beitraege/?folge=unterstuetzt").content.decode()):
        assert not re.search(r"\b[1-9] (unterstütz|support)", listed)
    write_snapshot(tmp_path, utc_now(), door.gate())
    live = client.get(f"/mitmachen/{supported.slug}/beitraege.csv").getvalue().decode()
    (folder,) = (tmp_path / "open-data/participation").iterdir()
    for text in (live, (folder / "contributions.csv").read_text()):
        rows = {row["title"]: row["supports"] for row in csv.DictReader(io.StringIO(text))}
        assert rows == {title: "" if count is None else str(count) for title, count in wanted.items()}
    features = json.loads((folder / "dipas-contributions.geojson").read_text())["features"]
    assert {one["properties"]["title"]: one["properties"]["votingPro"] for one in features} == wanted


def test_neither_order_nor_next_page_tell_who_has_more_of_few(supported: Process, monkeypatch: Any) -> None:
    monkeypatch.setattr("allmende.participation.queries.PAGE", 2)
    client, titles, query = Client(), [], ""
    for _ in COUNTS:
        page = client.get(f"/mitmachen/{supported.slug}/beitraege/?folge=unterstuetzt{query}").content.decode()
        titles += re.findall(r"Mit \d+ Stimmen", page)
        after = re.findall(r"ab=\d+-\d+", page)[-1:]
        if not after or after[0] in query:
            break
        assert not 0 < int(after[0][3:].partition("-")[0]) < LEAST_GROUP
        query = f"&{after[0]}"
    assert list(dict.fromkeys(titles)) == [f"Mit {count} Stimmen" for count in (37, 11, 10, 9, 4, 1, 0)]
    Contribution.objects.filter(title="Mit 1 Stimmen").update(supports=9)
    Contribution.objects.filter(title="Mit 9 Stimmen").update(supports=1)
    again = client.get(f"/mitmachen/{supported.slug}/beitraege/?folge=unterstuetzt&ab=0-999999").content.decode()
    assert re.findall(r"Mit (\d+) Stimmen", again)[:1] == ["9"]


@given(st.integers(0, 30), st.integers(0, 30), st.integers(1, 9))
@settings(max_examples=30, deadline=None)
def test_opinion_groups_do_not_count_few_people_nor_those_left_out(many: int, few: int, least: int) -> None:
    rows = [(person, at, person % 2 * 2 - 1) for person in range(many) for at in range(9)]
    rows += [(100 + person, at, 1) for person in range(few) for at in range(least)]
    found = find_groups(Votes.from_rows(rows), Settings("s")).published
    for count in (found.people, found.placed):
        assert count is None or enough(count)
    if found.people is not None and found.placed is not None:
        assert enough(found.people - found.placed)
    if many + few < LEAST_GROUP and many + few:
        assert (found.people, found.placed, found.votes) == (None, None, None)
    for one in found.opinions:
        assert one.all is None or one.all.agree + one.all.disagree + one.all.passed >= LEAST_GROUP


@pytest.mark.parametrize(("places", "taken", "free"), [(40, 0, 40), (40, 3, None), (40, 12, 28), (3, 3, 0), (3, 0, 3)])
def test_free_places_do_not_tell_how_few_registered(places: int, taken: int, free: int | None) -> None:
    from allmende.participation.models import Workshop

    assert workshop_queries.Seats(Workshop(places=places, came=taken), taken, 0).free == free
