"""Every deed that enters the audit trail has words in both languages."""

import re
from pathlib import Path

from allmende.portal.office.deeds import DEEDS

PACKAGE = Path(__file__).parents[2] / "src" / "allmende"
# What allauth tells of itself, and rows of tables, which are named by their table.
ELSEWHERE = re.compile(r"accounts\.(password|totp|webauthn|recovery)_|.*_(created|changed|deleted)$")


def test_every_verb_of_the_audit_trail_has_words() -> None:
    sources = [path.read_text() for path in PACKAGE.rglob("*.py") if "migrations" not in path.parts]
    calls = [
        call
        for text in sources
        for call in re.findall(r"\b(?:record|_audit)\((.*?)\n\s*(?:\n|def |return )", text, re.S)
    ]
    verbs = {verb for call in calls for verb in re.findall(r'"([a-z]+\.[a-z_]+)"', call)}
    assert len(verbs) > 100
    assert {verb for verb in verbs if verb not in DEEDS and not ELSEWHERE.match(verb)} == set()
    assert {verb for verb in DEEDS if verb not in verbs and not ELSEWHERE.match(verb)} <= {
        *("source.paused", "source.resumed", "source.asked", "source.read_again"),
        *("participation.process_open", "participation.process_closed", "participation.process_archived"),
    }
