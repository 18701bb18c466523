"""What this city shows to others, and what it makes of what others show: compared only where it means the same."""

import csv
import datetime as dt
import io
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from django.test import Client

from allmende.federation import offering
from allmende.federation.comparing import Told, compare
from allmende.federation.documents import City, Figure, Shared
from allmende.federation.models import Offer, Peer
from allmende.federation.rules import opened
from allmende.federation.updating import House, update
from allmende.kernel.clock import today, utc_now
from allmende.packs.read import read_city
from tests.federation.conftest import ACTOR, OUR_WITNESS, OURS
from tests.federation.towns import Town, trees, words

PAGE = "/api/federation/document.json"


@pytest.fixture
def own(house: House) -> offering.Own:
    """Give this city as others see it."""
    return offering.Own(offering.city_of(read_city("musterstadt"), "musterstadt"), (), OURS, OUR_WITNESS.key)


def publish(own: offering.Own, house: House, **later: float) -> bool:
    """Sign what is new."""
    return offering.publish(own, house.ledger, day=today(), now=utc_now() + dt.timedelta(**later))


def test_nothing_is_shown_unless_it_is_wanted(house: House, own: offering.Own, client: Client) -> None:
    """Off by default, off again at once when it is withdrawn; and then nothing is signed either."""
    assert not publish(own, house)
    answer = client.get(PAGE)
    assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")
    offering.switch(ACTOR, on=True)
    assert publish(own, house)
    assert client.get(PAGE).status_code == 200
    offering.switch(ACTOR, on=False)
    for name in ("document", "findings", "datasets", "witnessed"):
        assert client.get(f"/api/federation/{name}.json").status_code == 404


def test_the_document_is_signed_counted_and_tagged(house: House, own: offering.Own, client: Client) -> None:
    """It opens with the ledger's key; what says nothing new is not signed again before a day is over."""
    offering.switch(ACTOR, on=True)
    publish(own, house)
    answer = client.get(PAGE)
    found = opened(answer.content, OURS.key).document
    assert (found.city.name, found.city.ags, found.sequence) == ("Musterstadt", None, 1)
    assert found.city.inhabitants == Figure(
        value=Decimal(48600), day=dt.date(2025, 12, 31), source="Melderegister (erdacht)"
    )
    newest = next(one for one in found.indicators if one.slug == "baeume")
    assert newest.values[-1].value == 49
    assert newest.values[-1].quality == "final"
    assert client.get(PAGE, headers={"if-none-match": answer["ETag"]}).status_code == 304
    assert not publish(own, house, hours=1)
    assert publish(own, house, hours=21)
    changed = msgspec.structs.replace(own, city=msgspec.structs.replace(own.city, area=None))
    assert publish(changed, house, hours=21)
    assert opened(client.get(PAGE).content, OURS.key).document.sequence == 3
    for name, told in found.files.items():
        assert len(client.get(told.path).content) == told.size, name
    assert Offer.objects.count() == 1


def city(name: str, people: int | None, area: int | None) -> City:
    """Make a city; None is unknown."""
    figures = [None if one is None else Figure(value=Decimal(one)) for one in (people, area)]
    return City(name=name, inhabitants=figures[0], area=figures[1])


def test_only_the_same_definition_stands_side_by_side() -> None:
    """Another version, unit or method stands apart with its reason; shares need a divisor and an amount."""
    told = [
        Told(city("A", 10_000, 50), (trees(1, "{count}", 20, 40),)),
        Told(city("B", None, 25), (trees(1, "{count}", 5, 10),), peer=1),
        Told(city("C", 1_000, 5), (trees(2, "{count}", 5),), peer=2),
        Told(city("D", 1_000, 5), (trees(1, "kg", 5),), peer=3),
        Told(city("E", 1_000, 5), (msgspec.structs.replace(trees(1), method=words("Geschätzt.")),), peer=4),
    ]
    (found,) = compare(told)
    assert [(row.told.city.name, row.value.value, row.per_head, row.per_km2) for row in found.rows if row.value] == [
        ("A", Decimal(40), Decimal("0.004"), Decimal("0.8")),
        ("B", Decimal(10), None, Decimal("0.4")),
    ]
    assert [(one.told.city.name, one.reason.en) for one in found.apart] == [
        ("C", "version 2 of the definition instead of 1"),
        ("D", "measured in kg instead of {count}"),
        ("E", "determined otherwise"),
    ]


