"""What the command line does with people and tokens, each with its row in the audit trail."""

import datetime as dt

import msgspec

from allmende.gate import tokens as gate_tokens
from allmende.gate.door import open_gate
from allmende.serve.settings import Settings
from allmende.serve.web import set_up_django

ROLES = ("office", "steward", "ethics-board", "moderator", "lead", "auditor", "administrator")
ACTOR = "system:command-line"


class Listed(msgspec.Struct, frozen=True):
    """A person as the list shows them."""

    email: str
    roles: tuple[str, ...]
    active: bool


def create(settings: Settings, *, email: str, roles: tuple[str, ...], password: str) -> None:
    """Add a person with roles; refuses an e-mail that is taken and a weak password."""
    set_up_django()
    from allmende.accounts import rules, services

    services.create_person(rules.SystemActor(ACTOR), email=email, password=password, roles=roles)


def listed(settings: Settings) -> list[Listed]:
    """Give all people."""
    set_up_django()
    from allmende.accounts import queries

    return [Listed(person.email, person.roles, person.active) for person in queries.list_people()]


def reset_password(settings: Settings, *, email: str, password: str) -> None:
    """Set a new password."""
    set_up_django()
    from allmende.accounts import rules, services

    services.reset_password(rules.SystemActor(ACTOR), email=email, password=password)


def set_roles(settings: Settings, *, email: str, roles: tuple[str, ...]) -> None:
    """Give a person exactly these roles; the last administrator keeps theirs."""
    set_up_django()
    from allmende.accounts import rules, services

    services.set_roles(rules.SystemActor(ACTOR), email=email, roles=roles)


def set_active(settings: Settings, *, email: str, active: bool) -> None:
    """Block a person, or let them in again; the last administrator cannot be blocked."""
    set_up_django()
    from allmende.accounts import rules, services

    services.set_active(rules.SystemActor(ACTOR), email=email, active=active)


def _audit(verb: str, name: str, note: str) -> None:
    set_up_django()
    from allmende.accounts import rules, services

    services.record(rules.SystemActor(ACTOR), verb, f"token:{name}", note=note)


def create_token(settings: Settings, *, name: str, scopes: tuple[str, ...], until: dt.date | None) -> str:
    """Create a token and give its only plain form."""
    gate = open_gate(settings.store_url)
    try:
        plain = gate_tokens.create_token(gate, name, scopes, until)
    finally:
        gate.close()
    _audit("gate.token_created", name, ", ".join(scopes))
    return plain


def tokens(settings: Settings) -> list[gate_tokens.Token]:
    """Give all valid tokens, without their secrets."""
    gate = open_gate(settings.store_url)
    try:
        return gate_tokens.list_tokens(gate)
    finally:
        gate.close()


def revoke_token(settings: Settings, *, name: str) -> None:
    """End a token at once."""
    gate = open_gate(settings.store_url)
    try:
        gate_tokens.revoke(gate, name)
    finally:
        gate.close()
    _audit("gate.token_revoked", name, "")
