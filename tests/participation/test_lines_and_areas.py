"""Contributions with a line or an area: handed in, refused, corrected, carried along, and given out."""

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
import shapely
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from hypothesis import given
from hypothesis import strategies as some

from allmende.accounts.models import AuditEntry
from allmende.accounts.rules import SystemActor
from allmende.gate.door import Gate
from allmende.kernel.clock import utc_now
from allmende.kernel.errors import Invalid
from allmende.participation.models import Contribution, Process
from allmende.participation.services import journey, processes
from allmende.participation.services.snapshot import write_snapshot
from allmende.participation.shapes import (
    DECIMALS,
    MOST_CORNERS,
    Borders,
    read_place,
    read_shape,
    shape_of,
    wkt_of,
)
from allmende.register.addresses import load_addresses
from allmende.register.around import Point, read_point
from tests.participation.conftest import Make, end_phase, handed_in, staff, submit

TEAM = SystemActor("system:test")
AROUND = Borders(8.5, 47.3, 9.8, 48.1)
LINE = "47.6610, 9.1752\n47.6618, 9.1755\n47.6627, 9.1759"
# Clockwise, as people may draw it.
AREA = "47.6615, 9.1736\n47.6622, 9.1738\n47.6621, 9.1747\n47.6614, 9.1745"
CROSSING = "47.6615, 9.1736\n47.6622, 9.1747\n47.6622, 9.1736\n47.6615, 9.1747"
EVIL = "<script>alert(1)</script>"


def line_in(client: Client, process: Process, **values: Any) -> tuple[Contribution, str]:
    return handed_in(client, process, **{"shape": "line", "corners": LINE, **values})


def kind_of(one: Contribution) -> str:
    return str(one.geojson["type"]) if one.geojson else ""


def features(client: Client, process: Process) -> dict[str, Any]:
    answer = client.get(f"/mitmachen/{process.slug}/beitraege.geojson")
    assert answer["Content-Type"] == "application/geo+json"
    tree = json.loads(b"".join(answer.streaming_content))  # type: ignore[attr-defined]
    return {one["properties"]["number"]: one["geometry"] for one in tree["features"]}


def test_a_line_and_an_area_are_told_in_words_and_drawn(make: Make) -> None:
    process, client = make(), Client()
    line, _ = line_in(client, process)
    area, _ = handed_in(client, process, title="Hier soll es grün sein", shape="area", corners=AREA)
    page = client.get(f"/mitmachen/{process.slug}/beitraege/").content.decode()
    assert ("Strecke, 200 m" in page, "Fläche, 0,5 ha" in page) == (True, True)
    assert "Line, 200 m" in client.get(f"/en/mitmachen/{process.slug}/beitraege/").content.decode()
    assert (page.count('class="course'), page.count('class="course area')) == (2, 1)
    one = client.get(f"/mitmachen/beitraege/{area.number}/").content.decode()
    assert ("Fläche, 0,5 ha" in one, 'class="course area' in one, "<li>47,66150, 9,17360</li>" in one) == (True,) * 3
    for each in (line, area):
        assert each.shape is not None
        assert each.point is not None
        where = shapely.from_geojson(json.dumps(each.geometry))
        assert where.distance(shapely.Point(each.point.longitude, each.point.latitude)) < 1e-6
    near = client.get(f"/mitmachen/{process.slug}/beitraege/", {"ort": "47.6618, 9.1755", "umkreis": "250"})
    assert line.number in near.content.decode()


def test_corners_are_addresses_and_names_one_after_another(make: Make, tmp_path: Path) -> None:
    process, client = make(), Client()
    file = tmp_path / "addresses.csv"
    file.write_text("STREET,NUMBER,LON,LAT\nSeestraße,1,9.18,47.66\nSeestraße,3,9.181,47.66\n", encoding="utf-8")
    load_addresses(TEAM, file, "Stadt Test, CC BY")
    one, _ = line_in(client, process, corners="Bahnhof\n\nSeestr. 3\n47.6600, 9.1820")
    assert (one.place, len(one.shape.corners if one.shape else ())) == ("Bahnhof – Seestraße 3", 3)
    unclear = submit(client, process, shape="line", corners="Bahnhof\nSeestraße").content.decode()
    assert "Seestraße 1, Seestraße 3" in unclear
    alone, _ = line_in(client, process, title="Ohne jeden Namen")
    assert alone.place == "bei Altstadt"


