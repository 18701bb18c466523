"""The office and project leads at work: own projects only, two at once, taking back, deleting, tasks, reminders."""

import datetime as dt
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from allmende.accounts.models import AuditEntry, Person
from allmende.accounts.services import create_person
from allmende.portal.office.tasks import reminders_of
from allmende.programme import models
from allmende.programme.services.reminders import send_digests
from tests.office.conftest import ACTOR, PASSWORD, SignIn, person, values_of

pytestmark = pytest.mark.usefixtures("programme")
TODAY = dt.date(2026, 6, 1)


def _project(slug: str) -> models.Project:
    return models.Project.objects.get(slug=slug)


def _edit(project: models.Project) -> str:
    return reverse("projekte:edit", args=[project.pk])


@pytest.fixture
def leads() -> tuple[Client, Client]:
    """Give two leads, of the data platform and of the inner city."""
    clients = []
    for slug in ("klimadatenplattform", "innenstadt-von-morgen"):
        lead = create_person(ACTOR, email=f"{slug}@example.org", password=PASSWORD, roles=["lead"])
        _project(slug).leads.add(lead)
        client = Client()
        client.force_login(lead)
        clients.append(client)
    return clients[0], clients[1]


def _titles(response: Any) -> set[str]:
    return {str(row) for row in response.context["object_list"]}


def test_two_leads_see_and_write_only_their_own_projects(leads: tuple[Client, Client]) -> None:
    first, second = leads
    own, other = _project("klimadatenplattform"), _project("innenstadt-von-morgen")
    assert _titles(first.get(reverse("projekte:index"))) == {str(own)}
    assert _titles(second.get(reverse("projekte:index"))) == {str(other)}
    for client, mine, foreign in ((first, own, other), (second, other, own)):
        assert client.get(_edit(mine)).status_code == 200
        for name in ("edit", "inspect", "history"):
            refused = client.get(reverse(f"projekte:{name}", args=[foreign.pk]))
            assert (refused.status_code, refused["Location"]) == (302, reverse("wagtailadmin_home"))
        before = foreign.sentence_de
        client.post(_edit(foreign), {"sentence_de": "übernommen"})
        foreign.refresh_from_db()
        assert foreign.sentence_de == before


def test_a_lead_adds_a_milestone_to_the_own_project_and_to_no_other(leads: tuple[Client, Client]) -> None:
    first, _ = leads
    sent = {
        **{"title_de": "Neu", "title_en": "New", "text_de": "x", "text_en": "x", "slug": "neu"},
        "source": models.Source.objects.first().pk,  # type: ignore[union-attr]
    }
    add = reverse("meilensteine:add")
    for foreign in (_project("innenstadt-von-morgen").pk, ""):
        assert first.post(add, {**sent, "project": foreign}).status_code == 200
        assert not models.Milestone.objects.filter(slug="neu").exists()
    assert first.post(add, {**sent, "project": _project("klimadatenplattform").pk}).status_code == 302
    assert models.Milestone.objects.get(slug="neu").project == _project("klimadatenplattform")


def test_who_comes_second_sees_both_versions_and_loses_nothing(sign_in: SignIn) -> None:
    project = _project("klimadatenplattform")
    office, administrator = sign_in("office"), sign_in("administrator")
    mine, theirs = values_of(office.get(_edit(project))), values_of(administrator.get(_edit(project)))
    assert administrator.post(_edit(project), {**theirs, "sentence_de": "Von der anderen."}).status_code == 302
    clash = office.post(_edit(project), {**mine, "sentence_de": "Von mir."})
    page = clash.content.decode()
    assert clash.status_code == 409
    assert "administrator@example.org" in page
    assert [(row[1], row[2]) for row in clash.context["clash"]] == [("Von der anderen.", "Von mir.")]
    project.refresh_from_db()
    assert project.sentence_de == "Von der anderen."
    again = values_of(clash)
    assert again["sentence_de"] == "Von mir."
    assert office.post(_edit(project), again).status_code == 302
    project.refresh_from_db()
    assert project.sentence_de == "Von mir."


def test_a_change_is_taken_back_once_and_not_over_a_later_one(sign_in: SignIn) -> None:
    project, office = _project("klimadatenplattform"), sign_in("office")
    history, before = reverse("projekte:history", args=[project.pk]), project.sentence_de
    for sentence in ("Erst so.", "Dann so."):
        values = values_of(office.get(_edit(project)))
        assert office.post(_edit(project), {**values, "sentence_de": sentence}).status_code == 302
    newest, first = AuditEntry.objects.filter(subject=f"programme.project:{project.pk}")[:2]
    refused = office.post(history, {"undo": first.pk}, follow=True)
    assert "danach noch einmal geändert" in refused.content.decode()
    for entry, sentence in ((newest, "Erst so."), (first, before)):
        office.post(history, {"undo": entry.pk})
        project.refresh_from_db()
        assert project.sentence_de == sentence
    assert sign_in("auditor").post(history, {"undo": newest.pk}).status_code == 302
    project.refresh_from_db()
    assert project.sentence_de == before


