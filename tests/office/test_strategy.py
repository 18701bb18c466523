"""A new version of the strategy begins with an old one, is worked on in the staff room, and is public once adopted."""

import datetime as dt

import pytest
from django.test import Client
from django.urls import reverse

from allmende.gate.door import Gate
from allmende.programme import models
from tests.office.conftest import SignIn, values_of

ADOPTED = dt.date(2026, 1, 15)


@pytest.fixture
def adopted(programme: Gate) -> models.StrategyVersion:
    """Give an adopted version with a statement that speaks of a project."""
    models.StrategyVersion.objects.all().delete()
    version = models.StrategyVersion.objects.create(
        number=1,
        adopted=ADOPTED,
        source=models.Source.objects.all()[0],
        **{"title_de": "Strategie", "title_en": "Strategy", "summary_de": "Kurz.", "summary_en": "Short."},
    )
    section = version.sections.create(key="lage", number="1", title_de="Lage", title_en="Situation")
    statement = section.statements.create(text_de="Die Stadt ist warm.", text_en="The city is warm.")
    statement.projects.add(models.Project.objects.all()[0])
    return version


def test_a_new_version_begins_with_the_old_one_and_is_public_once_adopted(
    adopted: models.StrategyVersion, sign_in: SignIn
) -> None:
    office = sign_in("office")
    page = office.post(reverse("office:strategies"), {"base": "1"}, follow=True)
    assert page.request["PATH_INFO"] == reverse("office:strategy", args=[2])
    draft = models.StrategyVersion.objects.get(number=2)
    statement = models.StrategyStatement.objects.get(section__version=draft)
    assert (draft.adopted, list(statement.projects.all())) == (None, [models.Project.objects.all()[0]])
    assert "Noch nichts." in page.content.decode()
    assert Client().get("/programm/strategie/2/").status_code == 404

    edit = reverse("strategieaussagen:edit", args=[statement.pk])
    assert edit in page.content.decode()
    office.post(edit, {**values_of(office.get(edit)), "text_de": "Die Stadt ist heiß."})
    text = office.get(reverse("office:strategy", args=[2])).content.decode()
    assert "<del>warm.</del>" in text
    assert "<ins>heiß.</ins>" in text

    decide = reverse("strategiefassungen:edit", args=[draft.pk])
    office.post(decide, {**values_of(office.get(decide)), "adopted": "2026-10-01"})
    assert "Die Stadt ist heiß." in Client().get("/programm/strategie/2/").content.decode()
    assert office.get(edit).status_code == 302
    assert models.StrategyStatement.objects.get(section__version=adopted).text_de == "Die Stadt ist warm."


def test_one_draft_at_a_time_and_only_by_who_writes(adopted: models.StrategyVersion, sign_in: SignIn) -> None:
    address = reverse("office:strategies")
    for role in ("auditor", "lead"):
        client = sign_in(role)
        assert "Aus dieser beginnen" not in client.get(address).content.decode()
        client.post(address, {"base": "1"})
        assert not models.StrategyVersion.objects.filter(adopted=None).exists()
    office = sign_in("office")
    assert office.post(address, {"base": "7"}).status_code == 404
    office.post(address, {"base": "1"})
    assert "wird schon gearbeitet" in office.post(address, {"base": "1"}, follow=True).content.decode()
    assert models.StrategyVersion.objects.count() == 2


def test_a_statement_is_added_where_the_address_says(adopted: models.StrategyVersion, sign_in: SignIn) -> None:
    office = sign_in("office")
    office.post(reverse("office:strategies"), {"base": "1"})
    section = models.StrategySection.objects.get(version__number=2)
    page = office.get(reverse("office:strategy", args=[2])).content.decode()
    add = f"{reverse('strategieaussagen:add')}?section={section.pk}&amp;position=1"
    assert add in page
    values = values_of(office.get(add.replace("&amp;", "&")))
    assert (values["section"], values["position"]) == (str(section.pk), "1")
