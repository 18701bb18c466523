"""What the Konstanz pack says arrives whole, to the cent and to the day, and once."""

import datetime as dt

import msgspec
import pytest
from django.db.models import Model

from allmende.accounts.models import AuditEntry
from allmende.kernel.errors import Invalid
from allmende.kernel.money import Money
from allmende.packs.read import Stations, read_parts
from allmende.programme import models
from allmende.programme.content import ProgrammeContent
from allmende.programme.rules import exact_shares
from allmende.programme.services import load_programme
from tests.programme.conftest import ACTOR

EVERYTHING: tuple[type[Model], ...] = (
    *(models.Programme, models.Source, models.TargetImage, models.Track, models.FundingRule, models.Body),
    *(models.Decision, models.Project, models.ProjectEvent, models.ProjectTarget, models.Partner, models.PlanVersion),
    *(models.ProjectCount, models.Milestone, models.MilestoneDate, models.ProgrammeEvent, models.Discrepancy),
    *(models.Gap, AuditEntry),
)


def _counts() -> dict[str, int]:
    return {model.__name__: model._default_manager.count() for model in EVERYTHING}


def test_loading_twice_changes_nothing(loaded: ProgrammeContent) -> None:
    before = _counts()
    assert not load_programme(ACTOR, content=loaded)
    assert _counts() == before


def test_loading_leaves_one_entry(loaded: ProgrammeContent) -> None:
    entry = AuditEntry.objects.get()
    assert (entry.verb, entry.actor, entry.after) == ("programme.loaded", ACTOR.name, {"projects": 22})


def test_everything_that_the_pack_says_is_there(loaded: ProgrammeContent) -> None:
    counts = _counts()
    assert counts["Project"] == len(loaded.projects) == 22
    assert counts["ProjectEvent"] == sum(len(project.events) for project in loaded.projects)
    assert counts["ProjectTarget"] == sum(len(project.targets) for project in loaded.projects)
    assert counts["Partner"] == sum(len(project.partners) for project in loaded.projects)
    assert counts["MilestoneDate"] == sum(len(milestone.dates) for milestone in loaded.milestones)
    assert all(count for count in counts.values())


@pytest.mark.django_db
def test_a_pack_with_a_decision_to_come_is_refused_whole(konstanz: ProgrammeContent) -> None:
    late = msgspec.structs.replace(konstanz.decisions[0], day=dt.date(2999, 1, 1))
    with pytest.raises(Invalid, match=f"decision {late.slug}.*2999-01-01"):
        load_programme(ACTOR, content=msgspec.structs.replace(konstanz, decisions=(*konstanz.decisions[1:], late)))
    assert not models.Source.objects.exists()


def test_the_three_plans_with_exact_shares_stand_to_the_cent(loaded: ProgrammeContent) -> None:
    plans = {plan.day: plan for plan in models.PlanVersion.objects.all()}
    for day, total, federal, own in (
        (dt.date(2021, 7, 31), 1_750_000_000, 1_137_500_000, 612_500_000),
        (dt.date(2024, 1, 25), 1_460_000_000, 950_000_000, 510_000_000),
        (dt.date(2025, 12, 16), 910_000_000, 600_000_000, 310_000_000),
    ):
        plan = plans[day]
        assert (plan.total_cents, plan.federal_cents, plan.own_cents) == (total, federal, own)
    programme = models.Programme.objects.get()
    assert (programme.rate_numerator, programme.rate_denominator) == (13, 20)


@pytest.mark.parametrize("cents", [1, 7, 19, 1_460_000_001, 910_000_000])
def test_thirteen_twentieths_and_the_rest_make_the_total_to_the_cent(cents: int) -> None:
    federal, own = exact_shares(Money(cents), 13, 20)
    assert federal.cents + own.cents == cents
    assert abs(federal.cents * 20 - cents * 13) < 20


def test_every_dated_fact_names_a_source_that_is_there(loaded: ProgrammeContent) -> None:
    sources = set(models.Source.objects.values_list("slug", flat=True))
    assert len(sources) == len(loaded.sources)
    for event in models.ProjectEvent.objects.select_related("source"):
        assert event.source.slug in sources
    assert not models.Project.objects.filter(sources=None).exists()
    assert all(source.publisher for source in models.Source.objects.all())


def test_both_languages_are_there_for_every_project(loaded: ProgrammeContent) -> None:
    for project in models.Project.objects.all():
        for field in ("title", "sentence", "purpose"):
            assert getattr(project, f"{field}_de").strip()
            assert getattr(project, f"{field}_en").strip()


def test_twelve_stations_stand_in_konstanz_and_the_one_that_was_guessed_says_so() -> None:
    stations = read_parts("konstanz", ("stations.yaml",), Stations).stations
    assert len(stations) == len({station.slug for station in stations}) == 12
    for station in stations:
        assert station.longitude is not None
        assert station.latitude is not None
        assert 9.13 < station.longitude < 9.23
        assert 47.65 < station.latitude < 47.70
    assert [station.slug for station in stations if station.position != "measured"] == ["bodanplatz"]


@pytest.mark.parametrize(
    ("part", "field", "sentence"),
    [
        ("plans", "source", "plan juli-2021 names “nobody”, which is not among sources"),
        ("decisions", "body", "decision klimanotstand names “nobody”, which is not among bodies"),
        ("milestones", "project", "names “nobody”, which is not among projects"),
    ],
)
def test_an_unknown_name_is_refused_with_its_place_and_nothing_is_loaded(
    db: None, konstanz: ProgrammeContent, part: str, field: str, sentence: str
) -> None:
    first, *others = getattr(konstanz, part)
    broken = msgspec.structs.replace(first, **{field: "nobody"})
    with pytest.raises(Invalid, match=sentence):
        load_programme(ACTOR, content=msgspec.structs.replace(konstanz, **{part: (broken, *others)}))
    assert not any(_counts().values())


def test_amounts_that_are_no_amounts_are_refused(db: None, konstanz: ProgrammeContent) -> None:
    plan = msgspec.structs.replace(konstanz.plans[0], total="about 17 million")
    with pytest.raises(Invalid):
        load_programme(ACTOR, content=msgspec.structs.replace(konstanz, plans=(plan,)))
    assert not any(_counts().values())
