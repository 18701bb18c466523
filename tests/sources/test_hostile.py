"""Services that mean ill or are badly kept: certificates that ran out, names that change, endless sizes, disorder."""

import datetime as dt
import http.server
import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import certifi
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from allmende.gate.door import Gate
from allmende.kernel.errors import Busy, Invalid
from allmende.sources.fetch import trusted
from allmende.sources.health import health
from allmende.sources.run import House, pull
from tests.sources.conftest import Make, Remote, Reply, stored

GOOD = b'[{"time": "2024-05-01T10:00:00Z", "temperature": 1}]'


def _certificate(folder: Path, until: dt.datetime) -> tuple[Path, Path]:
    """Write a certificate for 127.0.0.1 that vouches for itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "probe")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(until - dt.timedelta(days=800))
        .not_valid_after(until)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    paths = folder / f"{until:%Y}.pem", folder / f"{until:%Y}.key"
    plain = serialization.NoEncryption()
    pem = serialization.Encoding.PEM
    paths[0].write_bytes(made.public_bytes(pem))
    paths[1].write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
    return paths


@pytest.fixture
def over_tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Give a function that serves a good reply over TLS with a certificate that holds until a day."""
    servers = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(GOOD)))
            self.end_headers()
            self.wfile.write(GOOD)

        def log_message(self, *_: Any) -> None:
            return

    def serve(until: dt.datetime) -> str:
        certificate, key = _certificate(tmp_path, until)
        monkeypatch.setattr(certifi, "where", lambda: str(certificate))
        trusted.cache_clear()
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        servers.append(server)
        return f"https://127.0.0.1:{server.server_address[1]}/values"

    yield serve
    trusted.cache_clear()
    for one in servers:
        one.shutdown()
        one.server_close()


def test_a_certificate_that_ran_out_is_told_and_another_heals(
    gate: Gate, house: House, make: Make, over_tls: Any
) -> None:
    now = dt.datetime.now(dt.UTC)
    with pytest.raises(Busy, match="certificate has expired"):
        pull(house, gate, make(request={"url": over_tls(now - dt.timedelta(days=400))}))
    assert health(house)[0].word == "retrying"
    assert stored(gate) == []
    assert pull(house, gate, make(request={"url": over_tls(now + dt.timedelta(days=400))})).taken == 1


def test_a_name_that_points_elsewhere_at_the_second_look_leads_nowhere(
    house: House, gate: Gate, make: Make, remote: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    remote.says("/values", GOOD)
    port = int(remote.url.rpartition(":")[2])
    looked: list[str] = []
    real = socket.getaddrinfo

    def lying(host: Any, *more: Any, **named: Any) -> Any:
        """Give a public number at first (TEST-NET would not be public), and loopback from then on."""
        if host != "rebind.example":
            return real(host, *more, **named)
        looked.append(host)
        number = "1.1.1.1" if len(looked) == 1 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (number, port))]

    monkeypatch.setattr(socket, "getaddrinfo", lying)
    closed = House(house.home)
    with pytest.raises(Busy):
        pull(closed, gate, make(request={"url": f"http://rebind.example:{port}/values", "timeout_seconds": 0.5}))
    assert looked == ["rebind.example"], "the number of the first look is the one that is called"
    with pytest.raises(Invalid, match="public network"):
        pull(closed, gate, make(request={"url": f"http://rebind.example:{port}/values"}))
    assert remote.asked == []


def test_one_private_number_among_public_ones_closes_a_name(
    house: House, gate: Gate, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = ("1.1.1.1", "10.0.0.7")
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (number, 80)) for number in numbers]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    with pytest.raises(Invalid, match="public network"):
        pull(House(house.home), gate, make(request={"url": "http://both.example/"}))


def test_five_gigabytes_end_at_the_limit(gate: Gate, house: House, make: Make, remote: Remote) -> None:
    announced = Reply(b" " * 10_000, 200, {"Content-Length": "5368709120"}, endless=True)
    remote.says("/values", announced)
    with pytest.raises(Invalid, match="larger than 1000000 bytes"):
        pull(house, gate, make(request={"url": remote.url + "/values", "most_bytes": 1_000_000}))


def test_disorder_and_repeats_in_a_reply_and_over_replies_count_once(
    gate: Gate, house: House, make: Make, remote: Remote
) -> None:
    rows = [{"time": f"2024-05-01T10:{n:02}:00Z", "temperature": n} for n in range(30)]
    remote.says("/values", [*rows[20:], *rows[:10], *rows[25:]], [*reversed(rows), rows[3]])
    probe = make(request={"url": remote.url + "/values"})
    assert pull(house, gate, probe).taken == 20
    assert pull(house, gate, probe).taken == 10
    assert [value for _, value in stored(gate)] == list(range(30))


def test_a_unit_that_changed_stores_nothing(gate: Gate, house: House, make: Make, remote: Remote) -> None:
    value = {
        **{"path": "t", "observed": "air-temperature", "name": {"de": "T", "en": "T"}, "unit": "Cel"},
        **{"unit_path": "unit", "unit_given": "°C"},
    }
    row = {"time": "2024-05-01T10:00:00Z", "t": 20, "unit": "°C"}
    remote.says("/values", [row], [row, {"time": "2024-05-01T11:00:00Z", "t": 68, "unit": "°F"}], [row])
    probe = make(request={"url": remote.url + "/values"}, values=[value])
    pull(house, gate, probe)
    with pytest.raises(Invalid, match="°F"):
        pull(house, gate, probe)
    assert health(house)[0].word == "ill"
    assert len(stored(gate)) == 1
    pull(house, gate, probe)
    assert health(house)[0].word == "late"
