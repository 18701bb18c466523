"""Quality for staff and for everybody: who sees which flags, who sets limits, what is said to be left out."""

import csv
import io
from typing import Any

import pytest
from django.test import Client

from allmende.accounts.models import AuditEntry
from allmende.accounts.rules import ROLES, may_write
from allmende.gate.door import Gate
from allmende.gate.query import Arrival
from allmende.kernel.clock import micros_from_instant, utc_now
from allmende.quality.rounds import Checks
from tests.office.conftest import SignIn, entries_since, values_of
from tests.office.test_alerts import COLLECT, stream
from tests.office.test_pages import text

__all__ = ["stream"]
MINUTE = 60_000_000


@pytest.fixture
def flagged(city: Gate, stream: int) -> int:
    """Give a datastream with a value that no test lets pass."""
    now = micros_from_instant(utc_now()) // MINUTE * MINUTE
    values = [20, 20.1, 20.2, 49, 20.3, 20.2, 20.1]
    city.append(
        city.grant(COLLECT),
        [
            Arrival(datastream_id=stream, phenomenon_start=now - (60 - 5 * place) * MINUTE, result=float(value))
            for place, value in enumerate(values)
        ],
    )
    Checks(city).look(30)
    return stream


def test_staff_see_what_is_objected_to_and_why(flagged: int, sign_in: SignIn) -> None:
    client = sign_in("auditor")
    assert "Lufttemperatur Platz" in text(client, "/intern/guete/")
    line = next(one for one in text(client, "/intern/guete.csv").splitlines() if one.startswith(f"{flagged},"))
    assert line == f"{flagged},Lufttemperatur Platz,air-temperature,1,0,False"
    page = text(client, f"/intern/guete/{flagged}/")
    assert "Ausreißer (schlecht)" in page
    assert "49" in page
    assert "Speichern und neu prüfen" not in page, "an auditor sets nothing"
    assert ",49.0,Cel,bad," in text(client, f"/intern/guete/{flagged}/werte.csv")


def test_limits_are_set_with_an_entry_and_all_is_checked_again(city: Gate, flagged: int, sign_in: SignIn) -> None:
    client, address = sign_in("steward"), f"/intern/guete/{flagged}/"
    sent = values_of(client.get(address))
    off = ("spike_suspect", "spike_fail", "rate_suspect", "rate_fail", "climatology")
    count = AuditEntry.objects.count()
    changed = {name: value for name, value in sent.items() if name not in off}
    changed |= {"range_suspect_greatest": "55", "range_fail_greatest": "60"}
    assert client.post(address, changed).status_code == 302
    (entry,) = entries_since(count)
    assert entry.verb == "gate.thresholds_set"
    assert entry.after == {
        "range": {"suspect": [-30.0, 55.0], "fail": [-45.0, 60.0]},
        **{"spike": False, "rate": False, "climatology": False},
    }
    Checks(city).look(30)
    assert "Kein Wert dieser Messreihe ist beanstandet" in text(client, address)
    client.post(address, sent)
    Checks(city).look(30)
    assert "Ausreißer (schlecht)" in text(client, address), "the defaults hold again"
    wrong: Any = client.post(address, {**sent, "range_fail_greatest": "1"})
    assert "range" in wrong.content.decode() and AuditEntry.objects.count() == count + 2


def test_others_set_no_limits(flagged: int, sign_in: SignIn) -> None:
    for role in [role for role in ROLES if not may_write({role}, "stations")]:
        client, count = sign_in(role), AuditEntry.objects.count()
        client.post(f"/intern/guete/{flagged}/", {"range_fail_greatest": "1"})
        assert AuditEntry.objects.count() == count, role


def test_the_public_is_told_what_is_left_out(flagged: int, client: Client) -> None:
    page = text(client, "/daten/stationen/platz/")
    assert "1 Wert ist ausgelassen, weil er schlecht ist" in page
    assert "Ausreißer: 1" in page
    week = list(csv.DictReader(io.StringIO(text(client, "/daten/stationen/platz/air-temperature/woche.csv"))))
    assert week and all(float(row["value"]) < 49 for row in week)
    assert "1 value is left out because it is bad" in text(client, "/en/daten/stationen/platz/")
    table = text(client, "/daten/klimatage.csv").splitlines()
    assert table[0].endswith("values_left_out,values_suspect") and table[1].endswith(",1,0")