def test_without_a_script_fields_of_the_map_become_corners(make: Make) -> None:
    process, client = make(), Client()
    page = submit(client, process, shape="line", corners="47.6610, 9.1752", feld="47.67000,9.18000").content.decode()
    assert "47.6610, 9.1752\n47.67000,9.18000</textarea>" in page
    assert ('class="fault"' in page, '<details class="pick" open>' in page) == (False, True)
    point = submit(client, process, shape="point", feld="47.67000,9.18000").content.decode()
    assert 'value="47.67000,9.18000" maxlength' in point


@pytest.mark.parametrize(
    ("shape", "corners", "told"),
    [
        ("line", "", "Strecke braucht mindestens 2"),
        ("line", "47.6610, 9.1752", "Strecke braucht mindestens 2"),
        ("area", "47.6610, 9.1752\n47.6618, 9.1755", "Fläche braucht mindestens 3"),
        ("area", CROSSING, "Der Rand der Fläche kreuzt sich bei 47.66185, 9.17415"),
        ("area", "47.66, 9.17\n47.66, 9.170001\n47.660001, 9.170001", "kleiner als 10 Quadratmeter"),
        ("area", "47.50, 8.95\n47.50, 9.40\n47.85, 9.40\n47.85, 8.95", "größer als 100 Quadratkilometer"),
        ("line", "47.66, 9.17\n47.66, 9.17001", "kürzer als 5 Meter"),
        ("line", "9.1752, 47.6610\n9.1755, 47.6618", "vertauscht"),
        ("line", "52.5, 13.4\n52.6, 13.4", "nicht in der Umgebung der Stadt"),
        ("line", "\n".join([LINE] * 100), f"Mehr als {MOST_CORNERS} Ecken"),
        ("line", f"47.6610, 9.1752\n{EVIL}", "Zeile 2"),
        ("line", "NaN, NaN\n1, 2", "Zeile 1"),
        ("line", '{"type": "LineString", "coordinates": [[NaN, 47.6], [9.1, 47.6]]}', "keine lesbare Geometrie"),
        ("line", '{"type": "LineString", "coordinates": [[1e999, 47.6], [9.1, 47.6]]}', "keine lesbare Geometrie"),
        ("line", '{"type": "GeometryCollection", "geometries": []}', "GeometryCollection geht hier nicht"),
        ("line", f'{{"type": "{EVIL}", "coordinates": []}}', "geht hier nicht"),
        ("line", "LINESTRING (nan nan, 9 47)", "keine lesbare Geometrie"),
        ("line", "[" * 15_000, "keine lesbare Geometrie"),
        ("line", "POLYGON ((9.17 47.66, 9.18 47.66, 9.18 47.67, 9.17 47.66))", "Gewählt ist „Strecke“"),
        ("kreis", LINE, "kreis"),
    ],
)
def test_what_is_no_line_or_area_is_refused_and_stays_in_the_form(
    make: Make, shape: str, corners: str, told: str
) -> None:
    process, client = make(), Client()
    answer = submit(client, process, shape=shape, corners=corners, body="Mein langer Text")
    page = answer.content.decode()
    assert (answer.status_code, Contribution.objects.count(), told in page) == (400, 0, True), page
    assert "Mein langer Text" in page
    kept = re.search(r'<textarea[^>]*name="corners"[^>]*>(.*?)</textarea>', page, re.DOTALL)
    assert kept is not None
    assert (kept[1].splitlines() or [""])[0][:9].strip() in page
    assert EVIL not in page


def test_a_point_far_away_is_refused_and_corners_ask_what_they_are_for(make: Make) -> None:
    process, client = make(), Client()
    far = submit(client, process, place="9.1752, 47.6610")
    assert (far.status_code, "zuerst die Breite" in far.content.decode()) == (400, True)
    lost = submit(client, process, corners=LINE)
    assert (lost.status_code, "aber nicht wofür" in lost.content.decode(), LINE in lost.content.decode()) == (
        *(400, True),
        True,
    )


