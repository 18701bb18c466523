"""The same rule books in the words of Cedar, an authorization engine that knows nothing of ours."""

import datetime as dt
import json
from collections.abc import Sequence

import cedarpy

from allmende.ethics.model import EVERY, VERBS, Rule
from tests.ethics.books import CATEGORIES, LEAVES, RECIPIENTS, TREE, Request

# Cedar knows no undeclared names: whoever asks for such a thing is refused by these.
DECLARED = """
@id("leaf") forbid(principal, action, resource) unless { context.purpose has leaf };
@id("category") forbid(principal, action, resource) unless { resource has declared };
@id("recipient") forbid(principal, action, resource) unless { principal has declared };
"""
OWN = {"leaf", "category", "recipient"}


def _among(kind: str, names: Sequence[str], place: str) -> str:
    if EVERY in names:
        return "true"
    listed = ", ".join(f'{kind}::"{name}"' for name in names)
    return f"[{listed}].contains({place})"


def _purposes(one: Rule) -> str:
    if EVERY in one.purposes:
        return "true"
    below = [f'context.purpose in Purpose::"{name}"' for name in one.purposes]
    above = [f'Purpose::"{name}" in context.purpose' for name in one.purposes] if one.effect == "prohibit" else []
    return f"({' || '.join([*below, *above])})"


def _policy(one: Rule) -> str:
    asked = [
        _among("Action", one.verbs, "action"),
        _among("Category", one.categories, "resource"),
        _among("Recipient", one.recipients, "principal"),
        _purposes(one),
        f"context.day >= {_number(one.since)}" if one.since else "true",
        f"context.day <= {_number(one.until)}" if one.until else "true",
    ]
    effect = "permit" if one.effect == "permit" else "forbid"
    return f'@id("{one.slug}") {effect}(principal, action, resource) when {{ {" && ".join(asked)} }};'


def _number(day: dt.date) -> int:
    return day.toordinal()


def _entity(kind: str, name: str, attributes: dict[str, bool], parent: str | None = None) -> dict[str, object]:
    parents = [] if parent is None else [{"type": kind, "id": parent}]
    return {"uid": {"type": kind, "id": name}, "attrs": attributes, "parents": parents}


def _entities() -> str:
    found = [
        _entity("Purpose", slug, {"leaf": True} if slug in LEAVES else {}, parent) for slug, parent in TREE.items()
    ]
    found += [_entity("Category", slug, {"declared": True}) for slug in CATEGORIES]
    found += [_entity("Recipient", slug, {"declared": True}) for slug in RECIPIENTS]
    found += [_entity("Action", verb, {}) for verb in VERBS]
    return json.dumps(found)


def by_cedar(entries: list[Rule], requests: list[Request]) -> list[tuple[bool, list[str]]]:
    """Ask Cedar; give for each request the answer and the rules that led to it, in the book's order."""
    policies = cedarpy.PolicySet.from_str(DECLARED + "\n".join(_policy(one) for one in entries))
    asked = [
        {
            "principal": f'Recipient::"{recipient}"',
            "action": f'Action::"{verb}"',
            "resource": f'Category::"{category}"',
            "context": {"purpose": {"__entity": {"type": "Purpose", "id": purpose}}, "day": _number(day)},
        }
        for verb, purpose, category, recipient, day in requests
    ]
    order = [one.slug for one in entries]
    found = []
    for answer in cedarpy.is_authorized_batch(asked, policies, cedarpy.Entities.from_json_str(_entities())):
        assert answer.diagnostics.errors == []
        reasons = set(answer.diagnostics.id_annotations_by_reason.values())
        undeclared = bool(reasons & OWN)
        slugs = [] if undeclared else sorted(reasons, key=order.index)
        found.append((answer.allowed, slugs[:1] if answer.allowed else slugs))
    return found