def test_a_project_in_use_is_not_deleted_and_it_is_said_where_it_is_used(sign_in: SignIn) -> None:
    project = _project("klimadatenplattform")
    page = sign_in("office").post(reverse("projekte:delete", args=[project.pk]), follow=True).content.decode()
    assert "wird noch gebraucht" in page
    assert "Projektereignis „Erste Wettersensoren werden montiert.“" in page
    assert models.Project.objects.filter(pk=project.pk).exists()


@pytest.mark.parametrize(
    ("state", "day", "words"),
    [("permanent", "2026-01-01", "kann „verstetigt“ nicht folgen"), ("pilot-finished", "2999-01-01", "in der Zukunft")],
)
def test_a_forbidden_state_is_refused_in_the_form(sign_in: SignIn, state: str, day: str, words: str) -> None:
    project = _project("klimadatenplattform")
    sent = {
        **{"project": project.pk, "state": state, "day": day, "precision": "day", "certain": "on"},
        **{"text_de": "x", "text_en": "x", "source": models.Source.objects.first().pk},  # type: ignore[union-attr]
    }
    before = models.ProjectEvent.objects.count()
    page = sign_in("office").post(reverse("projektereignisse:add"), sent).content.decode()
    assert words in page
    assert models.ProjectEvent.objects.count() == before


def test_the_form_takes_no_decision_of_the_future(sign_in: SignIn) -> None:
    sent = {
        **{"title_de": "Neu", "title_en": "New", "text_de": "x", "text_en": "x", "slug": "neu", "precision": "day"},
        **{"body": models.Body.objects.all()[0].pk, "source": models.Source.objects.all()[0].pk},
    }
    office, add = sign_in("office"), reverse("beschluesse:add")
    assert "in der Zukunft" in office.post(add, {**sent, "day": "2999-01-01"}).content.decode()
    assert not models.Decision.objects.filter(slug="neu").exists()
    assert office.post(add, {**sent, "day": "2026-01-01"}).status_code == 302


def test_the_form_takes_no_milestone_as_reached_without_evidence(sign_in: SignIn) -> None:
    milestone = models.Milestone.objects.get(slug="datenethik-beschluss")
    sent = {"milestone": milestone.pk, "kind": "actual", "day": "2024-03-01", "precision": "day"}
    sent["known_since"] = "2024-03-01"
    office, add = sign_in("office"), reverse("meilensteindaten:add")
    assert "nur mit Nachweis" in office.post(add, sent).content.decode()
    assert office.post(add, {**sent, "evidence": "Niederschrift"}).status_code == 302
    assert milestone.dates.get(kind="actual").evidence == "Niederschrift"


def test_weights_are_entered_together_by_the_lead(leads: tuple[Client, Client]) -> None:
    first, second = leads
    address = reverse("office:weights", args=["klimadatenplattform"])
    sent = {"since": "2026-01-01", "target-ressourcen": "60", "target-lebensqualitaet": "39"}
    assert "9900 statt 10000" in first.post(address, sent).content.decode()
    assert first.post(address, {**sent, "target-lebensqualitaet": "40"}).status_code == 302
    assert sorted(models.Weight.objects.values_list("basis_points", flat=True)) == [4000, 6000]
    assert second.post(address, sent).status_code == 302
    assert models.Weight.objects.count() == 2


def test_tasks_are_those_of_the_person(sign_in: SignIn, leads: tuple[Client, Client]) -> None:
    all_tasks = sign_in("office").get(reverse("office:tasks")).content.decode()
    assert "Konzept zur Datenethik beschlossen" in all_tasks
    assert "Beschluss ohne Vorlage" in all_tasks
    own = leads[0].get(reverse("office:tasks")).content.decode()
    assert "Konzept zur Datenethik beschlossen" not in own
    assert "Beschluss ohne Vorlage" not in own
    assert sign_in("office").get(reverse("office:tasks-csv")).content.startswith(b"kind,what,project,due,late")


def test_reminders_come_once_a_week_to_the_office_unless_not_wanted(sign_in: SignIn) -> None:
    office = sign_in("office")
    assert send_digests(TODAY, base="https://stadt.example", lines_of=reminders_of) == 1
    assert send_digests(TODAY + dt.timedelta(days=6), base="https://stadt.example", lines_of=reminders_of) == 0
    (letter,) = mail.outbox
    assert letter.to == ["office@example.org"]
    assert "Konzept zur Datenethik beschlossen" in letter.body
    assert "https://stadt.example/intern/erinnerungen/" in letter.body
    office.post(reverse("office:reminders"), {})
    assert send_digests(TODAY + dt.timedelta(days=30), base="https://stadt.example", lines_of=reminders_of) == 0
    office.post(reverse("office:reminders"), {"wanted": "1"})
    assert send_digests(TODAY + dt.timedelta(days=30), base="https://stadt.example", lines_of=reminders_of) == 1


def test_a_lead_without_anything_late_gets_no_reminder(leads: tuple[Client, Client]) -> None:
    assert Person.objects.filter(groups__name="lead").count() == 2
    assert person("office").is_active
    send_digests(TODAY, base="", lines_of=reminders_of)
    assert [letter.to for letter in mail.outbox] == [["office@example.org"]]
