"""Network servers for LoRaWAN send to the door: each message once, with its zeros, whatever the sender does."""

import json
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from allmende.gate.tokens import create_token
from allmende.sources.create import create
from tests.apis.conftest import Town, stocked

KEYS = {"tts": "eui-0000000000000001", "chirpstack": '"0000000000000001"'}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the home of the city whose door is open."""
    return tmp_path_factory.mktemp("city")


@pytest.fixture(scope="module")
def city(home: Path) -> Iterator[Town]:
    """Serve a city that takes messages."""
    for made in stocked(home):
        for name in ("lora", "chirp", "other"):
            made.tokens[name] = create_token(made.gate, name=name, scopes=(f"ingest:{name}",))
        yield made


def _open(home: Path, like: str, name: str, device: str, **changes: str) -> None:
    folder = create(home, name, like)
    text = (folder / "source.yaml").read_text(encoding="utf-8").replace(KEYS[like], f'"{device}"')
    for old, new in {"dataset: lorawan-weather": f"dataset: {name}", "slug: my-station": f"slug: at-{name}"}.items():
        text = text.replace(old, new)
    for old, new in changes.items():
        text = text.replace(old, new)
    (folder / "source.yaml").write_text(text, encoding="utf-8")


def _send(city: Town, name: str, body: object, token: str) -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return city.client.post(
        f"/ingest/{name}", content=content, headers={"Authorization": f"Bearer {city.tokens[token]}"}
    )


def _taken(city: Town, name: str, body: object, token: str = "") -> tuple[int, int, list[str]]:
    answer = _send(city, name, body, token or name)
    assert answer.status_code == 200, answer.text
    said = answer.json()
    return said["taken"], said["repeated"], [one["reason"] for one in said["refused"]]


def _values(city: Town, slug: str) -> list[tuple[str, Any]]:
    found = city.values("Datastreams", filter=f"properties/slug eq '{slug}'", expand="Observations")
    return sorted((one["phenomenonTime"], one["result"]) for one in found[0]["Observations"]) if found else []


def _uplink(frame: int | None, at: str, **payload: Any) -> dict[str, Any]:
    counter = {} if not frame else {"f_cnt": frame}
    uplink = {
        "session_key_id": "S",
        **counter,
        "decoded_payload": payload,
        "received_at": f"2024-05-01T{at}.123456789Z",
    }
    ids = {"device_id": "station-7", "dev_eui": "00AA"}
    return {"end_device_ids": ids, "received_at": "2024-05-01T23:00:00Z", "uplink_message": uplink}


def test_uplinks_of_the_things_stack(city: Town, home: Path, samples: Path) -> None:
    _open(home, "tts", "lora", "STATION-7")
    first = _uplink(None, "10:00:00", temperature=0, humidity=-65535, pressure=1000.5, precipitation=98.5)
    assert _taken(city, "lora", first) == (2, 0, ["sentinel", "counter-first"])
    assert _taken(city, "lora", first) == (0, 2, ["sentinel", "counter-order"]), "sent again, stored once"
    assert _taken(city, "lora", _uplink(1, "10:15:00", temperature=-1.5, precipitation=99.25)) == (2, 0, [])
    assert _taken(city, "lora", _uplink(2, "10:30:00", precipitation=0.5)) == (0, 0, ["counter-restart"])
    assert _values(city, "lora-at-lora-air-temperature") == [
        ("2024-05-01T10:00:00.123456Z", 0),
        ("2024-05-01T10:15:00.123456Z", -1.5),
    ]
    (amount,) = _values(city, "lora-at-lora-precipitation")
    assert amount == ("2024-05-01T10:15:00.123456Z", 0.75)
    stored = "\n\n".join(json.dumps({"result": one}) for one in (first, _uplink(3, "10:45:00", temperature=4)))
    assert _taken(city, "lora", stored.encode())[:2] == (1, 2), "from the storage again, under the same key"
    for kind in ("doc_join_accept", "doc_downlink_ack"):
        assert _taken(city, "lora", (samples / "tts-v3" / "webhook" / f"{kind}.json").read_bytes()) == (0, 0, [])
    recorded = (samples / "tts-v3" / "webhook" / "doc_uplink_message_with_decoded_payload.json").read_bytes()
    assert _taken(city, "lora", recorded) == (0, 0, ["unknown-station"])
    assert _taken(city, "lora", {**_uplink(9, "11:00:00", temperature=9), "simulated": True}) == (0, 0, [])
    assert _taken(city, "lora", _uplink(4, "11:15:00")) == (0, 0, ["no-value"]), "nothing was decoded"


def test_uplinks_of_chirpstack(city: Town, home: Path, samples: Path) -> None:
    recorded = json.loads((samples / "chirpstack" / "v4" / "decentlab_dl-pm.chirpstack.payload.json").read_bytes())
    _open(home, "chirpstack", "chirp", recorded["deviceInfo"]["devEui"].upper())
    assert _taken(city, "chirp", recorded) == (0, 0, ["no-value"])
    decoded = {**recorded, "object": {"temperature": 0, "humidity": 40}}
    assert _taken(city, "chirp", decoded) == (2, 0, [])
    assert _taken(city, "chirp", decoded) == (0, 2, [])
    assert _taken(city, "chirp", {**decoded, "time": None}) == (0, 2, []), "the same message, read the general way"
    seen = _values(city, "chirp-at-chirp-air-temperature")
    assert seen == [("2024-11-12T12:51:50.819853Z", 0)], "the network server's clock, not the gateway's"
    join = {"deviceInfo": recorded["deviceInfo"], "devAddr": "1", "time": "2024-11-12T12:51:50Z"}
    assert _taken(city, "chirp", join) == (0, 0, [])
    old = (samples / "chirpstack" / "v3" / "doc_uplink.v3.json").read_bytes()
    answer = _send(city, "chirp", old, "chirp")
    assert (answer.status_code, answer.json()["code"]) in ((422, "source.no_records"), (422, "source.not_readable"))


def test_who_may_not_send_is_told_and_nothing_is_stored(city: Town, home: Path) -> None:
    _open(home, "tts", "other", "station-7")
    body = _uplink(1, "10:00:00", temperature=1)
    assert city.client.post("/ingest/other", json=body).status_code == 401
    assert _send(city, "other", body, "lora").status_code == 403
    assert _send(city, "other", body, "writer").status_code == 403
    for broken, status in ((b'{"end_device_ids": {"dev', 422), (b"[]", 422), (b"", 422), (b"\xff\xfe", 422)):
        assert _send(city, "other", broken, "other").status_code == status
    city.tokens["nobody"] = create_token(city.gate, name="nobody", scopes=("ingest:nobody", "ingest:pegelonline"))
    for name in ("nobody", "pegelonline"):
        assert _send(city, name, body, "nobody").status_code == 404
    assert _values(city, "other-at-other-air-temperature") == []
    assert "other" in city.client.get("/health").json()["sources"]
    assert _taken(city, "other", body) == (1, 0, [])
    assert "other" not in city.client.get("/health").json()["sources"].replace("other: late", "")


def test_a_closed_category_is_refused_with_its_rules(city: Town, home: Path) -> None:
    city.tokens["shut"] = create_token(city.gate, name="shut", scopes=("ingest:shut",))
    _open(home, "tts", "shut", "station-7", **{"category: weather": "category: nobodys"})
    assert _send(city, "shut", _uplink(1, "10:00:00", temperature=1), "shut").status_code == 403


def test_many_senders_at_once_store_each_message_once(city: Town, home: Path) -> None:
    city.tokens["crowd"] = create_token(city.gate, name="crowd", scopes=("ingest:crowd",))
    _open(home, "tts", "crowd", "station-7")
    sent = [_uplink(n, f"10:00:{n:02}", temperature=n) for n in range(12)]

    with ThreadPoolExecutor(4) as pool:
        told = list(pool.map(lambda one: _taken(city, "crowd", one), sent * 4))
    assert sum(taken for taken, _, _ in told) == 12
    assert [value for _, value in _values(city, "crowd-at-crowd-air-temperature")] == list(range(12))


def test_figures_for_prometheus_are_those_of_the_sources(city: Town, home: Path, samples: Path) -> None:
    _open(home, "tts", "figures", "eui-0004a30b001c0530")
    broken = home / "connectors" / "broken"
    broken.mkdir(parents=True, exist_ok=True)
    (broken / "manifest.toml").write_text("api = 1\n", encoding="utf-8")
    city.tokens["figures"] = create_token(city.gate, name="figures", scopes=("ingest:figures",))
    _send(city, "figures", b"<html>", "figures")
    lines = city.client.get("/metrics").text.splitlines()
    shutil.rmtree(broken)
    assert 'allmende_source_state{source="broken",state="broken"} 1.0' in lines
    assert 'allmende_source_paused{source="figures"} 0.0' in lines
    assert 'allmende_source_unread{source="figures"} 1.0' in lines
    assert not any(one.startswith('allmende_source_lag_seconds{source="figures"}') for one in lines), "it has no value"
