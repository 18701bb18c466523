"""Money beside an effect: a price per unit only where everything that makes it honest is there."""

import datetime as dt
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from allmende.effects import costs
from allmende.effects.content import PathEntry, PointEntry
from allmende.effects.models import Definition, Indicator, TargetPath
from allmende.effects.queries import IndicatorView, Known, Version
from allmende.effects.rules import Path, Status
from allmende.kernel.money import Money
from allmende.kernel.text import Text

BASIS = Text("Es tut nur das.", "It does this only.")
SPENT = {"licht": {2023: 100_00, 2024: 200_00, 2025: 300_00, 2026: 9_999_00}, "weg": {2025: 1}}


def view(**other: Any) -> IndicatorView:
    """Make an indicator that went from 88 to 58 until the end of 2025, for one project."""
    made: dict[str, Any] = {
        **{"kind": "outcome", "projects": ["licht"], "unit": "MW.h", "direction": "down", "levels": []},
        **{"value": Decimal("58"), "simulated": False, "last": dt.date(2025, 12, 31), "basis": BASIS, "start": 88},
        **other,
    }
    indicator = Indicator(slug="strom", kind=made["kind"], projects=made["projects"])
    definition = Definition(
        indicator=indicator, unit=made["unit"], direction=made["direction"], levels=made["levels"], digits=1
    )
    value = Known(
        *(1, 1, dt.date(2025, 1, 1), made["last"], made["value"], dt.date(2026, 2, 1), "final", 1, 0),
        *(made["simulated"], "", "", ""),
    )
    start = PointEntry(day=dt.date(2023, 12, 31), value=Decimal(made["start"])) if made["start"] is not None else None
    entry = PathEntry(since=dt.date(2023, 12, 1), baseline=start, cost_basis=made["basis"])
    target = TargetPath(definition=definition, since=entry.since)
    target.entry = msgspec.to_builtins(entry)
    path: Path = entry.path(made["direction"])
    version = Version(definition, target, path, (value,))
    return IndicatorView(indicator, (version,), Status("measured", ()), "better", None, value)


def test_a_price_is_what_was_paid_up_to_the_value_by_what_became_better() -> None:
    found = costs.cost_of(view(), SPENT)
    assert (found.reasons, found.year, found.change) == ((), 2025, Decimal("30"))
    assert found.paid == (("licht", Money(600_00)),)
    assert found.per_unit == Money(20_00)
    assert costs.cost_of(view(start=89), SPENT).per_unit == Money(19_35)


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        ({"kind": "impact"}, costs.KINDS["impact"]),
        ({"kind": "input"}, costs.KINDS["input"]),
        ({"kind": "process"}, costs.KINDS["process"]),
        ({"projects": []}, costs.NO_PROJECT),
        ({"projects": ["licht", "weg"]}, costs.SEVERAL),
        ({"projects": ["anders"]}, costs.NO_MONEY),
        ({"basis": None}, costs.NO_BASIS),
        ({"unit": "%"}, costs.NO_PIECES),
        ({"levels": [{"value": 1, "name": {"de": "a", "en": "b"}}]}, costs.NO_PIECES),
        ({"direction": "none"}, costs.NO_DIRECTION),
        ({"direction": "range"}, costs.NO_DIRECTION),
        ({"start": None}, costs.NOT_MEASURED),
        ({"simulated": True}, costs.SIMULATED),
        ({"last": dt.date(2025, 10, 31)}, costs.MID_YEAR),
        ({"value": Decimal("88")}, costs.NO_CHANGE),
        ({"value": Decimal("90")}, costs.NO_CHANGE),
    ],
)
def test_where_one_thing_is_missing_there_is_no_price_and_the_reason_is_told(other: Any, reason: Text) -> None:
    found = costs.cost_of(view(**other), SPENT)
    assert found.per_unit is None
    assert found.reasons == (reason,)
    assert len(found.paid) == len(found.view.indicator.projects)
