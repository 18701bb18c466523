"""Weights, states, dates, conditions and strategy of the fictional Musterstadt, as of a day, and what is refused."""

import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client

from allmende.accounts.models import AuditEntry
from allmende.kernel.errors import Invalid
from allmende.kernel.text import Text
from allmende.programme import models, queries
from allmende.programme.queries.schedule import critical_chain, moved_since
from allmende.programme.queries.steering import conditions_on, dependencies_on, measures_on, risks_on, shares_on
from allmende.programme.queries.strategy import difference, strategies_until, strategy
from allmende.programme.queries.tasks import tasks_on
from allmende.programme.services.projects import change_state, set_date, set_weights
from tests.programme.conftest import ACTOR

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("town")]
REASON = Text("weil", "because")


def _day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def _project(slug: str) -> models.Project:
    return models.Project.objects.get(slug=slug)


def _source() -> models.Source:
    return models.Source.objects.get(slug="protokoll")


@pytest.mark.parametrize(
    ("on", "shares"),
    [("2025-10-15", {"leben": 8000, "teilhabe": 2000}), ("2025-10-16", {"leben": 7000, "teilhabe": 3000})],
)
def test_weights_are_those_of_the_day(on: str, shares: dict[str, int]) -> None:
    project = _project("innenstadt")
    found = shares_on(_day(on), [project])[project.pk]
    assert {share.target.slug: share.basis_points for share in found} == shares


def test_a_missing_weight_is_unknown_and_no_equal_share() -> None:
    project = _project("wasser")
    assert [share.basis_points for share in shares_on(_day("2026-01-01"), [project])[project.pk]] == [None]


def test_weights_that_make_no_whole_are_refused_and_sound_ones_are_kept_beside_the_old() -> None:
    project = _project("innenstadt")
    with pytest.raises(Invalid, match="9999 instead of 10000"):
        set_weights(ACTOR, project=project, since=_day("2026-01-01"), weights={"leben": 5000, "teilhabe": 4999})
    set_weights(ACTOR, project=project, since=_day("2026-01-01"), weights={"leben": 10_000})
    now, before = (shares_on(_day(day), [project])[project.pk] for day in ("2026-01-01", "2025-12-31"))
    assert [share.basis_points for share in now] == [10_000, None]
    assert [share.basis_points for share in before] == [7000, 3000]
    assert AuditEntry.objects.first().verb == "programme.weights_set"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("slug", "state", "day", "sentence"),
    [
        ("barrierefrei", "permanent", "2026-01-01", "cannot follow"),
        ("parken", "running", "2026-01-01", "Possible are: none any more"),
        ("barrierefrei", "running", "2999-01-01", "lies in the future"),
    ],
)
def test_a_state_that_may_not_be_is_refused_with_its_reason(slug: str, state: str, day: str, sentence: str) -> None:
    with pytest.raises(Invalid, match=sentence):
        change_state(ACTOR, project=_project(slug), state=state, day=_day(day), reason=REASON, source=_source())


def test_a_decision_after_the_event_is_refused_and_without_it_the_project_moves() -> None:
    late = models.Decision.objects.get(slug="licht-dauerbetrieb")
    about = {"project": _project("barrierefrei"), "state": "running", "day": _day("2024-05-01"), "source": _source()}
    with pytest.raises(Invalid, match="came only after the event"):
        change_state(ACTOR, **about, reason=REASON, decision=late)  # type: ignore[arg-type]
    change_state(ACTOR, **about, reason=REASON)  # type: ignore[arg-type]
    states = [queries.project_on("barrierefrei", _day(day)) for day in ("2024-04-30", "2024-05-01")]
    assert [view.state for view in states if view] == ["decided", "running"]


def test_a_decision_in_the_future_is_refused() -> None:
    decision = models.Decision.objects.get(slug="strategie")
    decision.day = _day("2999-01-01")
    with pytest.raises(ValidationError, match="2999-01-01"):
        decision.full_clean()


def test_reached_needs_evidence_in_the_service_and_in_the_database() -> None:
    milestone = models.Milestone.objects.get(slug="rad-kreuzungen")
    with pytest.raises(Invalid, match="only with evidence"):
        set_date(ACTOR, milestone=milestone, kind="actual", day=_day("2026-11-01"))
    with pytest.raises(IntegrityError), transaction.atomic():
        milestone.dates.create(kind="actual", day=_day("2026-11-01"), known_since=_day("2026-11-01"))
    set_date(ACTOR, milestone=milestone, kind="actual", day=_day("2026-11-01"), evidence="Abnahme")
    (row,) = [row for row in queries.milestones_on(_day("2999-01-01")) if row.milestone == milestone]
    assert row.view.state == "done"


def test_withdrawn_evidence_needs_a_reason_and_opens_the_milestone_in_every_list() -> None:
    milestone = models.Milestone.objects.get(slug="rad-kreuzungen")
    with pytest.raises(Invalid, match="neither as reached nor reported"):
        set_date(ACTOR, milestone=milestone, kind="withdrawn", day=_day("2026-11-10"), reason=REASON)
    set_date(ACTOR, milestone=milestone, kind="actual", day=_day("2026-11-01"), evidence="Abnahme")
    with pytest.raises(Invalid, match="evidence is withdrawn"):
        set_date(ACTOR, milestone=milestone, kind="withdrawn", day=_day("2026-11-10"))
    with pytest.raises(Invalid, match="future"):
        set_date(ACTOR, milestone=milestone, kind="withdrawn", day=_day("2999-01-01"), reason=REASON)
    assert milestone in queries.milestones_known(_day("2999-01-01"), state="done")
    set_date(ACTOR, milestone=milestone, kind="withdrawn", day=_day("2026-11-10"), reason=REASON)
    assert milestone not in queries.milestones_known(_day("2999-01-01"), state="done")
    assert milestone in queries.milestones_known(_day("2999-01-01"), state="late")
    page = Client().get("/en/meilensteine/?projekt=radverkehr").content.decode()
    assert "because" in page
    assert "Evidence withdrawn" in Client().get("/en/programm/aenderungen/").content.decode()


