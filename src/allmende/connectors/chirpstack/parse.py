"""Events of ChirpStack v4 as records.

Fields that are 0 or false are left out. ``time`` may be the clock of a gateway and days off: where a gateway's entry
has the network server's time, that counts.
"""

from typing import Any

from allmende.connectors.replies import NO_RECORDS, Record, json_of
from allmende.kernel.errors import Invalid


def records(body: bytes) -> list[Record]:
    """Give the uplink of an event; other events (join, status, ack, log) have none."""
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
