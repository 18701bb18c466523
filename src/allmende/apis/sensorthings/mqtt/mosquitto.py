"""The configuration of a Mosquitto in which a message is trustworthy and nobody reads what they may not."""

import base64
import hashlib
import secrets
from pathlib import Path
from urllib.parse import quote

from allmende.apis.sensorthings.mqtt.selections import SUBSCRIBED
from allmende.apis.sensorthings.mqtt.topics import ALERTS, ALERTS_OF_STAFF, BY_NAME, MOUNT, VERSION
from allmende.kernel.errors import Conflict, ErrorCode, Invalid
from allmende.kernel.text import Text

EXISTS = ErrorCode(
    "mqtt.config_exists",
    Text("Im Ordner {folder} liegt schon eine Konfiguration.", "The folder {folder} holds a configuration already."),
    Text("Nennen Sie einen anderen Ordner, oder leeren Sie diesen.", "Name another folder, or empty this one."),
)
NO_FILE = ErrorCode(
    "mqtt.no_password_file",
    Text("In die Datei {path} lässt sich nicht schreiben: {why}.", "The file {path} cannot be written to: {why}."),
    Text(
        "Nennen Sie die Datei writers.passwords, die „allmende mqtt config“ anlegt.",
        "Name the file writers.passwords that “allmende mqtt config” makes.",
    ),
)
SERVICE = "allmende"
CONFIG, WRITERS, SERVICE_PASSWORDS, URL = "mosquitto.conf", "writers.passwords", "service.passwords", "mqtt.url"
# The secrets carry 256 random bits: stretching them further would only slow signing in.
ITERATIONS = 101

_CREATE_ACL = f"""# The listener for creating puts {MOUNT} before every topic. Nobody reads here.
topic write {MOUNT}{VERSION}/#
pattern write {MOUNT}{BY_NAME}%u/#
"""
_RECEIVE_ACL = f"""# Below {VERSION}/ and {ALERTS}/ stands only what everybody may read; Allmende alone writes it.
topic read {VERSION}/#
topic read {ALERTS}/#

user {SERVICE}
topic read {MOUNT}#
topic read {SUBSCRIBED}
topic readwrite {VERSION}/#
topic readwrite {ALERTS}/#
# What the staff alone is told; give an account of a display or a control room “topic read {ALERTS_OF_STAFF}/#”.
topic readwrite {ALERTS_OF_STAFF}/#
"""


def password_line(name: str, secret: str) -> str:
    """Write a secret as Mosquitto keeps it: salted PBKDF2 with SHA-512."""
    salt = secrets.token_bytes(12)
    digest = hashlib.pbkdf2_hmac("sha512", secret.encode(), salt, ITERATIONS)
    return f"{name}:$7${ITERATIONS}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}\n"


def set_password(path: Path, name: str, secret: str) -> None:
    """Put an account into a password file, in place of an older one of that name."""
    try:
        kept = [line for line in path.read_text(encoding="utf-8").splitlines(True) if not line.startswith(f"{name}:")]
        path.write_text("".join([*kept, password_line(name, secret)]), encoding="utf-8")
    except OSError as error:
        raise Invalid(NO_FILE, path=path, why=error.strerror) from error


def _config(folder: Path, host: str, port: int, receive_port: int) -> str:
    def listener(number: int, acl: str, passwords: str, more: str = "") -> str:
        return (
            f"listener {number} {host}\n{more}allow_anonymous true\n"
            f"acl_file {folder / acl}\npassword_file {folder / passwords}\n"
        )

    common = f"""# Written by: allmende mqtt config
per_listener_settings true
persistence true
persistence_location {folder / "state"}/
autosave_interval 10
# What Allmende has not yet taken waits, whatever its number, up to 256 MB; the window is what one commit may hold.
max_queued_messages 0
max_queued_bytes 268435456
max_inflight_messages 10000
max_packet_size 1100000
# Who subscribes to what is told to Allmende alone, which publishes topics with $select only where somebody asks.
log_dest stderr
log_dest topic
log_type error
log_type warning
log_type notice
log_type information
log_type subscribe

# For creating: devices and gateways publish here.
"""
    create = listener(port, "create.acl", WRITERS, f"mount_point {MOUNT}\n")
    receive = listener(receive_port, "receive.acl", SERVICE_PASSWORDS)
    return f"{common}{create}\n# For receiving updates; Allmende itself signs in here too.\n{receive}"


def write_config(folder: Path, host: str, port: int, receive_port: int) -> Path:
    """Write all files, with a fresh secret for Allmende's own account; give the file with the address for it."""
    folder = folder.resolve()
    if (folder / CONFIG).exists():
        raise Conflict(EXISTS, folder=folder)
    secret = secrets.token_urlsafe(32)
    (folder / "state").mkdir(parents=True, exist_ok=True)
    url = folder / URL
    url.touch(mode=0o600)
    url.write_text(f"mqtt://{SERVICE}:{quote(secret)}@{host}:{receive_port}\n", encoding="utf-8")
    for name, content in (
        (CONFIG, _config(folder, host, port, receive_port)),
        ("create.acl", _CREATE_ACL),
        ("receive.acl", _RECEIVE_ACL),
        (WRITERS, ""),
        (SERVICE_PASSWORDS, password_line(SERVICE, secret)),
    ):
        (folder / name).write_text(content, encoding="utf-8")
    return url
