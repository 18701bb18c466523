"""Which topics there are (18-088, clause 14), and what the broker's two listeners make of them.

A broker passes on what anybody publishes. What clients send in therefore lies under ``in/``, which the listener for
creating puts before every topic and which nobody but Allmende may read; below ``v1.1/`` only Allmende writes.
"""

import re
from functools import lru_cache

import msgspec

from allmende.kernel.errors import ErrorCode, NotFound
from allmende.kernel.text import Text

VERSION = "v1.1"
# How alerts stand, each retained: those of public rules, and the others.
ALERTS, ALERTS_OF_STAFF = "alerts", "staff/alerts"
MOUNT, BY_NAME = "in/", "u/"
EVERYTHING_SENT = f"{MOUNT}#"

NO_TOPIC = ErrorCode(
    "mqtt.no_topic",
    Text("Unter dem Thema „{topic}“ wird nichts angelegt.", "Nothing is created under the topic “{topic}”."),
    Text(
        "Senden Sie an v1.1/Observations oder v1.1/Datastreams(ID)/Observations.",
        "Send to v1.1/Observations or v1.1/Datastreams(ID)/Observations.",
    ),
)
_SENT = re.compile(
    rf"{MOUNT}(?:{BY_NAME}([a-z0-9][a-z0-9._-]{{0,59}})/)?"
    rf"{re.escape(VERSION)}/(?:(Multi)?Datastreams\((\d{{1,16}})\)/)?Observations"
)


class Sent(msgspec.Struct, frozen=True):
    """Whose account published, empty for any, and the datastream that the topic names."""

    account: str
    datastream: int | None
    multi: bool


@lru_cache(10_000)
def read_sent(topic: bytes) -> Sent:
    """Read a topic under which observations are created."""
    text = topic.decode(errors="replace")
    match = _SENT.fullmatch(text)
    if match is None:
        raise NotFound(NO_TOPIC, topic=text.removeprefix(MOUNT)[:100])
    return Sent(match[1] or "", int(match[3]) if match[3] else None, match[2] is not None)