def test_values_of_the_same_days_stand_side_by_side() -> None:
    """The newest year that all have is taken; where there is none, it is said that the times differ."""
    short, long = trees(1, "{count}", 1, 2), trees(1, "{count}", 7, 8, 9)
    (found,) = compare([Told(city("A", 1, 1), (long,)), Told(city("B", 1, 1), (short,), peer=1)])
    assert found.of_one_time
    assert [row.value.value for row in found.rows if row.value] == [8, 2]
    late: Shared = msgspec.structs.replace(long, values=long.values[2:])
    (found,) = compare([Told(city("A", 1, 1), (late,)), Told(city("B", 1, 1), (short,), peer=1)])
    assert not found.of_one_time


def test_a_percentage_is_not_spread_over_people() -> None:
    """Shares, means and ratings have no value per head."""
    percent = trees(1, "%", 40)
    (found,) = compare([Told(city("A", 1, 1), (percent,)), Told(city("B", 1, 1), (percent,), peer=1)])
    assert not found.can_share
    assert {row.per_head for row in found.rows} == {None}


def rows_of(answer: Any) -> list[dict[str, str]]:
    """Read a CSV answer."""
    return list(csv.DictReader(io.StringIO(answer.content.decode())))


def test_the_pages_show_what_came(house: House, peer: Peer, town: Town, client: Client) -> None:
    """List, comparison with shares, picture, files and findings with their origin, also while nobody answers."""
    town.stop()
    update(house, peer.pk, utc_now())
    page = client.get("/verbund/").content.decode()
    assert "Nachbarstadt" in page
    assert "antwortet nicht" in page
    page = client.get("/verbund/vergleich/").content.decode()
    assert "2,5" in page  # 50 trees for 20,000 people, each thousand of them
    line = next(row for row in rows_of(client.get("/verbund/vergleich.csv")) if row["city"] == "Nachbarstadt")
    assert (line["value"], line["per_head"], line["per_km2"], line["baseline"]) == ("50", "0.0025", "1.25", "10")
    assert client.get("/verbund/vergleich/baeume.svg")["Content-Type"] == "image/svg+xml"
    found = client.get("/en/erkenntnisse/?origin=others").content.decode()
    assert "from Nachbarstadt" in found
    one = client.get(f"/verbund/{peer.pk}/erkenntnisse/schatten/").content.decode()
    assert "Zwei Drittel gingen ein." in one
    assert f"{town.url}/erkenntnisse/schatten/" in one
    assert "messwerte/luft" in client.get(f"/verbund/{peer.pk}/datensaetze.csv").content.decode()
    assert client.get("/verbund.json").json()["cities"][0]["log_entries"] == 3


def test_the_work_of_a_hostile_city_is_text(house: House, peer: Peer, town: Town, client: Client) -> None:
    """What another city writes is shown as text, never as markup."""
    evil = words("<script>alert(1)</script>")
    town.indicators = (msgspec.structs.replace(town.indicators[0], title=evil, method=evil),)
    town.findings = [msgspec.structs.replace(town.findings[0], title=evil)]
    town.say()
    assert update(house, peer.pk, utc_now())
    for address in ("/verbund/", "/verbund/vergleich/", "/erkenntnisse/", f"/verbund/{peer.pk}/erkenntnisse/schatten/"):
        answer = client.get(address)
        assert answer.status_code == 200
        assert b"<script>alert" not in answer.content
