"""What was known on a day, on the real programme of Konstanz."""

import datetime as dt
from collections.abc import Iterable

import pytest

from allmende.programme import queries
from allmende.programme.queries.steering import shares_on

pytestmark = pytest.mark.usefixtures("loaded")

BEFORE_ANYTHING = dt.date(2019, 1, 1)
MILLION = 100_000_000


@pytest.mark.parametrize(
    ("on", "total", "federal", "own"),
    [
        ("2021-07-31", 17.5, 11.375, 6.125),
        ("2023-06-29", 17.5, 11.375, 6.125),
        ("2023-06-30", 15.0, 10.0, 5.6),
        ("2024-01-24", 15.0, 10.0, 5.6),
        ("2024-01-25", 14.6, 9.5, 5.1),
        ("2025-12-15", 14.6, 9.5, 5.1),
        ("2025-12-16", 9.1, 6.0, 3.1),
        ("2030-01-01", 9.1, 6.0, 3.1),
    ],
)
def test_the_plan_is_the_one_published_by_then(on: str, total: float, federal: float, own: float) -> None:
    view = queries.plan_on(dt.date.fromisoformat(on))
    assert view is not None
    plan = view.plan
    published = (plan.total_cents, plan.federal_cents, plan.own_cents)
    assert published == (round(total * MILLION), round(federal * MILLION), round(own * MILLION))
    assert view.exact_federal + view.exact_own == plan.total
    assert view.exact_federal.cents * 20 == plan.total_cents * 13


def test_published_shares_that_do_not_add_up_are_shown_and_not_mended() -> None:
    unexplained = {view.plan.slug: view.unexplained.cents for view in queries.plans_until(dt.date(2026, 1, 1))}
    assert unexplained == {"juli-2021": 0, "juni-2023": -60_000_000, "januar-2024": 0, "dezember-2025": 0}


@pytest.mark.parametrize(
    ("on", "label"),
    [
        ("2023-06-30", "23"),
        ("2023-12-05", "19"),
        ("2023-12-31", "16½"),
        ("2024-01-24", "19"),
        ("2024-01-25", "17"),
        ("2025-12-14", "17"),
        ("2025-12-15", "17 − 4"),
        ("2026-03-31", "11"),
    ],
)
def test_the_number_of_projects_is_the_one_published_by_then(on: str, label: str) -> None:
    count = queries.count_on(dt.date.fromisoformat(on))
    assert count is not None
    assert count.label == label


@pytest.mark.parametrize(
    ("slug", "day", "before", "after"),
    [
        ("klimadatenplattform", "2023-11-24", "decided", "running"),
        ("innenstadt-von-morgen", "2024-01-25", None, "decided"),
        ("vorhabenkarte", "2023-12-05", "idea", "idea-store"),
        ("wasserqualitaet-badeplaetze", "2024-01-25", "idea", "idea-store"),
    ],
)
def test_a_project_changes_its_state_on_the_day_of_the_event(
    slug: str, day: str, before: str | None, after: str
) -> None:
    event_day = dt.date.fromisoformat(day)
    earlier = queries.project_on(slug, event_day - dt.timedelta(days=1))
    later = queries.project_on(slug, event_day)
    assert earlier is not None
    assert later is not None
    assert (earlier.state, later.state) == (before, after)
    assert all(event.day <= event_day for event in later.events)


def test_a_project_that_is_strengthened_keeps_its_state() -> None:
    view = queries.project_on("klimadatenplattform", dt.date(2025, 12, 16))
    assert view is not None
    assert view.state == "running"
    assert view.last_event is not None
    assert view.last_event.decision is not None
    assert view.last_event.decision.slug == "kuerzen-und-wirken"


def test_nobody_knows_a_project_by_an_unknown_name() -> None:
    assert queries.project_on("seilbahn", dt.date(2026, 1, 1)) is None


def slugs(views: Iterable[queries.ProjectView]) -> set[str]:
    """Give the short names of projects."""
    return {view.project.slug for view in views}


def test_projects_are_narrowed_by_target_image_state_words_and_standing() -> None:
    on = dt.date(2026, 1, 1)
    everything = slugs(queries.projects_on(on))
    assert slugs(queries.projects_on(on, text="Ratten")) == {"schaedlingsbekaempfung"}
    assert slugs(queries.projects_on(on, text="snap traps")) == {"schaedlingsbekaempfung"}
    stored = slugs(queries.projects_on(on, state="idea-store"))
    assert stored == {
        "vorhabenkarte",
        "weniger-pendelverkehr",
        "leihautomaten",
        "youtopia",
        "wasserqualitaet-badeplaetze",
    }
    shared = slugs(queries.projects_on(on, target="teilhabe"))
    assert "digitalisierung-erlebbar-machen" in shared
    assert "led-strassenbeleuchtung" not in shared
    assert slugs(queries.projects_on(on, standing=["certain"])) < everything


def test_the_end_of_the_programme_moved_and_the_old_date_stays() -> None:
    def end(on: dt.date) -> tuple[dt.date | None, dt.date | None]:
        (row,) = [row for row in queries.milestones_on(on) if row.milestone.slug == "programmende"]
        baseline, forecast = row.view.baseline, row.view.forecast
        return (baseline.day if baseline else None, forecast.day if forecast else None)

    assert end(dt.date(2025, 12, 15)) == (dt.date(2026, 12, 31), None)
    assert end(dt.date(2025, 12, 16)) == (dt.date(2026, 12, 31), dt.date(2027, 12, 31))


def test_a_milestone_whose_day_passed_without_proof_is_late() -> None:
    def state(on: dt.date) -> str:
        (row,) = [row for row in queries.milestones_on(on) if row.milestone.slug == "datenethik-beschluss"]
        return row.view.state

    assert state(dt.date(2023, 12, 31)) == "ahead"
    assert state(dt.date(2024, 1, 1)) == "late"


def test_what_came_later_is_not_known_earlier() -> None:
    assert queries.plan_on(BEFORE_ANYTHING) is None
    assert queries.count_on(BEFORE_ANYTHING) is None
    assert queries.projects_on(BEFORE_ANYTHING) == []
    assert queries.milestones_on(BEFORE_ANYTHING) == []
    assert list(queries.decisions_until(BEFORE_ANYTHING)) == []
    assert list(queries.events_until(BEFORE_ANYTHING)) == []


def test_every_published_figure_and_count_names_its_source_and_what_differs_is_shown() -> None:
    on = dt.date(2026, 6, 1)
    assert all(view.plan.source.publisher for view in queries.plans_until(on))
    assert all(count.source.publisher for count in queries.counts_until(on))
    texts = " ".join(f"{row.title_de} {row.text_de}" for row in queries.discrepancies())
    for stated in ("17,5 oder 17,6", "14,6 oder 14,7", "17", "11"):
        assert stated in texts


def test_what_is_not_known_of_steering_is_unknown_in_konstanz() -> None:
    on = dt.date(2026, 6, 1)
    assert {share.basis_points for shares in shares_on(on).values() for share in shares} == {None}
