"""Pull sources against a real HTTP server: each value once, whole replies only, an explained state for every fault."""

import datetime as dt
import gzip
from typing import Any

import pytest

from allmende.gate.door import Gate
from allmende.gate.query import Observation, Query
from allmende.kernel.clock import micros_from_instant, utc_now
from allmende.kernel.errors import AllmendeError, Busy, Invalid
from allmende.sources.health import health
from allmende.sources.run import House, pull, replay
from tests.sources.conftest import PUBLISHED, RECIPE, Make, Remote, Reply, stored

VALUE = RECIPE["values"][0]


def _at(minute: int) -> str:
    return f"2024-05-01T10:{minute:02}:00+02:00"


def _rows(*temperatures: Any) -> list[dict[str, Any]]:
    return [{"time": _at(15 * place), "temperature": one} for place, one in enumerate(temperatures)]


def test_zero_is_a_value_and_null_blank_and_sentinel_are_none(
    gate: Gate, house: House, make: Make, remote: Remote
) -> None:
    probe = make(request={"url": remote.url + "/values"}, absent=["", "---"])
    remote.says("/values", _rows(0, None, -65535, " "))
    outcome = pull(house, gate, probe)
    assert stored(gate) == [("2024-05-01T08:00:00Z", 0.0)]
    assert outcome.refused == {"sentinel": 1, "no-value": 2}


def test_asking_again_doubles_nothing_and_a_changed_value_becomes_a_correction(
    gate: Gate, house: House, make: Make, remote: Remote
) -> None:
    probe = make(request={"url": remote.url + "/values"})
    many = _rows(*range(1, 5)) + [{"time": f"2024-05-01T12:{n:02}:00Z", "temperature": n} for n in range(20)]
    changed = [{**many[0], "temperature": 1.5}, *many[1:]]
    remote.says("/values", many, many, changed)
    assert pull(house, gate, probe).taken == 24
    again = pull(house, gate, probe)
    assert (again.taken, again.repeated) == (0, 24)
    last = pull(house, gate, probe)
    assert (last.taken, last.repeated, last.corrected) == (0, 23, 1)
    assert stored(gate)[0] == ("2024-05-01T08:00:00Z", 1.5)
    page = gate.page(gate.grant(PUBLISHED), Query(kind="Observations", top=100))
    (number,) = [one.id for one in page.records if isinstance(one.value, Observation) and one.value.result == 1.5]
    assert [one.result for one in gate.former(gate.grant(PUBLISHED), number)] == [1.0]


def test_another_value_is_refused_where_the_recipe_says_so(
    gate: Gate, house: House, make: Make, remote: Remote
) -> None:
    probe = make(request={"url": remote.url + "/values"}, changed="refuse")
    remote.says("/values", _rows(1), _rows(2))
    pull(house, gate, probe)
    assert pull(house, gate, probe).refused == {"differs": 1}
    assert stored(gate) == [("2024-05-01T08:00:00Z", 1.0)]


