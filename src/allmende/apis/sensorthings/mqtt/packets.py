"""Packets of MQTT 5 as a client writes and reads them (OASIS mqtt-v5.0): those that are needed, many in one go.

For brokers that know no better there is 3.1.1, which has no properties.
"""

import struct
from functools import lru_cache

import msgspec

CONNACK, PUBLISH, PUBACK, SUBACK, PINGRESP, DISCONNECT = 0x20, 0x30, 0x40, 0x90, 0xD0, 0xE0
PING, GOODBYE = b"\xc0\x00", b"\xe0\x00"
_ACKNOWLEDGED = b"\x40\x02"
NEW, OLD = 5, 4
SESSION_EXPIRY, RECEIVE_MAXIMUM, USER_PROPERTY = 0x11, 0x21, 0x26
# How many bytes the properties of fixed length have; the others are texts, or begin with their length too.
_FIXED = {
    **dict.fromkeys((0x01, 0x17, 0x19, 0x24, 0x25, 0x28, 0x29, 0x2A), 1),
    **dict.fromkeys((0x13, 0x21, 0x22, 0x23), 2),
    **dict.fromkeys((0x02, 0x11, 0x18, 0x27), 4),
}
_TEXTS = (0x03, 0x08, 0x09, 0x12, 0x15, 0x16, 0x1A, 0x1C, 0x1F)
_SUBSCRIPTION = 0x0B
_short = struct.Struct("!H")


class Malformed(Exception):
    """What comes is not MQTT."""


class Published(msgspec.Struct, gc=False):
    """A message as it came: the number to acknowledge it by (empty with QoS 0), and its properties unread.

    ``time`` is kept for a message that names none, so that it is the same whenever storing it is tried again.
    """

    number: bytes
    repeated: bool
    topic: bytes
    properties: bytes
    payload: bytes
    time: int = 0


Other = tuple[int, bytes]


def _text(value: str | bytes) -> bytes:
    encoded = value.encode() if isinstance(value, str) else value
    return _short.pack(len(encoded)) + encoded


def _length(size: int) -> bytes:
    written = bytearray()
    while True:
        size, low = divmod(size, 128)
        written.append(low | 128 if size else low)
        if not size:
            return bytes(written)


def _packet(kind: int, content: bytes) -> bytes:
    return bytes((kind,)) + _length(len(content)) + content


def connect(
    client_id: str, account: tuple[str, str], *, keep_alive: int, lasting: bool, window: int, version: int = NEW
) -> bytes:
    """Ask to be let in; ``window`` is how many messages may be on their way to us unacknowledged."""
    user, password = account
    flags = (0xC0 if user else 0) | (0 if lasting else 2)
    expiry = 0xFFFFFFFF if lasting else 0
    properties = struct.pack("!BIBH", SESSION_EXPIRY, expiry, RECEIVE_MAXIMUM, window)
    head = _text("MQTT") + struct.pack("!BBH", version, flags, keep_alive)
    head += _length(len(properties)) + properties if version == NEW else b""
    return _packet(0x10, head + _text(client_id) + (_text(user) + _text(password) if user else b""))


def subscribe(number: int, topics: tuple[str, ...], version: int = NEW) -> bytes:
    """Ask for topics with the promise of delivery."""
    wanted = b"".join(_text(topic) + b"\x01" for topic in topics)
    return _packet(0x82, _short.pack(number) + (b"\x00" if version == NEW else b"") + wanted)


def publish(number: int, topic: str, payload: bytes, *, retained: bool = False) -> bytes:
    """Send with the promise of delivery; the last one of a topic that is ``retained`` is given to who comes later."""
    head = _text(topic) + _short.pack(number) + b"\x00"
    return (b"\x33" if retained else b"\x32") + _length(len(head) + len(payload)) + head + payload


def acknowledge(numbers: list[bytes]) -> bytes:
    """Acknowledge many messages."""
    return _ACKNOWLEDGED + _ACKNOWLEDGED.join(numbers) if numbers else b""


def _read_length(data: bytes, at: int) -> tuple[int, int]:
    """Read a length of variable size; give it with the place behind it, which is 0 while bytes are missing."""
    size, shift = 0, 0
    while at < len(data):
        byte = data[at]
        size |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return size, at
        if shift > 21:
            raise Malformed("a length has more than four bytes")
    return 0, 0


def read(data: bytes, version: int = NEW) -> tuple[list[Published], list[Other], int]:
    """Read all whole packets; give messages, other packets, and how many bytes were read."""
    found: list[Published] = []
    others: list[Other] = []
    at, most = 0, len(data)
    while most - at >= 2:
        kind, size, start = data[at], data[at + 1], at + 2
        if size > 127:
            size, start = _read_length(data, at + 1)
        end = start + size
        if not start or end > most:
            break
        if kind & 0xF0 == PUBLISH:
            found.append(_published(data, kind, start, end, version))
        else:
            others.append((kind, data[start:end]))
        at = end
    return found, others, at


def _published(data: bytes, kind: int, start: int, end: int, version: int) -> Published:
    place = start + 2 + (data[start] << 8 | data[start + 1])
    topic, number = data[start + 2 : place], b""
    if kind & 6:
        number = data[place : place + 2]
        place += 2
    if version == OLD:
        return Published(number, bool(kind & 8), topic, b"", data[place:end])
    size = data[place]
    place += 1
    if size > 127:
        size, place = _read_length(data, place - 1)
    body = place + size
    if body > end:
        raise Malformed("a message is longer than its packet")
    return Published(number, bool(kind & 8), topic, data[place:body], data[body:end])


@lru_cache(10_000)
def properties_of(raw: bytes) -> tuple[tuple[int, bytes, bytes], ...]:
    """Read properties: which, value, and for a user property what it is named as value before its content."""
    found: list[tuple[int, bytes, bytes]] = []
    at = 0
    while at < len(raw):
        which = raw[at]
        at += 1
        if which in _FIXED:
            found.append((which, raw[at : at + _FIXED[which]], b""))
            at += _FIXED[which]
        elif which == _SUBSCRIPTION:
            _, at = _read_length(raw, at)
        elif which in _TEXTS or which == USER_PROPERTY:
            first, at = _read_text(raw, at)
            second, at = _read_text(raw, at) if which == USER_PROPERTY else (b"", at)
            found.append((which, first, second))
        else:
            raise Malformed(f"unknown property {which}")
        if not at or at > len(raw):
            raise Malformed("properties end too early")
    return tuple(found)


def _read_text(raw: bytes, at: int) -> tuple[bytes, int]:
    end = at + 2 + int.from_bytes(raw[at : at + 2], "big")
    return raw[at + 2 : end], end


def user_property(raw: bytes, name: bytes) -> str:
    """Give a user property, whatever the case of its name; empty where there is none."""
    for which, key, value in properties_of(raw):
        if which == USER_PROPERTY and key.lower() == name:
            return value.decode(errors="replace")
    return ""


def code_of(content: bytes, at: int) -> int:
    """Give the reason code of an answer that may leave it out where all is well."""
    return content[at] if len(content) > at else 0


def behind_length(content: bytes, at: int) -> bytes:
    """Give the properties that stand at a place, behind their length."""
    if len(content) <= at:
        return b""
    size, start = _read_length(content, at)
    return content[start : start + size]
