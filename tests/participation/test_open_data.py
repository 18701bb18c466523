"""Open data: one generation of files, whole, without persons; calendars and feeds."""

import csv
import datetime as dt
import hashlib
import io
import json
from pathlib import Path
from typing import Any

from django.test import Client

from allmende.catalog import door
from allmende.kernel.clock import utc_now
from allmende.participation.models import Ballot, Contribution
from allmende.participation.services.snapshot import newest_snapshot, write_snapshot
from tests.participation.conftest import Make, handed_in
from tests.participation.test_panels import Desk, people


def test_files_of_a_generation_belong_together_and_hold_what_is_shown(make: Make, tmp_path: Path) -> None:
    process, client = make(), Client()
    shown, _ = handed_in(
        client, process, title="=1+1 öffentlich", place="47.66, 9.17", author="Kim", email="k@example.org"
    )
    handed_in(client, process, proven=False, title="Wartet noch auf jemanden")
    write_snapshot(tmp_path, utc_now(), door.gate())
    manifest = client.get("/mitmachen/offene-daten/manifest.json")
    facts = json.loads(b"".join(manifest.streaming_content))  # type: ignore[attr-defined]
    bodies = {}
    for name, digest in facts["sha256"].items():
        answer = client.get(f"/mitmachen/offene-daten/{name}")
        bodies[name] = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
        assert (hashlib.sha256(bodies[name]).hexdigest(), answer["X-Generation"]) == (digest, facts["generation"])
    rows = list(csv.DictReader(io.StringIO(bodies["contributions.csv"].decode())))
    assert [(row["number"], row["title"]) for row in rows] == [(shown.number, "'=1+1 öffentlich")]
    assert json.loads(bodies["contributions.geojson"])["features"][0]["geometry"]["coordinates"] == [9.17, 47.66]
    assert facts["rows"]["contributions"] == 1
    assert bodies["contribution-channels.csv"].decode().split() == [
        "process,channel,contributions",
        f"{process.slug},online,1",
    ]
    (dipas,) = json.loads(bodies["dipas-contributions.geojson"])["features"]
    assert (dipas["geometry"]["coordinates"], dipas["properties"]["dipasLocated"]) == ([9.17, 47.66], True)
    assert dipas["properties"]["link"].endswith(f"/mitmachen/beitraege/{shown.number}/")
    assert dipas["properties"]["votingContra"] is None
    assert json.loads(bodies["dipas-projects.geojson"])["features"][0]["properties"]["id"] == process.slug
    whole = b"".join(bodies.values())
    assert (b"Kim" in whole, b"k@example.org" in whole, b"Wartet noch" in whole) == (False, False, False)
    assert shown.number in client.get("/mitmachen/offene-daten/contributions.jsonl").getvalue().decode()


def test_counts_by_way_of_panels_and_of_workshops_are_in_the_generation(make: Make, tmp_path: Path) -> None:
    budget = make("budget", phase=2)
    for number, (channel, count) in enumerate({"online": 14, "paper": 12}.items()):
        rows = [Ballot(process=budget, pseudonym=f"{number}-{n}", channel=channel, choice={}) for n in range(count)]
        Ballot.objects.bulk_create(rows)
    make("panel-budget", phase=1)
    desk = Desk()
    desk.rules()
    desk.load(people(40))
    desk.do(deed="lots", sure="on")
    folder = write_snapshot(tmp_path, utc_now(), door.gate())

    def lines(name: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (folder / f"{name}.jsonl").read_text().splitlines()]

    ballots = {row["channel"]: row["ballots"] for row in lines("ballot-channels") if row["process"] == "budget"}
    assert ballots == {None: 26, "online": 14, "onsite": 0, "paper": 12}
    Ballot.objects.filter(channel="paper").exclude(pseudonym="1-0").delete()
    (panel,) = lines("panels")
    assert (panel["size"], panel["people"], panel["lots"], panel["public_word"]) == (8, 40, 200, None)
    quotas = {(row["feature"], row["value"]): row["people"] for row in lines("panel-quotas")}
    assert sum(quotas["Ort", value] for value in ("Mitte", "Dorf")) == 40
    folder = write_snapshot(tmp_path, utc_now() + dt.timedelta(seconds=1), door.gate())
    few = {row["channel"]: row["ballots"] for row in lines("ballot-channels") if row["process"] == "budget"}
    assert few == {None: 15, "online": None, "onsite": None, "paper": None}


def test_only_files_of_the_newest_generation_are_given_and_few_are_kept(make: Make, tmp_path: Path) -> None:
    make()
    (tmp_path / "secret.key").write_text("geheim")
    for second in range(5):
        write_snapshot(tmp_path, utc_now().replace(second=second), door.gate())
    newest = newest_snapshot(tmp_path)
    assert newest is not None
    assert len(list(newest.parent.iterdir())) == 3
    for name in ("..%2f..%2f..%2fsecret.key", "secret.key", "nichts.csv"):
        assert Client().get(f"/mitmachen/offene-daten/{name}").status_code == 404


def test_phases_are_a_calendar_whose_lines_are_short_enough(make: Make) -> None:
    process = make()
    process.title_de = "Ein sehr langer Titel, mit Komma; und Strichpunkt " * 3
    process.save()
    text = Client().get(f"/mitmachen/{process.slug}/phasen.ics").content
    assert text.count(b"BEGIN:VEVENT") == 3
    assert max(len(line) for line in text.split(b"\r\n")) <= 75
    assert b"\\," in text
    assert Contribution.objects.count() == 0
