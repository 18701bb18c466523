"""A broker behind TLS with a certificate that the city made itself."""

import datetime as dt
import ipaddress
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from allmende.apis.sensorthings.mqtt.mosquitto import CONFIG
from allmende.serve.broker import broker_fault
from allmende.serve.settings import Settings
from tests.mqtt_broker import Broker


def _certificate(folder: Path) -> tuple[Path, Path]:
    """Make a certificate for this machine that vouches for itself; give its file and that of the key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate, secret = folder / "broker.crt", folder / "broker.key"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    secret.chmod(0o644)
    return certificate, secret


@pytest.fixture
def broker() -> Iterator[Broker]:
    made = Broker()
    certificate, key = _certificate(made.folder)
    config = made.folder / CONFIG
    config.write_text(f"{config.read_text(encoding='utf-8')}certfile {certificate}\nkeyfile {key}\n", encoding="utf-8")
    made.start()
    time.sleep(0.1)
    try:
        yield made
    finally:
        made.end()


def test_a_broker_behind_tls_is_trusted_by_its_certificate_alone(broker: Broker, tmp_path: Path) -> None:
    address = broker.url.replace("mqtt://", "mqtts://")
    known = Settings(home=tmp_path, mqtt_url=address, mqtt_ca=str(broker.folder / "broker.crt"))
    assert broker_fault(known) == ""
    assert "certificate" in broker_fault(Settings(home=tmp_path, mqtt_url=address)).lower()
    assert "is no file" in broker_fault(Settings(home=tmp_path, mqtt_url=address, mqtt_ca="/nowhere.pem"))
    wrong = address.replace("allmende:", "allmende:x", 1)
    assert "authorised" in broker_fault(Settings(home=tmp_path, mqtt_url=wrong, mqtt_ca=known.mqtt_ca))
