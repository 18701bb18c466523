"""A small sum that a browser computes before it sends: too dear for thousands of messages, free for one (ALTCHA)."""

import base64
import hashlib
import json
from typing import Any

import altcha

COST, RANGE, SECONDS = 1, "000", 1_800
ALGORITHM = "SHA-256"


def challenge(secret: str, now: float) -> dict[str, Any]:
    """Make a sum: a counter is looked for whose hash begins with zeros; about four thousand tries."""
    made = altcha.create_challenge(
        ALGORITHM, COST, key_prefix=RANGE, expires_at=int(now) + SECONDS, hmac_secret=f"proof:{secret}"
    )
    return dict(made.to_dict())


def solved(payload: str, secret: str) -> str | None:
    """Give the mark of a solved sum, by which it can be used up; None where it is not solved."""
    if not payload or len(payload) > 4_000:
        return None
    try:
        result = altcha.verify_solution(payload, f"proof:{secret}")
        signature = json.loads(base64.b64decode(payload))["challenge"]["signature"]
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
    # The signature is the sum's own; whatever else stands in the payload, it is used up once.
    return hashlib.sha256(signature.encode()).hexdigest() if result.verified else None


def compute(made: dict[str, Any]) -> str:
    """Solve a sum as a browser does; for programs that take part openly, and for tests."""
    found = altcha.solve_challenge(altcha.Challenge.from_dict(made))
    body = {"challenge": made, "solution": found.to_dict()}
    return base64.b64encode(json.dumps(body).encode()).decode()
