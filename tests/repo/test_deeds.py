"""Every deed that enters the audit trail has words in both languages, and no words are left over."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from allmende.portal.office.deeds import DEEDS

PACKAGE = Path(__file__).parents[2] / "src" / "allmende"
VERB = re.compile(r"[a-z]+\.[a-z_]*[a-z]")
# What allauth tells of itself, rows of tables, which are named by their table, and what is put together.
ELSEWHERE = re.compile(r"accounts\.(password|totp|webauthn|recovery)_|.*_(created|changed|deleted)$")
MADE = {
    *("source.paused", "source.resumed", "source.asked", "source.read_again"),
    *("money.payment_entered", "money.payment_corrected"),
    *("participation.process_open", "participation.process_closed", "participation.process_archived"),
}


def _recorded(tree: ast.AST) -> Iterator[str]:
    """Give the verbs that calls of ``record`` name as they stand."""
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and getattr(call.func, "attr", getattr(call.func, "id", "")) in (
            "record",
            "_audit",
        ):
            for part in (part for arg in call.args[:2] for part in ast.walk(arg)):
                if isinstance(part, ast.Constant) and VERB.fullmatch(str(part.value)):
                    yield str(part.value)


def test_every_verb_of_the_audit_trail_has_words() -> None:
    trees = [ast.parse(path.read_text()) for path in PACKAGE.rglob("*.py") if "migrations" not in path.parts]
    verbs = {verb for tree in trees for verb in _recorded(tree)}
    assert {verb for verb in verbs if verb not in DEEDS and not ELSEWHERE.match(verb)} == set()
    assert {verb for verb in DEEDS if not ELSEWHERE.match(verb)} - verbs == MADE
