"""Keys of programs: shown once, kept as a hash, bound to scopes.

They live beside the observations because the data process checks them and never loads Django (ADR 0005).
"""

import datetime as dt
import hashlib
import hmac
import re
import secrets

import msgspec

from allmende.gate.door import Gate
from allmende.kernel.clock import micros_from_instant, today, utc_now
from allmende.kernel.errors import Denied, ErrorCode, Invalid, Unknown
from allmende.kernel.text import Text
from allmende.store.scope import TokenRow

BAD_NAME = ErrorCode(
    "token.bad_name",
    Text("„{name}“ ist kein Name für eine Zugangsmarke.", "“{name}” is no name for a token."),
    Text(
        "Erlaubt sind 1 bis 60 Zeichen: a–z, 0–9, Punkt, Binde- und Unterstrich.",
        "Allowed are 1 to 60 of: a–z, 0–9, dot, hyphen, underscore.",
    ),
)
BAD_SCOPE = ErrorCode(
    "token.bad_scope",
    Text("Den Umfang „{scope}“ gibt es nicht.", "There is no scope “{scope}”."),
    Text(
        "Möglich sind sensorthings:write, observations:write, category:NAME, ingest:NAME, read:ZWECK, write:ZWECK "
        "und admin.",
        "Possible are sensorthings:write, observations:write, category:NAME, ingest:NAME, read:PURPOSE, write:PURPOSE "
        "and admin.",
    ),
)
UNDECLARED_PURPOSE = ErrorCode(
    "token.undeclared_purpose",
    Text("Der Zweck „{purpose}“ ist nicht erklärt.", "The purpose “{purpose}” is not declared."),
    Text("Erklärte Zwecke sind: {known}.", "Declared purposes are: {known}."),
)
UNDECLARED_CATEGORY = ErrorCode(
    "token.undeclared_category",
    Text("Die Datenkategorie „{category}“ ist nicht erklärt.", "The data category “{category}” is not declared."),
    Text("Erklärte Kategorien sind: {known}.", "Declared categories are: {known}."),
)
PAST = ErrorCode(
    "token.past",
    Text("Der letzte Tag {until} ist vorbei.", "The last day {until} is past."),
    Text("Nennen Sie heute oder einen späteren Tag.", "Name today or a later day."),
)
NOT_VALID = ErrorCode(
    "token.not_valid",
    Text("Diese Zugangsmarke gilt nicht (mehr).", "This token is not valid (any more)."),
    Text("Lassen Sie sich eine neue geben: allmende token create", "Have a new one made: allmende token create"),
)
LACKS_SCOPE = ErrorCode(
    "token.lacks_scope",
    Text("Der Zugangsmarke „{name}“ fehlt der Umfang {scope}.", "The token “{name}” lacks the scope {scope}."),
    Text("Lassen Sie sich eine mit diesem Umfang geben.", "Have one made with this scope."),
)
PREFIX = "alm_"
WRITE = "write:"
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,59}")
_SCOPE = re.compile(r"sensorthings:write|observations:write|(?:category|ingest|read|write):[a-z0-9-]{1,60}|admin")


class Token(msgspec.Struct, frozen=True):
    """A valid token: who it is and what it may; never its plain form."""

    name: str
    scopes: tuple[str, ...]
    until: dt.date | None
    last_used: dt.date | None = None

    @property
    def purpose(self) -> str | None:
        """Give the purpose for which the token writes, the first that it names."""
        return next((scope.removeprefix(WRITE) for scope in self.scopes if scope.startswith(WRITE)), None)

    def require(self, *scopes: str) -> None:
        """Refuse unless the token has one of the scopes (or ``admin``)."""
        if "admin" not in self.scopes and not set(scopes) & set(self.scopes):
            raise Denied(LACKS_SCOPE, name=self.name, scope=" / ".join(scopes))


def _digest(plain: str) -> str:
    """Hash a token; it carries 256 random bits, so a fast hash is enough."""
    return hashlib.sha256(plain.encode(errors="surrogatepass")).hexdigest()


def _check(gate: Gate, name: str, scopes: tuple[str, ...], until: dt.date | None) -> None:
    if not _NAME.fullmatch(name):
        raise Invalid(BAD_NAME, name=name[:60])
    parents = {purpose.parent for purpose in gate.rulebook().purposes}
    leaves = sorted(purpose.slug for purpose in gate.rulebook().purposes if purpose.slug not in parents)
    categories = [category.slug for category in gate.rulebook().categories]
    for scope in scopes:
        if not _SCOPE.fullmatch(scope):
            raise Invalid(BAD_SCOPE, scope=scope[:60])
        kind, _, named = scope.partition(":")
        if kind in ("read", "write") and named not in leaves:
            raise Invalid(UNDECLARED_PURPOSE, purpose=named, known=", ".join(leaves))
        if kind == "category" and named not in categories:
            raise Invalid(UNDECLARED_CATEGORY, category=named, known=", ".join(sorted(categories)))
    if until is not None and until < today():
        raise Invalid(PAST, until=until.isoformat())


def create_token(gate: Gate, name: str, scopes: tuple[str, ...], until: dt.date | None = None) -> str:
    """Make a token and give its plain form, the only time that it exists."""
    _check(gate, name, scopes, until)
    plain = PREFIX + secrets.token_urlsafe(32)
    created = micros_from_instant(utc_now())
    gate.store.add_token(TokenRow(name=name, digest=_digest(plain), scopes=scopes, until=until, created=created))
    return plain


def revoke(gate: Gate, name: str) -> None:
    """End a token at once, in every process."""
    gate.store.revoke_token(name)


def list_tokens(gate: Gate) -> list[Token]:
    """Give the tokens that are not revoked."""
    return [_token(row) for row in gate.store.tokens() if row.revoked is None]


def _token(row: TokenRow) -> Token:
    return Token(row.name, row.scopes, row.until, row.last_used)


def authenticate(gate: Gate, plain: str) -> Token:
    """Give the token for its plain form, and note the day; unknown, revoked and expired ones look the same."""
    digest = _digest(plain)
    return _valid(gate, [row for row in gate.store.tokens(digest) if hmac.compare_digest(row.digest, digest)])


def vouched_for(gate: Gate, name: str) -> Token:
    """Give a token by its name, for doors whose keeper has checked the secret already (a broker with accounts)."""
    return _valid(gate, [row for row in gate.store.tokens() if row.name == name])


def _valid(gate: Gate, rows: list[TokenRow]) -> Token:
    """Give the one that is neither revoked nor expired, and note the day."""
    day = today()
    for row in rows:
        if row.revoked is None and (row.until is None or row.until >= day):
            if row.last_used != day:
                gate.store.use_token(row.name, day)
            return _token(row)
    raise Unknown(NOT_VALID)
