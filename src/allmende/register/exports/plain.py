"""The register as plain JSON: everything that its pages show."""

from typing import Any

from allmende.ethics.model import Rule
from allmende.register.codes import code_of
from allmende.register.exports.content import Register, both, sheet
from allmende.register.queries import SensorEntry


def _sensor(register: Register, entry: SensorEntry) -> dict[str, Any]:
    point = entry.point
    return {
        "slug": entry.slug,
        "name": entry.name,
        "page": register.sensor(entry.slug),
        "short_link": f"{register.base}/d/{code_of(entry.slug)}",
        "kind": entry.kind or None,
        "simulated": entry.simulated,
        "measures": list(entry.measures),
        "categories": list(entry.categories),
        "geometry": {"type": "Point", "coordinates": [point.longitude, point.latitude]} if point else None,
        "position_exact": entry.exact,
        "data_uses": [use.slug for use in entry.data_uses],
        "rules": [rule.slug for rule in entry.rules],
    }


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "slug": rule.slug,
        "effect": rule.effect,
        "title": both(rule.title),
        "reason": both(rule.reason),
        "source": rule.source,
        "since": rule.since.isoformat() if rule.since else None,
        "until": rule.until.isoformat() if rule.until else None,
    }


def plain(register: Register) -> dict[str, Any]:
    """Write the register whole."""
    return {
        "programme": register.programme,
        "day": register.day.isoformat(),
        "made": register.made.isoformat(),
        "page": f"{register.base}/datenethik/register/",
        "rulebook": {"version": register.book.version, "rules": [_rule(rule) for rule in register.book.rules]},
        "data_uses": [sheet(use) for use in register.uses],
        "sensors": [_sensor(register, entry) for entry in register.entries],
    }
