"""``allmende user`` and ``allmende token``: who may come in, each deed with its row in the audit trail."""

import hashlib
import sqlite3
from pathlib import Path

from tests.cli.conftest import told
from tests.program import rows, run

PASSWORD = "kranich teller siebzehn regen"


def _trail(home: Path) -> list[tuple[str, str, str]]:
    database = sqlite3.connect(home / "city.sqlite3")
    found = database.execute("SELECT actor, verb, subject FROM accounts_auditentry ORDER BY id").fetchall()
    database.close()
    return found


def test_people_come_change_and_are_blocked(city: Path) -> None:
    before = len(_trail(city))
    rita, tom = "rita@example.org", "tom@example.org"
    for email in (rita, tom):
        done = run(city, "user", "create", email, "--role", "administrator", "--password", PASSWORD)
        assert done.returncode == 0, done.stderr
    assert run(city, "user", "roles", tom, "--role", "steward", "--role", "office").returncode == 0
    last = run(city, "user", "block", rita)
    assert last.returncode == 5
    assert told(last.stderr).endswith("Give that role to another person first.")
    assert run(city, "user", "block", tom).stdout == "tom@example.org has been blocked.\n"
    listed = run(city, "user", "list").stdout.splitlines()
    assert listed == ["rita@example.org\tadministrator", "tom@example.org\toffice, steward (blocked)"]
    deeds = _trail(city)[before:]
    assert [verb for _, verb, _ in deeds] == [
        "accounts.person_created",
        "accounts.person_created",
        "accounts.roles_set",
        "accounts.activity_set",
    ]
    assert {actor for actor, _, _ in deeds} == {"system:command-line"}


def test_refused_people_leave_nothing(town: Path) -> None:
    before = rows(town)
    for words, sentence in (
        (["create", "a@example.org", "--role", "office", "--password", "12345"], "This password is too short."),
        (["create", "nobody", "--role", "office", "--password", PASSWORD], "“nobody” is no e-mail address."),
    ):
        done = run(town, "user", *words)
        assert done.returncode == 2
        assert sentence in told(done.stderr)
    assert rows(town) == before


def test_a_token_is_shown_once_and_kept_as_a_hash(city: Path) -> None:
    before = len(_trail(city))
    made = run(city, "token", "create", "gateway", "--scope", "observations:write", "--until", "2099-12-31")
    assert made.returncode == 0
    plain = made.stdout.splitlines()[-1]
    assert plain.startswith("alm_")
    assert len(plain) > 40
    database = sqlite3.connect(city / "observations.sqlite3")
    ((digest, scopes),) = database.execute("SELECT digest, scopes FROM tokens WHERE name = 'gateway'").fetchall()
    database.close()
    assert digest == hashlib.sha256(plain.encode()).hexdigest()
    assert "observations:write" in str(scopes)
    assert not any(plain.encode() in path.read_bytes() for path in city.rglob("*") if path.is_file())
    listed = run(city, "token", "list").stdout
    assert listed == "gateway\tobservations:write\t2099-12-31\n"
    again = run(city, "token", "create", "gateway", "--scope", "admin")
    assert again.returncode == 5
    assert told(again.stderr) == "allmende: There is a token “gateway” already. Choose another name."
    assert run(city, "token", "revoke", "gateway").stdout == "Token “gateway” is no longer valid.\n"
    assert run(city, "token", "list").stdout == ""
    gone = run(city, "token", "revoke", "gateway")
    assert gone.returncode == 4
    assert "All names are shown by: allmende token list" in told(gone.stderr)
    assert [deed[1:] for deed in _trail(city)[before:]] == [
        ("gate.token_created", "token:gateway"),
        ("gate.token_revoked", "token:gateway"),
    ]


def test_refused_tokens_leave_nothing(town: Path) -> None:
    before = rows(town)
    for words, sentence in (
        (["a", "--scope", "everything"], "There is no scope “everything”. Possible are sensorthings:write"),
        (["a", "--scope", "read:curiosity"], "“curiosity” is not declared. Declared purposes are: climate-adaptation"),
        (["a", "--scope", "admin", "--until", "2020-01-01"], "The last day 2020-01-01 is past."),
    ):
        done = run(town, "token", "create", *words)
        assert (done.returncode, done.stdout) == (2, "")
        assert sentence in told(done.stderr)
    assert rows(town) == before
