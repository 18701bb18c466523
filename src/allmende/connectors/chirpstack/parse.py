"""Events of ChirpStack v4 as records.

Fields that are 0 or false are left out. ``time`` may be the clock of a gateway and days off: where a gateway's entry
has the network server's time, that counts.
"""

from operator import attrgetter
from typing import Any

import msgspec

from allmende.connectors.replies import NO_RECORDS, Record, json_of
from allmende.kernel.errors import Invalid


class _Device(msgspec.Struct, rename="camel", gc=False):
    dev_eui: str = ""


class _Heard(msgspec.Struct, rename="camel", gc=False):
    ns_time: str = ""
    rssi: int | float = 0
    snr: int | float = 0


class _Uplink(msgspec.Struct, rename="camel", gc=False):
    """What is needed of an uplink as nearly all are; reading no more takes a third of the time."""

    device_info: _Device
    rx_info: list[_Heard]
    time: str = ""
    dev_addr: str = ""
    f_cnt: int = 0
    f_port: int = 0
    object: dict[str, Any] = {}


_strength = attrgetter("rssi")
_decoder = msgspec.json.Decoder(_Uplink)


def records(body: bytes) -> list[Record]:
    """Give the uplink of an event; other events (join, status, ack, log) have none."""
    try:
        event = _decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _any_records(body)
    heard = event.rx_info
    best = max(heard, key=_strength) if heard else None
    times = [one.ns_time for one in heard if one.ns_time]
    return [
        {
            "device": event.device_info.dev_eui,
            "eui": event.device_info.dev_eui,
            "time": min(times) if times else event.time,
            "message": f"{event.device_info.dev_eui}/{event.dev_addr}/{event.f_cnt}",
            "port": event.f_port,
            "frame": event.f_cnt,
            "rssi": None if best is None else best.rssi,
            "snr": None if best is None else best.snr,
            "gateways": len(heard),
            "payload": event.object,
        }
    ]


def _any_records(body: bytes) -> list[Record]:
    """Read what has another form: other events, and uplinks with fields of other kinds."""
    event = json_of(body)
    if not isinstance(event, dict) or not isinstance(event.get("deviceInfo"), dict):
        raise Invalid(NO_RECORDS, path="deviceInfo")
    if not isinstance(event.get("rxInfo"), list):
        return []
    device = str(event["deviceInfo"].get("devEui", ""))
    heard = [one for one in event["rxInfo"] if isinstance(one, dict)]
    best: dict[str, Any] = max(heard, key=lambda one: one.get("rssi", 0), default={})
    times = [one["nsTime"] for one in heard if isinstance(one.get("nsTime"), str)]
    frame = event.get("fCnt", 0)
    return [
        {
            "device": device,
            "eui": device,
            "time": min(times) if times else event.get("time"),
            "message": f"{device}/{event.get('devAddr', '')}/{frame}",
            "port": event.get("fPort", 0),
            "frame": frame,
            "rssi": best.get("rssi", 0) if best else None,
            "snr": best.get("snr", 0) if best else None,
            "gateways": len(heard),
            "payload": event.get("object") or {},
        }
    ]
