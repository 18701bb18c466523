"""Findings of the city that has published none in this form: public facts with sources, the rest as gaps."""

import pytest
from django.test import Client

from allmende.packs.read import read_parts
from allmende.programme.models import Project
from allmende.transfer.content import FindingsContent
from allmende.transfer.models import FindingVersion
from allmende.transfer.services import load_findings
from tests.reports.conftest import ACTOR, load


@pytest.mark.django_db
def test_konstanz_shows_public_facts_with_their_sources_and_gaps_as_gaps() -> None:
    load("konstanz")
    load_findings(ACTOR, content=read_parts("konstanz", ("findings.yaml",), FindingsContent))
    page = Client().get("/erkenntnisse/klimadatenplattform/").content.decode()
    assert "https://github.com/sgc-kn/platform" in page
    assert "Kosten sind nicht veröffentlicht." in page
    assert "nicht untersucht" in page
    for version in FindingVersion.objects.filter(state="published"):
        assert version.told.sources
        assert version.told.costs == ()
    assert FindingVersion.objects.values("project").distinct().count() < Project.objects.count()
    assert Client().get("/erkenntnisse/vorhabenkarte/?stand=2026-01-01").status_code == 404