def test_weights_stay_a_whole_when_a_target_image_is_named_no_more() -> None:
    project = _project("innenstadt")
    models.ProjectTarget.objects.filter(project=project, target__slug="teilhabe").delete()
    shares = shares_on(_day("2026-01-01"), [project])[project.pk]
    assert sum(share.basis_points or 0 for share in shares) == 10_000


def test_a_moved_date_needs_a_reason_and_keeps_the_old_one() -> None:
    milestone = models.Milestone.objects.get(slug="barrierefrei-karte")
    with pytest.raises(Invalid, match="had the date 2027-03-31 already"):
        set_date(ACTOR, milestone=milestone, kind="forecast", day=_day("2027-06-30"), known_since=_day("2026-10-01"))
    set_date(
        *(ACTOR,),
        milestone=milestone,
        kind="forecast",
        day=_day("2027-06-30"),
        known_since=_day("2026-10-01"),
        reason=REASON,
    )
    (move,) = [row.move for row in moved_since(_day("2026-09-30"), _day("2026-11-01")) if row.milestone == milestone]
    assert (move.before.day, move.after.day, move.days) == (_day("2027-03-31"), _day("2027-06-30"), 91)
    assert moved_since(_day("2026-10-01"), _day("2026-10-02")) == []


def test_milestones_that_wait_for_each_other_are_refused() -> None:
    first, last = (models.Milestone.objects.get(slug=slug) for slug in ("licht-vergabe", "licht-auswertung"))
    need = models.MilestoneNeed(milestone=first, needed=last, since=_day("2026-01-01"))
    with pytest.raises(ValidationError, match="Ein Jahr ausgewertet"):
        need.full_clean()


def test_the_longest_chain_leads_from_the_platform_to_the_proof() -> None:
    chain = critical_chain(_day("2026-11-01"))
    assert chain is not None
    slugs = [row.milestone.slug for row in chain.rows]
    assert slugs == ["plattform-betrieb", "klima-stationen", "klima-karte", "innenstadt-umbau", "nachweis-b"]
    assert (chain.days, chain.unknown) == (105 + 120 + 280 + 820 + 180, 0)


def test_milestones_by_columns_and_by_rules_have_the_same_state() -> None:
    for on in ("2023-08-01", "2024-08-25", "2025-11-10", "2026-09-15", "2026-11-20"):
        views = queries.milestones_on(_day(on))
        for state in ("done", "unproven", "late", "ahead"):
            by_columns = {row.milestone.slug for row in queries.milestones_on(_day(on), state=state)}
            assert by_columns == {row.milestone.slug for row in views if row.view.state == state}
        shown = [row.view.shown.day for row in views if row.view.shown]
        assert shown == sorted(shown)


@pytest.mark.parametrize(("on", "state"), [("2024-01-01", "unknown"), ("2024-12-31", "not-met"), ("2026-03-31", "met")])
def test_a_condition_has_the_state_of_the_day(on: str, state: str) -> None:
    (view,) = [view for view in conditions_on(_day(on)) if view.condition.slug == "drittel"]
    assert view.state == state


def test_risks_measures_and_interplay_are_those_of_the_day() -> None:
    def state(on: str) -> tuple[str, int]:
        (view,) = [view for view in risks_on(_day(on)) if view.risk.slug == "personal"]
        return view.now.state, view.weight

    assert [state("2024-09-30"), state("2024-10-01"), state("2026-03-01")] == [
        ("open", 16),
        ("handled", 6),
        ("over", 2),
    ]
    assert dependencies_on(_day("2025-10-15")).filter(project__slug="parken").count() == 0
    assert dependencies_on(_day("2025-06-11")).filter(project__slug="parken").count() == 1
    m2 = next(view for view in measures_on(_day("2025-06-11")) if view.measure.slug == "m2")
    assert [link.project.slug for link in m2.links] == ["radverkehr", "parken", "barrierefrei"]


def test_the_strategy_is_that_of_the_day_and_an_adopted_one_stays() -> None:
    assert [row.number for row in strategies_until(_day("2025-10-15"))] == [1]
    assert strategy(2, _day("2025-10-15")) is None
    before, after = strategy(1, _day("2026-01-01")), strategy(2, _day("2026-01-01"))
    assert before is not None
    assert after is not None
    with pytest.raises(ValidationError):
        after.full_clean()
    sections = {(one.after or one.before).key: one for one in difference(before, after, "en")}  # type: ignore[union-attr]
    assert sections["parken"].after is None
    assert sections["danach"].before is None
    gone = " ".join(one.words for one in sections["ausgangslage"].passages if one.kind == "gone")
    assert "48,000" in gone


def test_tasks_name_what_is_late_unproven_stale_and_without_a_paper() -> None:
    kinds = {(task.kind, task.title.en) for task in tasks_on(_day("2026-11-20"))}
    assert {
        ("late", "Three crossings rebuilt"),
        ("unproven", "Meters in eight schools"),
        ("no-paper", "Energy in schools begins"),
        ("no-owner", "Schools are renovated and drop out"),
        ("stale", "Ways without steps"),
    } <= kinds
    assert ("soon", "Map of the ways") in {(one.kind, one.title.en) for one in tasks_on(_day("2027-03-15"))}
    assert ("deadline", "Proof of use of the implementation") in {
        (one.kind, one.title.en) for one in tasks_on(_day("2028-09-01"))
    }
