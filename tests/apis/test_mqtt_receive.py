"""Updates received from a real Mosquitto (18-088, clause 14.2)."""

import asyncio
import json
from typing import Any

import msgspec
import pytest

from allmende.gate.door import open_gate
from allmende.gate.query import Arrival, Location, Thing
from tests.apis.conftest import COLLECT
from tests.apis.mqtt_town import MqttTown, body
from tests.mqtt_broker import Client, until


def _receiver(town: MqttTown, version: int = 5) -> Client:
    return Client(town.broker.receive_port, version)


def _results(client: Client, topic: str) -> list[Any]:
    return [json.loads(payload)["result"] for name, payload in client.got if name == topic]


@pytest.mark.parametrize("version", [4, 5])
def test_every_door_and_process_is_heard_once_and_in_order(mqtt_town: MqttTown, version: int) -> None:
    stream = mqtt_town.streams["Ufer"]
    of_stream, hour = f"v1.1/Datastreams({stream})/Observations", 10 + version

    async def deed() -> None:
        other = open_gate(mqtt_town.store_url)
        async with _receiver(mqtt_town, version) as client, mqtt_town.writer() as sender:
            await client.subscribe(of_stream, "v1.1/Observations")
            await sender.publish(of_stream, body(1, 1.5).replace(b"T10", b"T%d" % hour), **mqtt_town.bearer())
            await client.until(lambda: len(client.got) == 2)
            sent = {"phenomenonTime": f"2026-03-01T{hour}:02:00Z", "result": 2.5}
            posted = await asyncio.to_thread(mqtt_town.post, f"Datastreams({stream})/Observations", sent)
            assert posted.status_code == 201
            await client.until(lambda: len(client.got) == 4)
            at = 1_700_000_000_000_000 - version * 10**12
            arrivals = [Arrival(datastream_id=stream, phenomenon_start=at + n, result=float(n)) for n in range(30)]
            other.append(other.grant(COLLECT), arrivals)
            await client.until(lambda: len(client.got) == 64)
            await asyncio.sleep(0.6)
            expected = [1.5, 2.5, *(float(n) for n in range(30))]
            assert _results(client, of_stream) == expected
            assert _results(client, "v1.1/Observations") == expected
        other.close()

    asyncio.run(deed())


def test_an_update_is_the_whole_entity(mqtt_town: MqttTown) -> None:
    stream = mqtt_town.streams["Ufer"]

    async def deed() -> dict[str, Any]:
        async with _receiver(mqtt_town) as client:
            await client.subscribe(f"v1.1/Datastreams({stream})/Observations")
            sent = {"phenomenonTime": "2026-03-02T10:00:00Z", "result": 7, "parameters": {"a": [1]}}
            await asyncio.to_thread(mqtt_town.post, f"Datastreams({stream})/Observations", sent)
            await client.until(lambda: client.got)
            found: dict[str, Any] = json.loads(client.got[0][1])
            return found

    update = asyncio.run(deed())
    read = mqtt_town.get(f"Observations({update['@iot.id']})").json()
    assert update.keys() == read.keys()
    assert (update["result"], update["parameters"]) == (7, {"a": [1]})


def test_a_correction_is_told_with_what_is_different(mqtt_town: MqttTown) -> None:
    stream = mqtt_town.streams["Ufer"]
    of_stream = f"v1.1/Datastreams({stream})/Observations"
    sent = {"phenomenonTime": "2026-03-04T10:00:00Z", "result": 7}

    async def deed() -> None:
        async with _receiver(mqtt_town) as client:
            await client.subscribe(of_stream)
            await asyncio.to_thread(mqtt_town.post, f"Datastreams({stream})/Observations", sent)
            await client.until(lambda: _results(client, of_stream) == [7])
            number = json.loads(client.got[0][1])["@iot.id"]
            own = f"v1.1/Observations({number})"
            await client.subscribe(own, f"{own}/result", f"{own}/phenomenonTime", "v1.1/Observations")
            answer = await asyncio.to_thread(
                mqtt_town.send, "PATCH", f"Observations({number})", {"result": 8}, "editor"
            )
            assert answer.status_code == 200
            await client.until(lambda: len(client.got) == 5)
            await asyncio.sleep(0.4)
            assert {topic for topic, _ in client.got[1:]} == {of_stream, own, f"{own}/result", "v1.1/Observations"}
            assert dict(client.got)[f"{own}/result"] == b'{"result":8.0}'
            assert _results(client, of_stream) == [7, 8]
            assert _results(client, own) == [8]

    asyncio.run(deed())


