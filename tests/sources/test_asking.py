"""How a source is asked beyond one address: parts, an index, a login, the header; and what a reply leaves open."""

import datetime as dt
import hashlib
from typing import Any

import pytest

from allmende.gate.door import Gate
from allmende.gate.query import Observation, Query
from allmende.kernel.clock import instant_from_micros, utc_now
from allmende.kernel.errors import Busy, Invalid
from allmende.sources.parse import Reading, Refusal
from allmende.sources.run import House, preview, pull, replay
from tests.sources.conftest import PUBLISHED, RECIPE, Make, Remote, Reply, iso, stored

VALUE = RECIPE["values"][0]
ROW = {"time": "2024-05-01T10:00:00Z", "temperature": 3}


def _md5(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()


def _read(house: House, connector: Any) -> list[tuple[str, float | bool]]:
    found = preview(house, connector, None)
    return [(connector.recipe.values[one.value].observed, one.result) for one in found if isinstance(one, Reading)]


def test_each_part_of_a_request_has_its_own_values(house: House, make: Make, remote: Remote) -> None:
    humidity = {**VALUE, "observed": "relative-humidity", "unit": "%", "part": "PM2,5"}
    values = [{**VALUE, "part": "T/now"}, humidity]
    probe = make(request={"url": remote.url + "/a?what={part}", "parts": ["T/now", "PM2,5"]}, values=values)
    remote.says("/a", [ROW], [{**ROW, "temperature": 70}])
    assert _read(house, probe) == [("air-temperature", 3.0), ("relative-humidity", 70.0)]
    assert remote.asked == ["/a?what=T/now", "/a?what=PM2,5"]
    remote.says("/a", [ROW], [{**ROW, "temperature": 70, "more": 1}], [{"time": ROW["time"]}])
    _read(house, probe)
    with pytest.raises(Invalid, match="“temperature”"):
        _read(house, probe)
    with pytest.raises(Invalid, match="parts"):
        make(request={"url": remote.url, "parts": ["T"]})


def test_an_index_leads_to_the_reply_on_its_own_host_alone(house: House, make: Make, remote: Remote) -> None:
    via = {"url": remote.url + "/index", "paths": ["data.*.feeds[name=status].url", "data.feeds[name=status].url"]}
    probe = make(request={"via": via})
    remote.says("/status", [ROW])
    for data in (
        {"de": {"feeds": [{"name": "status", "url": "/status"}]}},
        {"feeds": [{"name": "status", "url": "/status"}]},
    ):
        remote.says("/index", {"data": data})
        assert _read(house, probe) == [("air-temperature", 3.0)]
    remote.says("/index", {"data": {"feeds": [{"name": "status", "url": "http://169.254.169.254/status"}]}})
    with pytest.raises(Invalid, match="another host"):
        _read(house, probe)
    remote.says("/index", {"data": {}})
    with pytest.raises(Invalid, match="no address"):
        _read(house, probe)


def test_the_header_names_the_next_page(house: House, make: Make, remote: Remote) -> None:
    probe = make(request={"url": remote.url + "/1", "next": "@link"})
    remote.says("/1", Reply(b'[{"time":"2024-05-01T10:00:00Z","temperature":1}]', 200, {"Link": '</2>; rel="next"'}))
    remote.says("/2", [{**ROW, "temperature": 2}])
    assert [one for _, one in _read(house, probe)] == [1.0, 2.0]
    remote.says("/1", Reply(b"[]", 200, {"Link": '<http://10.0.0.1/2>; rel="next"'}))
    with pytest.raises(Invalid, match="another host"):
        _read(house, probe)


def test_a_login_by_digest(house: House, make: Make, remote: Remote, monkeypatch: pytest.MonkeyPatch) -> None:
    login = {"user_environment": "PROBE_USER", "password_environment": "PROBE_WORD"}
    probe = make(request={"url": remote.url + "/a", "login": login})
    monkeypatch.setenv("PROBE_USER", "city")
    with pytest.raises(Invalid, match="PROBE_WORD"):
        _read(house, probe)
    monkeypatch.setenv("PROBE_WORD", "swordfish")
    ask = {"WWW-Authenticate": 'Digest realm="r", nonce="n", algorithm=MD5'}
    remote.says(
        "/a", Reply(b" " * 10_000, 401, ask, endless=True), Reply(b'[{"time":"2024-05-01T10:00:00Z","temperature":1}]')
    )
    assert _read(house, probe) == [("air-temperature", 1.0)]
    secret, place = _md5("city:r:swordfish"), _md5("GET:/a")
    proof = _md5(f"{secret}:n:{place}")
    assert f'response="{proof}"' in remote.headers[-1]["Authorization"]
    assert "swordfish" not in str(remote.headers)
    remote.says("/a", Reply(b"", 401, ask))
    with pytest.raises(Invalid, match="401"):
        _read(house, probe)


def test_what_is_only_known_to_be_so_just_now(gate: Gate, house: House, make: Make, remote: Remote) -> None:
    probe = make(request={"url": remote.url + "/a"}, time={"path": "@received", "zone": "UTC"})
    remote.says("/a", {"temperature": 3})
    pull(house, gate, probe)
    ((when, result),) = stored(gate)
    assert result == 3.0
    assert abs((dt.datetime.fromisoformat(when) - utc_now()).total_seconds()) < 60
    assert replay(house, gate, probe)[0].repeated == 1


def test_records_that_are_not_wanted_and_what_is_written_above_them(house: House, make: Make) -> None:
    probe = make(
        station="id",
        kind="push",
        records="places",
        inherit={"time": "updated"},
        where=[{"path": "open", "among": ["ja", "true"]}],
    )
    one = {"id": 1.0, "temperature": 1}
    body = {
        "updated": ROW["time"],
        "places": [{**one, "open": "ja"}, {**one, "open": " "}, {**one, "open": True, "time": "x"}],
    }
    import json

    found = preview(house, probe, json.dumps(body).encode())
    assert [(iso(each.start), each.result) for each in found if isinstance(each, Reading)] == [(ROW["time"], 1.0)]
    assert [each.reason for each in found if isinstance(each, Refusal)] == ["left-out", "no-time"]


def test_of_what_holds_more_than_may_be_stored_no_raw_reply_is_kept(
    gate: Gate, house: House, make: Make, remote: Remote
) -> None:
    from allmende.sources.definition import read_connector

    probe = make(request={"url": remote.url + "/a"})
    manifest = probe.folder / "manifest.toml"
    text = manifest.read_text(encoding="utf-8").replace("cadence_seconds", "keep_raw_days = 0, cadence_seconds")
    manifest.write_text(text, encoding="utf-8")
    remote.says("/a", [ROW])
    pull(house, gate, read_connector(probe.folder, own=True))
    assert len(stored(gate)) == 1
    assert list(house.archive("probe").replies()) == []


def test_each_run_of_a_forecast_stays_and_nothing_else_may_lie_ahead(
    gate: Gate, house: House, make: Make, remote: Remote
) -> None:
    time = {"path": "time", "zone": "in-time", "result": "issued"}
    request = {"url": remote.url + "/a"}
    now = utc_now().replace(microsecond=0)
    ahead = [(now + dt.timedelta(hours=n)).isoformat() for n in range(1, 11)]
    runs = [
        [{"time": one, "issued": (now - dt.timedelta(hours=h)).isoformat(), "temperature": h} for one in ahead]
        for h in (2, 1)
    ]
    remote.says("/a", *runs, runs[1])
    forecast = make(request=request, time=time, forecast=True)
    assert [pull(house, gate, forecast).taken for _ in range(3)] == [10, 10, 0]
    page = gate.page(gate.grant(PUBLISHED), Query(kind="Observations", top=100))
    values = [one.value for one in page.records if isinstance(one.value, Observation)]
    assert {one.quality for one in values} == {"forecast"}
    known = {(one.result, one.result_time and instant_from_micros(one.result_time)) for one in values}
    assert known == {(2.0, now - dt.timedelta(hours=2)), (1.0, now - dt.timedelta(hours=1))}
    assert pull(house, gate, make("other", request=request, time=time, dataset="other")).refused == {"quarantine": 10}
    late = [{**one, "issued": ahead[0]} for one in runs[0]]
    remote.says("/a", late)
    assert pull(house, gate, forecast).refused == {"quarantine": 10}, "what is not known yet is no forecast"


def test_the_next_run_goes_on_from_when_a_result_was_known(
    gate: Gate, house: House, make: Make, remote: Remote
) -> None:
    since = {"overlap_seconds": 0, "first_seconds": 86_400, "window_seconds": 86_400, "cursor": "result"}
    time = {"path": "time", "zone": "in-time", "result": "known", "end": "end"}
    probe = make(request={"url": remote.url + "/a?from={since}&to={until}", "since": since}, time=time)
    now = utc_now().replace(microsecond=0)
    known = now - dt.timedelta(hours=1)
    row = {"time": "2024-05-01T10:00:00Z", "end": "2024-05-01T11:00:00Z", "known": known.isoformat(), "temperature": 3}
    remote.says("/a", [row, {**row, "time": "2024-05-02T10:00:00Z", "end": "2024-05-02T10:00:00Z"}])
    assert pull(house, gate, probe).taken == 2
    pull(house, gate, probe)
    assert remote.asked[-1].startswith(f"/a?from={known:%Y-%m-%dT%H:%M:%SZ}")
    page = gate.page(gate.grant(PUBLISHED), Query(kind="Observations", top=10))
    ends = [one.value.phenomenon_end for one in page.records if isinstance(one.value, Observation)]
    assert sorted(end is None for end in ends) == [False, True], "an end that is the start means an instant"


@pytest.mark.parametrize("host", ["[::ffff:127.0.0.1]", "0.0.0.0", "[fe80::1]", "10.1.2.3", "100.64.0.1", "2130706433"])
def test_no_spelling_of_a_private_address_is_open(house: House, make: Make, host: str) -> None:
    with pytest.raises((Invalid, Busy), match=r"public network|does not answer"):
        preview(House(house.home), make(request={"url": f"http://{host}:9/"}), None)
