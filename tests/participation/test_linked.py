"""What contributions lead into: projects, milestones, papers of the council; and how they go along with them."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from allmende.council.models import CouncilSystem, Paper
from allmende.gate.door import Gate
from allmende.kernel.clock import today, utc_now
from allmende.packs.read import read_parts
from allmende.participation.models import Contribution, Step
from allmende.participation.services import journey, notices
from allmende.participation.services.contributions import Draft, submit
from allmende.participation.services.following import go_along
from allmende.participation.services.journey import News
from allmende.programme.content import ProgrammeContent
from allmende.programme.models import Decision, Milestone, MilestoneDate, Project, ProjectEvent
from allmende.programme.queries import milestones_on, states_on
from allmende.programme.services import load_programme
from allmende.serve.founding import PROGRAMME_FILES
from tests.participation.conftest import ACTOR, Make, handed_in, staff
from tests.participation.test_journey import address, answered, follower

PAPER = "https://rat.example/oparl/paper/7"


@pytest.fixture
def programme(db: None) -> None:
    load_programme(ACTOR, content=read_parts("konstanz", PROGRAMME_FILES, ProgrammeContent))


def project_that(state: str) -> Project:
    return next(project for project, now in states_on(today(), ["certain", "likely"]) if now == state)


def linked(make: Make, **news: Any) -> Contribution:
    one, _ = handed_in(Client(), make())
    answered(one)
    journey.advance(ACTOR, number=one.number, news=News(state="linked", **news), now=utc_now())
    return one


def test_it_is_under_way_when_its_project_is_and_followers_hear_it_once(
    programme: None, make: Make, gate: Gate, mailoutbox: list[Any]
) -> None:
    project = project_that("decided")
    one = linked(make, project=project.slug)
    follower(one, "kim@example.org")
    assert go_along(utc_now(), gate) == 0
    words = {"text_de": "Es geht los.", "text_en": "It begins.", "source": project.events.all()[0].source}
    ProjectEvent.objects.create(project=project, state="running", day=today(), **words)
    assert (go_along(utc_now(), gate), go_along(utc_now(), gate)) == (1, 0)
    one.refresh_from_db()
    page = Client().get(f"/en/mitmachen/beitraege/{one.number}/").content.decode()
    assert (one.state, f"The project “{project.title_en}” is now: running" in page) == ("underway", True)
    notices.send_digests(utc_now(), address, gate)
    assert project.title_de in mailoutbox[0].body


def test_it_is_done_when_every_milestone_is_reached(programme: None, make: Make, gate: Gate) -> None:
    first, second = [row.milestone for row in milestones_on(today()) if row.view.state in ("ahead", "late")][:2]
    one = linked(make, milestone=first.pk)
    journey.advance(ACTOR, number=one.number, news=News(state="linked", milestone=second.pk), now=utc_now())
    for milestone, state in ((first, "linked"), (second, "done")):
        MilestoneDate.objects.create(
            milestone=milestone, kind="actual", day=today(), known_since=today(), evidence="Protokoll"
        )
        go_along(utc_now(), gate)
        one.refresh_from_db()
        assert one.state == state
    page = Client().get(f"/mitmachen/beitraege/{one.number}/").content.decode()
    assert f"#meilenstein-{second.slug}" in page


def test_looking_takes_the_same_queries_for_three_and_for_thirty(programme: None, make: Make, gate: Gate) -> None:
    process = make()
    projects = [project.slug for project, _ in states_on(today(), ["certain", "likely"])][:6]
    milestones = [row.milestone.pk for row in milestones_on(today()) if row.view.state in ("ahead", "late")][:6]

    def more(count: int) -> int:
        for at in range(count):
            draft = Draft(kind="idea", title=f"Idee {at}")
            one = submit(ACTOR, process, draft, proven=True, confirmed=True, now=utc_now()).contribution
            answered(one)
            led = News(state="linked", project=projects[at % len(projects)], milestone=milestones[at % len(milestones)])
            journey.advance(ACTOR, number=one.number, news=led, now=utc_now())
        go_along(utc_now(), gate)
        with CaptureQueriesContext(connection) as caught:
            assert go_along(utc_now(), gate) == 0
        return len(caught)

    assert more(3) == more(27)


def test_a_milestone_leads_to_the_page_of_its_project_too(programme: None, make: Make) -> None:
    milestone = Milestone.objects.exclude(project=None)[0]
    one = linked(make, milestone=milestone.pk)
    assert milestone.project is not None
    assert one.number in Client().get(f"/projekte/{milestone.project.slug}/").content.decode()


def test_a_paper_of_the_council_stands_on_both_sides(programme: None, make: Make) -> None:
    system = CouncilSystem.objects.create(url="https://rat.example/oparl", title="Rat")
    Paper.objects.create(
        system=system, url=PAPER, name="Bänke am Seerhein", reference="2026/117", web="https://rat.example/117"
    )
    Decision.objects.filter(pk=Decision.objects.all()[0].pk).update(oparl="https://rat.example/117")
    one, _ = handed_in(Client(), make())
    answered(one)
    desk, _ = staff("office")
    path = f"/intern/beteiligung/beitrag/{one.number}/"
    step = {"deed": "step", "state": "answered", "outcome": "accepted", "note_de": "Ja", "note_en": "Yes"}
    offices = {"office_de": "Amt", "office_en": "Office"}
    wrong = desk.post(path, {**step, **offices, "paper": "2026/999"})
    assert "kein angeschlossenes Ratsinformationssystem" in wrong.content.decode()
    assert desk.post(path, {**step, **offices, "paper": "2026/117"}).status_code == 302
    assert Step.objects.exclude(paper="").get().paper == PAPER
    assert "2026/117 Bänke am Seerhein" in Client().get(f"/mitmachen/beitraege/{one.number}/").content.decode()
    assert one.number in Client().get("/programm/").content.decode()
