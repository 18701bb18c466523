"""Who asks, what for, and what was granted."""

import msgspec

from allmende.ethics.model import Duties, Verb
from allmende.kernel.errors import Denied, ErrorCode
from allmende.kernel.text import Text
from allmende.store.scope import Limits, Scope

SECOND = 1_000_000

FORGED = ErrorCode(
    "gate.forged",
    Text("Eine Erlaubnis stellt nur die Regelprüfung aus.", "Only the gate makes a grant."),
    Text("Fragen Sie mit gate.grant.", "Ask with gate.grant."),
)
WRONG_VERB = ErrorCode(
    "gate.wrong_verb",
    Text(
        "Die Erlaubnis gilt für „{granted}“, nicht für „{wanted}“.", "The grant is for “{granted}”, not for “{wanted}”."
    ),
    Text("Fragen Sie mit der richtigen Tätigkeit.", "Ask with the right verb."),
)


class Asker(msgspec.Struct, frozen=True):
    """Who asks: ``public``, ``token:NAME``, ``staff:NUMBER`` or ``system:NAME``."""

    name: str


PUBLIC = Asker("public")


class Ask(msgspec.Struct, frozen=True):
    """A request: who does what, for which purpose, for which class of recipient."""

    asker: Asker
    verb: Verb
    purpose: str
    recipient: str


_SEAL = object()


class Grant:
    """What was granted: the categories that are open, each with its duties. Only the gate makes one."""

    __slots__ = ("ask", "categories", "rules", "version")

    def __init__(
        self, seal: object, ask: Ask, categories: dict[str, Duties], rules: dict[str, tuple[str, ...]], version: int
    ) -> None:
        if seal is not _SEAL:
            raise Denied(FORGED)
        self.ask = ask
        self.categories = categories
        self.rules = rules
        self.version = version

    def require(self, *verbs: str) -> None:
        """Refuse to serve for another verb than the one granted."""
        if self.ask.verb not in verbs:
            raise Denied(WRONG_VERB, granted=self.ask.verb, wanted="/".join(verbs))

    def scope(self, now: int) -> Scope:
        """Give what the store needs to apply the duties; ``now`` in microseconds."""
        return Scope({category: _limits(duties) for category, duties in self.categories.items()}, now)


def sealed_grant(ask: Ask, categories: dict[str, Duties], rules: dict[str, tuple[str, ...]], version: int) -> Grant:
    """Make a grant; called by the gate alone."""
    return Grant(_SEAL, ask, categories, rules, version)


def _limits(duties: Duties) -> Limits:
    return Limits(
        delay=duties.delay_seconds * SECOND,
        time_grid=duties.time_grid_seconds * SECOND,
        space_grid=duties.space_grid_metres,
        minimum_group=duties.minimum_group,
        hidden=frozenset(duties.hidden_fields),
    )