@pytest.mark.parametrize(
    ("reply", "code", "transient"),
    [
        (Reply(b'[{"time": "2024-05-01T10:00:00Z", "temper'), "source.not_readable", False),
        (Reply(b"<!DOCTYPE html><html>Wartung</html>"), "source.not_readable", False),
        (Reply(b'[{"time": "2024-05-01T10:00:00Z", "temperature": NaN}]'), "source.not_readable", False),
        (Reply('[{"time": "ä"}]'.encode("latin-1")), "source.not_readable", False),
        (Reply(b'[{"time": "2024-05-01T10:00:00Z", "temp": 3}]'), "source.changed_form", False),
        (Reply(b'"nothing"'), "source.no_records", False),
        (Reply(b"[1, 2]"), "source.no_records", False),
        (Reply(b"", 404), "source.refused", False),
        (Reply(b"", 401), "source.refused", False),
        (Reply(b"", 503, {"Retry-After": "120"}), "source.unreachable", True),
        (Reply(b"", 429), "source.unreachable", True),
        (Reply(b"", 302, {"Location": "http://example.org/"}), "source.elsewhere", False),
        (Reply(b" " * 200_000), "source.too_large", False),
        (Reply(b" " * 10_000, endless=True), "source.too_large", False),
        (Reply(gzip.compress(b" " * 5_000_000), 200, {"Content-Encoding": "gzip"}), "source.too_large", False),
        (Reply(b"[" * 90_000), "source.not_readable", False),
    ],
)
def test_a_broken_reply_stores_nothing_and_is_explained(
    gate: Gate, house: House, make: Make, remote: Remote, reply: Reply, code: str, transient: bool
) -> None:
    probe = make(request={"url": remote.url + "/values", "most_bytes": 100_000})
    remote.says("/values", _rows(1), reply, _rows(1, 2))
    pull(house, gate, probe)
    with pytest.raises(AllmendeError) as caught:
        pull(house, gate, probe)
    assert (caught.value.code.code, caught.value.retryable) == (code, transient)
    assert len(stored(gate)) == 1
    (seen,) = health(house)
    assert (seen.word, seen.state.trouble and seen.state.trouble.code) == ("retrying" if transient else "ill", code)
    assert pull(house, gate, probe).taken == 1, "the next good reply heals the source"
    assert health(house)[0].word == "late"


def test_a_reply_that_does_not_come_ends_in_time(gate: Gate, house: House, make: Make, remote: Remote) -> None:
    probe = make(request={"url": remote.url + "/values", "timeout_seconds": 0.3, "most_bytes": 10**12})
    remote.says("/values", Reply(b" " * 10_000, endless=True))
    with pytest.raises(Busy, match="in time"):
        pull(house, gate, probe)


def test_private_addresses_are_closed_unless_named(gate: Gate, house: House, make: Make, remote: Remote) -> None:
    remote.says("/values", _rows(1))
    closed = House(house.home)
    for url in (remote.url, remote.url.replace("127.0.0.1", "localhost"), "http://[::1]:9", "http://169.254.169.254"):
        with pytest.raises(Invalid, match="public network"):
            pull(closed, gate, make(request={"url": url + "/values"}))
    assert remote.asked == []


def test_a_redirect_on_the_same_host_is_followed(gate: Gate, house: House, make: Make, remote: Remote) -> None:
    remote.says("/old", Reply(b"", 301, {"Location": "/new"}))
    remote.says("/new", _rows(1))
    assert pull(house, gate, make(request={"url": remote.url + "/old"})).taken == 1


