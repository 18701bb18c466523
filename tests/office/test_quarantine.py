"""The quarantine in the staff room: who looks, who decides, and what is left of it."""

import pytest

from allmende.accounts.models import AuditEntry
from allmende.accounts.rules import ROLES, may_read, may_write
from allmende.gate.door import Ask, Asker, Gate
from allmende.gate.quarantine import keep_refused
from allmende.gate.query import Arrival, Datastream, ObservedProperty, Query, Sensor
from tests.office.conftest import SignIn, entries_since
from tests.office.test_pages import text

NOON = 1_740_830_400_000_000


@pytest.fixture
def stream(city: Gate) -> int:
    """Give a datastream for which two values too hot were refused."""
    grant = city.grant(Ask(Asker("system:test"), "collect", "climate-adaptation", "administration"))
    thing = city.find("Things", "platz")
    assert thing is not None
    number = city.create(
        grant,
        "Datastreams",
        Datastream(
            name="Lufttemperatur Platz",
            description="",
            thing_id=thing,
            sensor_id=city.create(grant, "Sensors", Sensor(name="Fühler", description="")),
            observed_property_id=city.create(
                grant,
                "ObservedProperties",
                ObservedProperty(name="T", definition="https://x.example/t", description=""),
            ),
            unit="Cel",
            category="weather",
            data_use="stadtklima-messnetz",
            maximum=50.0,
        ),
    )
    batches = [
        [Arrival(datastream_id=number, phenomenon_start=NOON, result=value, source="token:gateway", message=str(value))]
        for value in (61.0, 62.0)
    ]
    sent = [(grant, batch) for batch in batches]
    keep_refused(city, sent, city.append_all(sent))
    return number


def _values(city: Gate, stream: int) -> list[float]:
    grant = city.grant(Ask(Asker("staff:1"), "use", "climate-adaptation", "administration"))
    return [record.value.result for record in city.page(grant, Query(kind="Observations", top=10)).records]


def _page_of(client: object, value: str) -> str:
    line = next(line for line in text(client, "/intern/quarantaene.csv").splitlines() if f",{value}," in line)  # type: ignore[arg-type]
    return f"/intern/quarantaene/{line.partition(',')[0]}/"


def test_an_empty_quarantine_says_so(city: Gate, sign_in: SignIn) -> None:
    assert "Nichts wartet auf eine Entscheidung." in text(sign_in("office"), "/intern/quarantaene/")


@pytest.mark.parametrize("role", ["office", "steward"])
def test_a_value_is_released_and_one_discarded(city: Gate, stream: int, sign_in: SignIn, role: str) -> None:
    client, count = sign_in(role), AuditEntry.objects.count()
    listed = text(client, "/intern/quarantaene/")
    for part in ("Platz", "token:gateway", "observation.out_of_range", "result 61.0 liegt außerhalb"):
        assert part in listed
    hot, hotter = _page_of(client, "61.0"), _page_of(client, "62.0")
    assert client.post(hot, {"deed": "release", "reason": "Hitze"}).status_code == 200, "not confirmed"
    assert client.post(hot, {"deed": "release", "sure": "on"}).status_code == 200, "no reason"
    assert _values(city, stream) == []
    assert client.post(hot, {"deed": "release", "reason": "Hitze", "sure": "on"}).status_code == 302
    assert client.post(hotter, {"deed": "discard", "reason": "Fühler defekt", "sure": "on"}).status_code == 302
    assert _values(city, stream) == [61.0]
    entries = {entry.verb: entry.note for entry in entries_since(count)}
    assert entries == {"gate.value_released": "Hitze", "gate.value_discarded": "Fühler defekt"}
    page = text(client, "/intern/quarantaene/")
    assert "Nichts wartet auf eine Entscheidung." in page
    assert "Fühler defekt" in page
    client.post(hot, {"deed": "discard", "reason": "noch einmal", "sure": "on"})
    assert AuditEntry.objects.count() == count + 2, "decided already"


def test_the_value_may_be_corrected(city: Gate, stream: int, sign_in: SignIn) -> None:
    client = sign_in("steward")
    sent = {"deed": "release", "reason": "Komma", "sure": "on", "result": "6.1"}
    assert client.post(_page_of(client, "61.0"), sent).status_code == 302
    assert _values(city, stream) == [6.1]


@pytest.mark.parametrize("role", ROLES)
def test_roles(city: Gate, stream: int, sign_in: SignIn, role: str) -> None:
    address = _page_of(sign_in("steward"), "61.0")
    client = sign_in(role)
    reads = may_read({role}, "quarantine")
    for page in (address, "/intern/quarantaene/", "/intern/quarantaene.csv"):
        assert client.get(page).status_code == (200 if reads else 302)
    home = text(client, "/intern/")
    assert ("In Quarantäne" in home) == ("/intern/quarantaene/" in home) == reads
    client.post(address, {"deed": "release", "reason": "Hitze", "sure": "on"})
    assert bool(_values(city, stream)) == may_write({role}, "quarantine")


def test_the_auditor_reads_and_office_and_steward_decide() -> None:
    assert {role for role in ROLES if may_write({role}, "quarantine")} == {"office", "steward", "administrator"}
    assert {role for role in ROLES if may_read({role}, "quarantine")} == {
        "office", "steward", "administrator", "auditor",
    }  # fmt: skip
