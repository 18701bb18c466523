"""Messages of The Things Stack v3, by webhook or from its storage, as records.

The stack leaves fields out that are 0, false or empty: a frame counter, a port or a signal-to-noise ratio that is
missing is 0. Times have nanoseconds; the time of the network server is the same by webhook and from the storage.
"""

from operator import attrgetter
from typing import Any

import msgspec

from allmende.connectors.replies import NO_RECORDS, Record, json_of
from allmende.kernel.errors import Invalid


class _Ids(msgspec.Struct, gc=False):
    device_id: str = ""
    dev_eui: str = ""


class _Heard(msgspec.Struct, gc=False):
    rssi: int | float = 0
    snr: int | float = 0


class _Uplink(msgspec.Struct, gc=False):
    session_key_id: str = ""
    f_cnt: int = 0
    f_port: int = 0
    decoded_payload: dict[str, Any] = {}
    rx_metadata: list[_Heard] = []
    received_at: str = ""


class _Message(msgspec.Struct, gc=False):
    """What is needed of a message as nearly all are; reading no more takes a third of the time."""

    end_device_ids: _Ids
    uplink_message: _Uplink
    received_at: str = ""
    simulated: bool = False


_strength = attrgetter("rssi")
_decoder = msgspec.json.Decoder(_Message)


def records(body: bytes) -> list[Record]:
    """Give the uplinks of a message, or of a reply of the storage (a message each line); other kinds have none."""
    try:
        message = _decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _any_records(body)
    return [] if message.simulated else [_plain_record(message)]


def _plain_record(message: _Message) -> Record:
    ids, uplink = message.end_device_ids, message.uplink_message
    best = max(uplink.rx_metadata, key=_strength) if uplink.rx_metadata else None
    return {
        "device": ids.device_id or ids.dev_eui,
        "eui": ids.dev_eui,
        "time": uplink.received_at or message.received_at,
        "message": f"{ids.dev_eui or ids.device_id}/{uplink.session_key_id}/{uplink.f_cnt}",
        "port": uplink.f_port,
        "frame": uplink.f_cnt,
        "rssi": None if best is None else best.rssi,
        "snr": None if best is None else best.snr,
        "gateways": len(uplink.rx_metadata),
        "payload": uplink.decoded_payload,
    }


def _any_records(body: bytes) -> list[Record]:
    lines = [line for line in body.split(b"\n") if line.strip()]
    stored = bool(lines) and lines[0].lstrip().startswith(b'{"result"')
    messages = [_result(json_of(line)) for line in lines] if stored else [json_of(body)]
    return [record for message in messages if (record := _record(message)) is not None]


def _result(line: Any) -> Any:
    return line.get("result") if isinstance(line, dict) else None


def _record(message: Any) -> Record | None:
    if not isinstance(message, dict) or not isinstance(message.get("end_device_ids"), dict):
        raise Invalid(NO_RECORDS, path="end_device_ids")
    uplink = message.get("uplink_message")
    # A message that the console made up was measured by nobody.
    if not isinstance(uplink, dict) or message.get("simulated"):
        return None
    device = message["end_device_ids"]
    heard = [one for one in uplink.get("rx_metadata") or [] if isinstance(one, dict)]
    best = max(heard, key=lambda one: one.get("rssi", 0), default={})
    eui, session, frame = device.get("dev_eui", ""), uplink.get("session_key_id", ""), uplink.get("f_cnt", 0)
    return {
        "device": device.get("device_id") or eui,
        "eui": eui,
        "time": uplink.get("received_at") or message.get("received_at"),
        "message": f"{eui or device.get('device_id')}/{session}/{frame}",
        "port": uplink.get("f_port", 0),
        "frame": frame,
        "rssi": best.get("rssi", 0) if best else None,
        "snr": best.get("snr", 0) if best else None,
        "gateways": len(heard),
        "payload": uplink.get("decoded_payload") or {},
    }
