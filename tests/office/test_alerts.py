"""Alerts: judged on what the gate shows, told by mail, webhook, page and feed; each begins and ends once."""

import asyncio
import datetime as dt
import threading
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import msgspec
import pytest
from django.core import mail
from hypothesis import given
from hypothesis import strategies as st

from allmende.alerts.models import AlertEvent, AlertRule, Delivery
from allmende.alerts.rules import SECOND, Condition, Standing, judge
from allmende.alerts.services import Ways, deliver, ensure_examples, evaluate
from allmende.apis.sensorthings.mqtt.session import read_broker
from allmende.gate.door import Ask, Asker, Gate
from allmende.gate.query import Arrival, Datastream, ObservedProperty, Sensor
from allmende.kernel.clock import UTC, micros_from_instant
from tests.mqtt_broker import Broker
from tests.mqtt_broker import Client as Subscriber
from tests.office.conftest import ACTOR, SignIn, entries_since
from tests.office.test_pages import text

NOON = dt.datetime(2025, 3, 1, 12, tzinfo=UTC)
COLLECT = Ask(Asker("system:test"), "collect", "climate-adaptation", "administration")
HERE = Ways(("127.0.0.1",))
FORM = {
    **{"slug": "hitze", "title_de": "Hitze", "title_en": "Heat", "kind": "above", "observed": "air-temperature"},
    **{"threshold": "30", "release": "28", "lasting_seconds": "600", "silent_seconds": "0"},
    **{"advice_de": "Trinken", "advice_en": "Drink", "purpose": "climate-adaptation", "active": "on", "public": "on"},
}


@pytest.fixture
def stream(city: Gate) -> int:
    """Give a datastream of air temperature."""
    grant = city.grant(COLLECT)
    thing = city.find("Things", "platz")
    assert thing is not None
    seen = ObservedProperty(name="T", definition="https://x.example/t", description="")
    return city.create(
        grant,
        "Datastreams",
        Datastream(
            name="Lufttemperatur Platz",
            description="",
            thing_id=thing,
            sensor_id=city.create(grant, "Sensors", Sensor(name="Fühler", description="")),
            observed_property_id=city.create(grant, "ObservedProperties", seen),
            unit="Cel",
            category="weather",
            data_use="stadtklima-messnetz",
            properties={"observed": "air-temperature"},
        ),
    )


def _measure(city: Gate, stream: int, *values: tuple[int, float]) -> None:
    """Add values, each so many minutes after noon."""
    start = micros_from_instant(NOON)
    arrivals = [Arrival(datastream_id=stream, phenomenon_start=start + m * 60 * SECOND, result=v) for m, v in values]
    city.append(city.grant(COLLECT), arrivals)


def _at(minute: int) -> dt.datetime:
    return NOON + dt.timedelta(minutes=minute)