def test_ten_megabytes_of_corners_are_refused_at_the_door(make: Make) -> None:
    process, client = make(), Client()
    answer = submit(client, process, shape="line", corners="47.6610, 9.1752\n" * 650_000)
    assert (answer.status_code // 100, Contribution.objects.count()) == (4, 0)


def test_a_format_takes_what_it_names(make: Make) -> None:
    process, client = make("budget"), Client()
    form = client.get(f"/mitmachen/{process.slug}/beitraege/neu/").content.decode()
    assert ('name="corners"' in form, 'name="place"' in form) == (False, True)


def test_an_author_changes_the_corners_while_the_hour_runs(make: Make) -> None:
    process, client = make(), Client()
    one, key = line_in(client, process)
    address = f"/mitmachen/beitraege/{one.number}/mein/{key}/aendern/"
    page = client.get(address).content.decode()
    assert "47.6610000, 9.1752000\n47.6618000, 9.1755000" in page
    first, place = one.geometry, one.place
    values = {"title": one.title, "category": "schatten", "shape": "line", "website": "", "place": place}
    same = {**values, "corners": "47.6610000, 9.1752000\n47.6618000, 9.1755000\n47.6627000, 9.1759000"}
    assert client.post(address, same).status_code == 302
    one.refresh_from_db()
    assert (one.geometry, one.place) == (first, place)
    assert client.post(address, {**values, "corners": CROSSING, "shape": "area"}).status_code == 400
    assert client.post(address, {**values, "corners": AREA, "shape": "area"}).status_code == 302
    one.refresh_from_db()
    assert kind_of(one) == "Polygon"
    assert client.post(address, {**values, "corners": AREA, "shape": "point", "place": "Bahnhof"}).status_code == 302
    one.refresh_from_db()
    assert (one.geometry, one.place) == (None, "Bahnhof")
    assert (
        json.loads(client.get(f"/mitmachen/beitraege/{one.number}/mein/{key}/daten.json").content)["geometry"] is None
    )


def test_the_staff_corrects_a_place_in_public_and_the_trail_keeps_no_coordinates(make: Make) -> None:
    process, client = make(), Client()
    one, key = line_in(client, process)
    desk, _ = staff("office")
    address = f"/intern/beteiligung/beitrag/{one.number}/"
    assert "Strecke, 200 m" in desk.get(address).content.decode()
    sent = {
        "deed": "place",
        "shape": "area",
        "corners": CROSSING,
        "reason_de": "Es ist der Platz.",
        "reason_en": "Square",
    }
    assert "kreuzt sich" in desk.post(address, sent).content.decode()
    assert desk.post(address, {**sent, "corners": AREA, "place": "Am Platz"}).status_code == 302
    one.refresh_from_db()
    assert (kind_of(one), one.place) == ("Polygon", "Am Platz")
    assert "Ort berichtigt. Es ist der Platz." in client.get(f"/mitmachen/beitraege/{one.number}/").content.decode()
    entry = AuditEntry.objects.get(verb="participation.place_corrected")
    assert (entry.before, entry.after) == ({"place": "line"}, {"place": "area"})
    client.post(f"/mitmachen/beitraege/{one.number}/mein/{key}/zurueckziehen/")
    one.refresh_from_db()
    assert (one.visibility, one.geometry, one.longitude) == ("withdrawn", None, None)
    assert desk.post(address, {**sent, "corners": AREA}).status_code == 200
    reader, _ = staff("auditor")
    assert reader.post(address, {**sent, "corners": AREA}).status_code in (302, 403)
    assert AuditEntry.objects.filter(verb="participation.place_corrected").count() == 1


def test_what_came_on_paper_has_corners_or_any_words_as_its_place(make: Make) -> None:
    process = make()
    desk, _ = staff("office")
    address = f"/intern/beteiligung/{process.slug}/"
    sent = {"deed": "entry", "title": "Von der Karte", "channel": "paper"}
    assert desk.post(address, {**sent, "shape": "line", "corners": LINE}).status_code == 302
    assert desk.post(address, {**sent, "place": "hinter der alten Eiche"}).status_code == 302
    paper, words = Contribution.objects.order_by("pk")
    assert (kind_of(paper), words.place, words.point) == ("LineString", "hinter der alten Eiche", None)
    wrong = desk.post(address, {**sent, "shape": "area", "corners": CROSSING})
    assert (Contribution.objects.count(), "kreuzt sich" in wrong.content.decode()) == (2, True)


def test_splitting_and_merging_carry_lines_along_and_the_end_forgets_hidden_ones(make: Make) -> None:
    process, client = make(), Client()
    one, _ = line_in(client, process)
    parts = journey.split(TEAM, number=one.number, parts=[("Teil eins", ""), ("Teil zwei", "")], now=utc_now())
    assert [part.geometry for part in parts] == [one.geometry] * 2
    bare, _ = handed_in(client, process, title="Ohne jeden Ort gesagt")
    journey.merge(TEAM, number=parts[0].number, into=bare.number, now=utc_now())
    bare.refresh_from_db()
    assert (bare.geometry, bare.point) == (one.geometry, one.point)
    area, _ = handed_in(client, process, title="Eine Fläche dazu", shape="area", corners=AREA)
    journey.merge(TEAM, number=parts[1].number, into=area.number, now=utc_now())
    area.refresh_from_db()
    assert kind_of(area) == "Polygon"
    assert "Strecke, 200 m" in client.get(f"/mitmachen/beitraege/{area.number}/").content.decode()
    Contribution.objects.filter(pk=one.pk).update(visibility="hidden")
    processes.forget(process, utc_now())
    one.refresh_from_db()
    bare.refresh_from_db()
    assert (one.geometry, one.longitude, bare.geometry is None) == (None, None, False)


def test_open_data_has_lines_and_areas_in_every_form(make: Make, gate: Gate, tmp_path: Path) -> None:
    process, client = make(), Client()
    line, _ = line_in(client, process)
    area, _ = handed_in(client, process, title="Hier soll es grün sein", shape="area", corners=AREA)
    point, _ = handed_in(client, process, title="Nur ein Punkt davon", place="47.66190000001, 9.1739")
    bare, _ = handed_in(client, process, title="Ohne jeden Ort gesagt")
    places = features(client, process)
    assert places == {
        line.number: {"type": "LineString", "coordinates": [[9.1752, 47.661], [9.1755, 47.6618], [9.1759, 47.6627]]},
        area.number: area.geometry,
        point.number: {"type": "Point", "coordinates": [9.1739, 47.6619]},
    }
    assert shapely.from_geojson(json.dumps(places[area.number])).exterior.is_ccw
    table = b"".join(client.get(f"/mitmachen/{process.slug}/beitraege.csv").streaming_content)  # type: ignore[attr-defined]
    cells = {row["number"]: row["geometry"] for row in csv.DictReader(io.StringIO(table.decode()))}
    folder = write_snapshot(tmp_path, utc_now(), gate)
    rows = [json.loads(text) for text in (folder / "contributions.jsonl").read_text().splitlines()]
    assert {row["number"]: row["geometry"] or "" for row in rows} == cells
    assert cells[line.number] == "LINESTRING (9.1752000 47.6610000, 9.1755000 47.6618000, 9.1759000 47.6627000)"
    assert (cells[bare.number], cells[area.number].startswith("POLYGON ((")) == ("", True)
    for name, key in (("contributions", "number"), ("dipas-contributions", "id")):
        tree = json.loads((folder / f"{name}.geojson").read_text())
        found = {one["properties"][key]: one["geometry"] for one in tree["features"] if one["geometry"]}
        assert found == places


def test_needs_of_different_groups_at_one_place_are_a_hint(make: Make) -> None:
    process, client = make("charter"), Client()
    line, _ = line_in(client, process, group="handel", tag="caution")
    near, _ = handed_in(
        client, process, title="Gleich daneben spielen", group="familien", tag="idea", place="47.6620, 9.1759"
    )
    handed_in(client, process, title="Dieselbe Gruppe wie oben", group="handel", tag="idea", place="47.6618, 9.1755")
    handed_in(client, process, title="Weit weg im Norden", group="familien", tag="conflict", place="47.6700, 9.1755")
    page = client.get(f"/mitmachen/{process.slug}/ergebnis/").content.decode()
    assert ("Bedarfe am selben Ort" in page, "Gleich daneben spielen" in page, "Weit weg" in page) == (
        True,
        True,
        False,
    )
    rows = list(csv.reader(io.StringIO(client.get(f"/mitmachen/{process.slug}/ergebnis-orte.csv").content.decode())))
    assert [row[:6] for row in rows[1:]] == [[line.number, near.number, "handel", "familien", "caution", "idea"]]
    assert 15 < int(rows[1][6]) < 35
    listed = client.get(f"/mitmachen/{process.slug}/beitraege/").content.decode()
    assert ('class="course sign-caution"' in listed, 'class="map-sign"' in listed) == (True, True)
    end_phase(process)
    assert client.get(f"/mitmachen/{make('survey').slug}/ergebnis-orte.csv").status_code == 404


def test_cards_of_a_workshop_bring_geometries_as_wkt(make: Make) -> None:
    process = make("workshop")
    desk, _ = staff("office")
    address = f"/intern/beteiligung/{process.slug}/werkstaetten/"

    def sent(*rows: str, **more: str) -> Any:
        table = "titel;geometrie\n" + "\n".join(rows)
        file = SimpleUploadedFile("karten.csv", table.encode(), "text/csv")
        return desk.post(address, {"deed": "heard", "channel": "onsite", "file": file, **more})

    wrong = sent("Weg;LINESTRING (47.66 9.17, 47.67 9.18)", "Ecke;POLYGON ((9 47))").content.decode()
    assert ("Zeile 2: geometrie:" in wrong, "vertauscht" in wrong, "Zeile 3" in wrong) == (True,) * 3
    looked = sent("Weg;LINESTRING (9.17 47.66, 9.171 47.661)", **{"try": "1"}).content.decode()
    assert ("Strecke, 130 m" in looked, Contribution.objects.count()) == (True, 0)
    assert sent("Weg;LINESTRING (9.17 47.66, 9.171 47.661)", "Punkt;POINT (9.17 47.66)", "Nirgends;").status_code == 302
    kinds = [kind_of(one) for one in Contribution.objects.order_by("pk")]
    assert kinds == ["LineString", "Point", ""]


SOMEWHERE = some.builds(
    Point,
    some.integers(91_000_000, 93_000_000).map(lambda value: value / 10**DECIMALS),
    some.integers(476_000_000, 477_000_000).map(lambda value: value / 10**DECIMALS),
)


@given(some.lists(SOMEWHERE, min_size=2, max_size=12), some.sampled_from(["line", "area"]))
def test_what_is_drawn_comes_out_as_it_went_in(corners: list[Point], kind: Any) -> None:
    text = "\n".join(f"{one.latitude:.7f}, {one.longitude:.7f}" for one in corners)
    try:
        shape, _ = read_shape(kind, text, AROUND, lambda words: (read_point(words), ""))
    except Invalid:
        return
    written = json.loads(msgspec.json.encode(shape.geojson))
    pairs = written["coordinates"][0][:-1] if kind == "area" else written["coordinates"]
    before = [(one.longitude, one.latitude) for one in shape.corners]
    assert pairs == [list(pair) for pair in before]
    wanted = {(one.longitude, one.latitude) for one in corners}
    assert all(any(abs(x - a) < 1e-7 and abs(y - b) < 1e-7 for a, b in wanted) for x, y in before)
    assert all(any(abs(x - a) < 1e-7 and abs(y - b) < 1e-7 for x, y in before) for a, b in wanted)
    assert shape_of(written) == shape
    again = shapely.from_geojson(json.dumps(written))
    assert again.is_valid
    assert kind == "line" or again.exterior.is_ccw
    assert read_place(str(wkt_of(written)), AROUND)[1] == shape
    assert read_place(json.dumps(written), AROUND)[1] == shape
    assert again.buffer(1e-6).contains(shapely.Point(shape.middle.longitude, shape.middle.latitude))
