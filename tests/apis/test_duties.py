"""A category in a time grid with noise on counts: every door tells the same cells, and nothing tells more."""

import csv
import io
import json
from collections.abc import Iterator
from datetime import datetime

import msgspec
import pyarrow.parquet as pq
import pytest

from allmende.ethics.model import Duties
from allmende.gate.query import Arrival
from allmende.gate.tokens import create_token
from tests.apis.conftest import BASE, COLLECT, RULES, Town, stocked

NOISE, HOURS, MINUTE = 5, 12, 60_000_000
BEGIN = 1_719_997_200_000_000
FORMATS = ("CSV", "Parquet", "dataArray", "GeoJSON")


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """Serve a town of its own, whose weather is persons who are counted."""
    yield from stocked(tmp_path_factory.mktemp("duties"))


@pytest.fixture(scope="module")
def counter(town: Town) -> int:
    """Count one to five persons in each five minutes, in the third hour none."""
    number = town.add("Zähler", (9.17, 47.66), "weather")
    counts = [0 if place // 12 == 2 else 1 + place * place % 5 for place in range(12 * HOURS)]
    arrivals = [
        Arrival(datastream_id=number, phenomenon_start=BEGIN + place * 5 * MINUTE, result=count)
        for place, count in enumerate(counts)
    ]
    town.gate.append(town.gate.grant(COLLECT), arrivals)
    duties = Duties(time_grid_seconds=3600, count_noise=NOISE)
    rules = tuple(
        msgspec.structs.replace(rule, duties=duties)
        if "weather" in rule.categories and "publish" in rule.verbs
        else rule
        for rule in RULES.rules
    )
    town.gate.publish(msgspec.structs.replace(RULES, rules=rules), "tests")
    return number


def _instant(text: object) -> int:
    whole = text.isoformat() if isinstance(text, datetime) else str(text).partition("/")[0]
    return int(datetime.fromisoformat(whole).timestamp())


def _written(town: Town, path: str, name: str) -> list[tuple[int, float]]:
    """Read the cells from a file of another form."""
    answer = town.get(path, resultFormat=name, orderby="phenomenonTime")
    assert answer.status_code == 200, answer.text
    if name == "CSV":
        rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))
        return [(_instant(row["phenomenonTime"]), float(row["result"])) for row in rows]
    if name == "Parquet":
        rows = pq.read_table(io.BytesIO(answer.content)).to_pylist()
        time = next(key for key in rows[0] if key.startswith("phenomenonTime"))
        return [(_instant(row[time]), float(row["result"])) for row in rows]
    found = answer.json()
    if name == "GeoJSON":
        rows = [feature["properties"] for feature in found["features"]]
        return [(_instant(row["phenomenonTime"]), float(row["result"])) for row in rows]
    (one,) = found["value"]
    places = [one["components"].index(name) for name in ("phenomenonTime", "result")]
    return [(_instant(row[places[0]]), float(row[places[1]])) for row in one["dataArray"]]


def test_every_form_tells_the_same_cells(town: Town, counter: int) -> None:
    path = f"Datastreams({counter})/Observations"
    answer = town.one(path, count="true", orderby="phenomenonTime")
    rows = answer["value"]
    cells = [(_instant(row["phenomenonTime"]), float(row["result"])) for row in rows]
    assert answer["@iot.count"] == len(cells) == HOURS - 1
    assert BEGIN // 1_000_000 + 2 * 3600 not in dict(cells), "an hour of nobody is not told"
    exact = [
        sum(1 + place * place % 5 for place in range(12 * hour, 12 * hour + 12)) for hour in range(HOURS) if hour != 2
    ]
    changes = [int(told) - count for (_, told), count in zip(cells, exact, strict=True)]
    assert any(changes)
    assert max(map(abs, changes)) <= NOISE
    assert all(row["parameters"] == {"maximumDeviation": NOISE} for row in rows)
    assert {name: _written(town, path, name) for name in FORMATS} == dict.fromkeys(FORMATS, cells)
    expanded = town.one(f"Datastreams({counter})", expand="Observations($orderby=phenomenonTime;$count=true)")
    assert expanded["Observations"] == rows
    assert expanded["Observations@iot.count"] == len(rows)
    for row in (rows[0], rows[-1]):
        assert town.one(f"Observations({row['@iot.id']})")["result"] == row["result"]
    most = max(told for _, told in cells)
    chosen = town.values(path, filter=f"result ge {most} and phenomenonTime ge 2000-01-01T00:00:00Z")
    assert {row["result"] for row in chosen} == {most}


def test_groups_are_put_together_from_cells(town: Town, counter: int) -> None:
    rows = town.values(f"Datastreams({counter})/Observations", top="100")
    apply = "groupby((day(phenomenonTime)),aggregate(result with sum as persons,$count as cells))"
    groups = town.values(f"Datastreams({counter})/Observations", apply=apply)
    assert sum(group["persons"] for group in groups) == sum(row["result"] for row in rows)
    assert sum(group["cells"] for group in groups) == len(rows)


def test_live_begins_behind_a_cell(town: Town, counter: int) -> None:
    rows = town.values(f"Datastreams({counter})/Observations", orderby="phenomenonTime")
    address = f"{BASE}/Datastreams({counter})/Observations?$live"
    told = []
    with town.client.stream("GET", address, headers={"Last-Event-ID": str(rows[-4]["@iot.id"])}, timeout=20) as answer:
        for line in answer.iter_lines():
            if line.startswith("data: "):
                told.append(json.loads(line[6:]))
            if len(told) == 3:
                break
    assert [(one["@iot.id"], one["result"]) for one in told] == [(row["@iot.id"], row["result"]) for row in rows[-3:]]


def test_an_answer_does_not_link_what_is_kept_apart(town: Town) -> None:
    """The weather of the square and the trial beside it; together they would be the kitchen."""
    beside = town.add("Daneben", (9.1747, 47.6619), "trial")
    town.fill(beside, 5)
    square = town.streams["Stephansplatz"]
    *others, use = RULES.rules
    both = msgspec.structs.replace(use, categories=("trial", "weather"))
    categories = tuple(
        msgspec.structs.replace(one, arises_from=("trial", "weather")) if one.slug == "kitchen" else one
        for one in RULES.categories
    )
    town.gate.publish(msgspec.structs.replace(RULES, categories=categories, rules=(*others, both)), "tests")
    bearer = {"Authorization": f"Bearer {create_token(town.gate, name='both', scopes=('read:trial',))}"}
    alone = [f"Datastreams({number})/Observations?$top=1" for number in (square, beside)]
    joined = [
        "Observations?$top=1",
        "Observations?$resultFormat=CSV",
        "Datastreams?$expand=Observations($top=1)",
        "Datastreams?$expand=Observations($top=1;$orderby=phenomenonTime desc)",
        "Things?$expand=Datastreams($expand=Observations($top=1;$filter=result gt 0))",
        "Things?$filter=Datastreams/Observations/result gt 0",
        "Observations?$apply=groupby((Datastream/@iot.id,day(phenomenonTime)),aggregate($count as n))",
    ]
    for paths, status in ((alone, 200), (["Datastreams?$count=true"], 200), (joined, 403)):
        for path in paths:
            answer = town.client.get(f"{BASE}/{path}", headers=bearer)
            assert answer.status_code == status, (path, answer.text[:300])
            assert (status == 200) or "gate.linked" in answer.text