def test_a_secret_comes_from_the_environment_and_its_lack_is_told(
    gate: Gate, house: House, make: Make, remote: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    remote.says("/values", _rows(1))
    probe = make(
        request={"url": remote.url + "/values", "secret": {"environment": "PROBE_KEY", "header": "X-Key", "prefix": ""}}
    )
    with pytest.raises(Invalid, match="PROBE_KEY"):
        pull(house, gate, probe)
    monkeypatch.setenv("PROBE_KEY", "swordfish")
    pull(house, gate, probe)
    assert remote.headers[-1]["X-Key"] == "swordfish"
    assert remote.headers[-1]["User-Agent"].startswith("Allmende/")
    state = (house.folder("probe") / "state.json").read_text(encoding="utf-8")
    assert "swordfish" not in state


def test_all_pages_are_taken_or_none(gate: Gate, house: House, make: Make, remote: Remote) -> None:
    probe = make(request={"url": remote.url + "/1", "next": "next"}, records="data")
    rows = _rows(1, 2, 3)
    remote.says("/1", {"data": rows[:2], "next": "/2"})
    remote.says("/2", Reply(b"", 500), {"data": rows[2:], "next": None})
    with pytest.raises(Busy):
        pull(house, gate, probe)
    assert stored(gate) == []
    assert pull(house, gate, probe).taken == 3
    remote.says("/2", {"data": rows[2:], "next": "/2"})
    with pytest.raises(Invalid, match="no end"):
        pull(house, gate, make(request={"url": remote.url + "/1", "next": "next", "most_pages": 5}, records="data"))


def test_numbered_pages_end_with_the_short_one(gate: Gate, house: House, make: Make, remote: Remote) -> None:
    probe = make(request={"url": remote.url + "/values?x=1", "page": {"parameter": "page", "size": 2}})
    rows = _rows(1, 2, 3)
    remote.says("/values", rows[:2], rows[2:])
    assert pull(house, gate, probe).taken == 3
    assert remote.asked == ["/values?x=1&page=1", "/values?x=1&page=2"]


def test_what_has_not_changed_is_not_sent_again(gate: Gate, house: House, make: Make, remote: Remote) -> None:
    probe = make(request={"url": remote.url + "/values"})
    remote.says("/values", Reply(b"[]", 200, {"ETag": '"a"'}), Reply(b"", 304))
    pull(house, gate, probe)
    pull(house, gate, probe)
    assert remote.headers[-1]["If-None-Match"] == '"a"'


def test_after_an_outage_the_gap_is_asked_for(gate: Gate, house: House, make: Make, remote: Remote) -> None:
    since = {"overlap_seconds": 600, "first_seconds": 86_400, "window_seconds": 40_000}
    probe = make(request={"url": remote.url + "/values?from={since}&to={until}", "since": since})
    now = utc_now().replace(microsecond=0)
    rows = [{"time": (now - dt.timedelta(hours=2)).isoformat(), "temperature": 3}]
    remote.says("/values", [], [], rows)
    pull(house, gate, probe)
    assert len(remote.asked) == 3, "a day in windows of 40,000 seconds"
    assert health(house)[0].state.cursors == {"1": micros_from_instant(now - dt.timedelta(hours=2))}
    remote.says("/values", rows)
    again = pull(house, gate, probe)
    assert (again.taken, again.repeated) == (0, 1)
    begin = f"{now - dt.timedelta(hours=2, seconds=600):%Y-%m-%dT%H:%M:%SZ}"
    assert remote.asked[-1].startswith(f"/values?from={begin}")
    remote.says("/values", [])
    pull(house, gate, probe, now - dt.timedelta(days=3))
    assert len(remote.asked) == 4 + 7, "three days in windows"


def test_one_station_that_is_refused_holds_no_other_up(gate: Gate, house: House, make: Make, remote: Remote) -> None:
    stations = [{"slug": slug, "name": slug, "key": key} for slug, key in (("one", "a b"), ("two", "2"))]
    probe = make(request={"url": remote.url + "/{station}/values"}, stations=stations)
    remote.says("/2/values", _rows(1))
    with pytest.raises(Invalid, match="404"):
        pull(house, gate, probe)
    assert len(stored(gate)) == 1
    assert remote.asked[0] == "/a%20b/values"


def test_a_reply_is_read_again_after_the_recipe_was_mended(
    gate: Gate, house: House, make: Make, remote: Remote
) -> None:
    request = {"url": remote.url + "/values"}
    remote.says("/values", [{"time": _at(0), "temp": 3.5}])
    with pytest.raises(Invalid):
        pull(house, gate, make(request=request))
    mended = make(request=request, values=[{**VALUE, "path": "temp"}])
    outcome, unread = replay(house, gate, mended)
    assert (outcome.taken, unread, health(house)[0].word) == (1, 0, "late")
    assert replay(house, gate, mended)[0].repeated == 1


def test_out_of_range_and_future_values_go_to_the_quarantine_and_the_others_in(
    gate: Gate, house: House, make: Make, remote: Remote
) -> None:
    ahead = (utc_now() + dt.timedelta(hours=3)).isoformat()
    remote.says(
        "/values", [*_rows(*([5] * 10)), {"time": _at(59), "temperature": 99}, {"time": ahead, "temperature": 1}]
    )
    rows = {f"2024-05-01T{n:02}:00:00Z": 5 for n in range(12)}
    remote.says(
        "/values",
        [
            *({"time": time, "temperature": one} for time, one in rows.items()),
            {"time": _at(59), "temperature": 99},
            {"time": ahead, "temperature": 1},
        ],
    )
    outcome = pull(house, gate, make(request={"url": remote.url + "/values"}))
    assert (outcome.taken, outcome.refused) == (12, {"quarantine": 2})
