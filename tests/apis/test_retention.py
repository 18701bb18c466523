"""What a datastream keeps no longer than its ``retentionDays``, and the decisions that tell of it."""

import datetime as dt
from typing import Any

from allmende.serve.retention import delete_overdue
from tests.apis import samples
from tests.apis.conftest import Town

NOW = dt.datetime(2025, 6, 30, tzinfo=dt.UTC)


def _kept(town: Town, days: Any, category: str = "weather") -> str:
    """Make a datastream with values of 40, 30 and 1 days before now; give its path."""
    stream = town.made("Datastreams", samples.whole(properties={"category": category, "retentionDays": days}))
    for age in (40, 30, 1):
        time = (NOW - dt.timedelta(days=age)).isoformat()
        town.made(f"{stream}/Observations", {"phenomenonTime": time, "result": age})
    return stream


def _results(town: Town, stream: str) -> list[int]:
    answer = town.send("GET", f"{stream}/Observations?$orderby=phenomenonTime", token="reader")
    return [observation["result"] for observation in answer.json()["value"]]


def test_what_is_older_goes_where_the_rules_let_it(workshop: Town) -> None:
    month, cellar = _kept(workshop, 30), _kept(workshop, 30, "cellar")
    others = [_kept(workshop, days) for days in (0, -1, "30", 30.5, True, None, 10**15)]
    workshop.send("PATCH", workshop.one(f"{month}/Observations")["value"][0]["@iot.selfLink"].partition("/v1.1/")[2],
                  {"result": 39})  # fmt: skip
    assert delete_overdue(workshop.gate, NOW) == 1
    assert _results(workshop, month) == [30, 1]
    assert _results(workshop, cellar) == [40, 30, 1]
    assert all(_results(workshop, stream) == [40, 30, 1] for stream in others)
    told = [d for d in workshop.gate.decisions(50) if d.asker == "system:retention"]
    assert {(d.category, d.allowed, d.amount) for d in told} == {("weather", True, 1), ("cellar", False, 0)}
    assert delete_overdue(workshop.gate, NOW) == 0
    assert delete_overdue(workshop.gate, NOW + dt.timedelta(days=365)) == 2
    assert _results(workshop, month) == []