@pytest.fixture
def hook() -> Iterator[tuple[str, list[Any]]]:
    """Give the address of a service that keeps what it gets, and refuses the first message."""
    got: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(msgspec.json.decode(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(503 if len(got) == 1 else 204)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/hook", got
    server.shutdown()
    server.server_close()


def test_an_alert_begins_after_its_time_ends_below_its_release_and_is_told(
    city: Gate, stream: int, sign_in: SignIn, hook: tuple[str, list[Any]]
) -> None:
    client, (address, got) = sign_in("steward"), hook
    sent = {**FORM, "mail_to": "amt@stadt.example\nbau@stadt.example", "webhook": address}
    assert client.post("/intern/warnregeln/new/", sent).status_code == 302
    _measure(city, stream, (0, 31.0), (5, 29.5), (6, 31.0), (10, 32.0))
    assert evaluate(city, _at(11)) == 0, "29.5 broke the ten minutes off"
    _measure(city, stream, (16, 33.5), (20, 29.0))
    assert evaluate(city, _at(21)) == 1, "29 lies above the release"
    assert evaluate(city, _at(21)) == 0
    assert "Zurzeit gilt keine Warnung" not in text(client, "/daten/warnungen/")
    assert (deliver(_at(21), HERE), len(got)) == (2, 1)
    assert deliver(_at(21), HERE) == 0, "the webhook is tried again after a minute"
    assert deliver(_at(23), HERE) == 1
    assert (got[1]["rule"], got[1]["event"], got[1]["result"]) == ("hitze", "raised", 33.5)
    assert sorted(one.to[0] for one in mail.outbox) == ["amt@stadt.example", "bau@stadt.example"]
    assert "33.5 °C (2025-03-01 12:16 UTC)" in mail.outbox[0].body
    assert "Drink" in mail.outbox[0].body
    _measure(city, stream, (30, 27.0))
    assert evaluate(city, _at(31)) == 1
    assert "No alert holds at the moment" in text(client, "/en/daten/warnungen/")
    feed = ET.fromstring(text(client, "/en/daten/warnungen.atom"))
    titles = [one.text for one in feed.iter("{http://www.w3.org/2005/Atom}title")]
    assert titles == ["Alerts", "All clear: Heat", "Alert: Heat"]
    assert len(text(client, "/daten/warnungen.csv").splitlines()) == 3
    assert "webhook" in text(client, "/intern/warnungen.csv")
    assert "27 °C" in text(client, "/intern/warnungen/")


def test_silence_is_an_alert_and_a_new_value_ends_it(city: Gate, stream: int) -> None:
    rule = AlertRule.objects.create(slug="still", kind="silent", datastream=stream, silent_seconds=3_600, active=True)
    assert evaluate(city, _at(0)) == 0, "what never sent has not fallen silent"
    _measure(city, stream, (0, 1.0))
    assert (evaluate(city, _at(60)), evaluate(city, _at(61)), evaluate(city, _at(62))) == (0, 1, 0)
    _measure(city, stream, (90, 2.0))
    assert evaluate(city, _at(91)) == 1
    assert [one.kind for one in AlertEvent.objects.filter(rule=rule)] == ["cleared", "raised"]


def test_a_purpose_that_the_rules_do_not_permit_warns_of_nothing(city: Gate, stream: int) -> None:
    common = {"kind": "above", "observed": "air-temperature", "threshold": 0, "active": True}
    AlertRule.objects.create(slug="fremd", purpose="marketing", **common)
    _measure(city, stream, (0, 31.0))
    assert evaluate(city, _at(1)) == 0


def test_a_webhook_does_not_reach_the_citys_own_network(city: Gate, stream: int, hook: tuple[str, list[Any]]) -> None:
    common = {"kind": "above", "observed": "air-temperature", "threshold": 0, "active": True}
    AlertRule.objects.create(slug="innen", webhook=hook[0], **common)
    _measure(city, stream, (0, 31.0))
    assert evaluate(city, _at(1)) == 1
    assert deliver(_at(1), Ways()) == 0
    assert hook[1] == []
    assert "127.0.0.1" in Delivery.objects.get().error


@pytest.fixture
def broker() -> Iterator[Broker]:
    """Run a Mosquitto."""
    made = Broker().start()
    yield made
    made.end()


def test_the_broker_keeps_how_an_alert_stands(city: Gate, stream: int, broker: Broker) -> None:
    common = {"kind": "above", "observed": "air-temperature", "threshold": 30, "active": True, "mqtt": True}
    AlertRule.objects.create(slug="hitze", public=True, title_de="Hitze", title_en="Heat", **common)
    AlertRule.objects.create(slug="intern", **common)
    ways = Ways(broker=read_broker(broker.url))
    _measure(city, stream, (0, 31.0))
    assert evaluate(city, _at(1)) == 2
    assert deliver(_at(1), Ways()) == 0, "without a broker it is tried again"
    assert "ALLMENDE_MQTT_URL" in Delivery.objects.all()[0].error or "Broker" in Delivery.objects.all()[0].error
    broker.kill()
    assert deliver(_at(3), ways) == 0, "the broker is away"
    broker.start()
    assert deliver(_at(9), ways) == 2
    kept = _kept(broker)
    assert [(topic, one["event"], one["result"]) for topic, one in kept] == [(f"alerts/hitze/{stream}", "raised", 31.0)]
    assert kept[0][1]["title"] == {"de": "Hitze", "en": "Heat"}
    _measure(city, stream, (10, 28.0), (11, 31.0), (12, 25.0))
    assert evaluate(city, _at(13)) == 6
    assert deliver(_at(13), ways) == 6
    ((_, last),) = _kept(broker)
    assert (last["event"], last["result"]) == ("cleared", 25.0)


def _kept(broker: Broker) -> list[tuple[str, Any]]:
    """Give what the broker tells everybody who comes now."""

    async def asked() -> list[tuple[str, bytes]]:
        async with Subscriber(broker.receive_port) as client:
            await client.subscribe("#", "staff/#", "alerts/#")
            await asyncio.sleep(0.5)
            return list(dict.fromkeys(client.got))

    return [(topic, msgspec.json.decode(body)) for topic, body in asyncio.run(asked())]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"observed": ""}, "Nennen Sie eine Messgröße oder eine Messreihe."),
        ({"threshold": ""}, "Hier fehlt die Schwelle."),
        ({"release": "31"}, "Die Entwarnung liegt jenseits der Schwelle"),
        ({"kind": "silent"}, "Nach wie vielen Sekunden"),
        ({"webhook": "ftp//x"}, "gültige"),
    ],
)
def test_a_rule_that_could_not_be_judged_is_refused(
    city: Gate, sign_in: SignIn, change: dict[str, str], said: str
) -> None:
    client = sign_in("steward")
    answer = client.post("/intern/warnregeln/new/", {**FORM, **change})
    assert answer.status_code == 200
    assert said in answer.content.decode()
    assert not AlertRule.objects.exists()


def test_examples_come_once_and_switched_off(city: Gate) -> None:
    assert ensure_examples(ACTOR) == 6
    assert ensure_examples(ACTOR) == 0
    assert not AlertRule.objects.filter(active=True).exists()
    for rule in AlertRule.objects.all():
        rule.full_clean()
    assert [entry.verb for entry in entries_since(0)].count("alerts.loaded") == 1


@given(st.lists(st.floats(0, 40), max_size=40), st.integers(0, 3), st.sampled_from(["above", "below"]))
def test_turns_alternate_and_do_not_depend_on_how_values_are_parted(
    values: list[float], lasting: int, kind: str
) -> None:
    condition = Condition(kind, 20.0, 18.0 if kind == "above" else 22.0, lasting)
    timed = [(place * SECOND, value) for place, value in enumerate(values)]
    whole, turns = judge(condition, Standing(), timed)
    parted, found = Standing(), []
    for one in timed:
        parted, some = judge(condition, parted, [one])
        found += some
    assert (parted, found) == (whole, turns)
    assert [turn.kind for turn in turns] == ["raised", "cleared"] * (len(turns) // 2) + ["raised"] * (len(turns) % 2)
    assert judge(condition, whole, timed) == (whole, []), "nothing is judged twice"