@pytest.mark.parametrize("version", [4, 5])
def test_a_selection_is_told_to_who_asks_for_it(mqtt_town: MqttTown, version: int) -> None:
    stream, kitchen = mqtt_town.streams["Ufer"], mqtt_town.streams["Küche"]
    chosen = f"v1.1/Datastreams({stream})/Observations?$select=result"
    closed = f"v1.1/Datastreams({kitchen})/Observations?$select=result"

    async def deed() -> None:
        async with _receiver(mqtt_town, version) as client:
            await client.subscribe(chosen, "v1.1/+/Observations?$select=phenomenonTime,result", closed)
            for place, result in ((kitchen, 3), (stream, 4)):
                sent = {"phenomenonTime": f"2026-03-05T1{version}:00:00Z", "result": result}
                assert mqtt_town.post(f"Datastreams({place})/Observations", sent).status_code == 201
            await client.until(lambda: len(client.got) == 2)
            await asyncio.sleep(0.4)
            found = {topic: json.loads(payload) for topic, payload in client.got}
            both = f"v1.1/Datastreams({stream})/Observations?$select=phenomenonTime,result"
            assert set(found) == {chosen, both}
            assert set(found[chosen]) == {"@iot.id", "@iot.selfLink", "result"}
            assert set(found[both]) == {"@iot.id", "@iot.selfLink", "result", "phenomenonTime"}

    asyncio.run(deed())


def test_what_the_rules_close_is_never_published(mqtt_town: MqttTown) -> None:
    kitchen, open_one = mqtt_town.streams["Küche"], mqtt_town.streams["Platz"]

    async def deed() -> None:
        async with _receiver(mqtt_town) as client, mqtt_town.writer() as sender:
            await client.subscribe("#")
            await sender.publish(f"v1.1/Datastreams({kitchen})/Observations", body(2, 11.5), **mqtt_town.bearer())
            await asyncio.sleep(0.5)
            await sender.publish(f"v1.1/Datastreams({open_one})/Observations", body(57, 12.5), **mqtt_town.bearer())
            await client.until(lambda: _results(client, f"v1.1/Datastreams({open_one})/Observations") == [12.5])
            await asyncio.sleep(0.5)
            assert not [payload for _, payload in client.got if b"11.5" in payload]
            assert not [topic for topic, _ in client.got if f"({kitchen})" in topic]

    asyncio.run(deed())


def test_entities_and_their_properties_are_told(mqtt_town: MqttTown) -> None:
    gate = mqtt_town.gate

    async def deed() -> None:
        grant = gate.grant(COLLECT)
        place = gate.create(
            grant, "Locations", Location(name="L", description="", location={"type": "Point", "coordinates": [9, 47]})
        )
        thing = Thing(name="Before", description="d", properties={"slug": f"told-{place}"}, location_ids=(place,))
        number = gate.create(grant, "Things", thing)
        mqtt_town.add(f"Halle{place}", (9.1, 47.6), "weather")
        async with _receiver(mqtt_town) as client:
            own = f"v1.1/Things({number})"
            await client.subscribe("v1.1/Things", own, f"{own}/name", "v1.1/Datastreams")
            await client.until(lambda: any(topic == "v1.1/Datastreams" for topic, _ in client.got))
            gate.update(grant, "Things", number, msgspec.structs.replace(thing, name="After"))
            name = (f"{own}/name", b'{"name":"After"}')
            await client.until(lambda: name in client.got)
            whole = [json.loads(payload) for topic, payload in client.got if topic == own]
            assert whole[-1]["name"] == "After"
            assert whole[-1]["@iot.id"] == number

    asyncio.run(deed())


def test_updates_wait_while_the_broker_is_away(mqtt_town: MqttTown) -> None:
    stream = mqtt_town.streams["Ufer"]
    path = f"Datastreams({stream})/Observations"
    mqtt_town.broker.kill()
    asyncio.run(until(lambda: mqtt_town.client.get("/health").json()["mqtt"].startswith("away")))
    for minute in range(3):
        sent = {"phenomenonTime": f"2026-03-03T10:{minute:02d}:00Z", "result": minute}
        assert mqtt_town.post(path, sent).status_code == 201
    before = mqtt_town.figure("allmende_mqtt_published")
    mqtt_town.broker.start()
    asyncio.run(until(lambda: mqtt_town.figure("allmende_mqtt_published") >= before + 6, 20))
