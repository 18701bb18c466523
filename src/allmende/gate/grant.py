"""Who asks, what for, and what was granted."""

import datetime as dt

import msgspec

from allmende.ethics.decide import Compiled
from allmende.ethics.linking import Apart, kept_apart
from allmende.ethics.model import Decision, Duties, Verb
from allmende.ethics.sheets import Sheets
from allmende.kernel.errors import Denied, ErrorCode
from allmende.kernel.text import Text
from allmende.store.scope import Limits, Scope

SECOND = 1_000_000
READ_VERBS: tuple[Verb, ...] = ("use", "publish", "pass_on", "link")
MOST_REASONS = 5

REFUSED = ErrorCode(
    "gate.refused",
    Text("Das ist nicht erlaubt. {reason}", "This is not permitted. {reason}"),
    Text(
        "Die geltenden Regeln stehen unter /datenethik/. Einwände nimmt die dort genannte Stelle entgegen.",
        "The rules in force stand at /en/datenethik/. The office named there takes objections.",
    ),
)
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
NO_RULEBOOK = Text("Es gilt kein Regelwerk.", "No rule book is in force.")


class Asker(msgspec.Struct, frozen=True):
    """Who asks: ``public``, ``token:NAME``, ``staff:NUMBER`` or ``system:NAME``."""

    name: str


PUBLIC = Asker("public")


class Ask(msgspec.Struct, frozen=True):
    """A request: who does what, for which purpose, for which class of recipient; of one category alone if named."""

    asker: Asker
    verb: Verb
    purpose: str
    recipient: str
    only: str = ""


class Books(msgspec.Struct, frozen=True):
    """What is in force: the rule book, compiled, and the data sheets."""

    rules: Compiled
    sheets: Sheets


_SEAL = object()


class Grant:
    """What was granted: the categories that are open, each with its duties. Only the gate makes one.

    ``apart`` is what may not arise from them. It holds for one version of rules and data sheets and one day; the gate
    asks again when one of them has passed.
    """

    __slots__ = ("apart", "ask", "categories", "day", "limits", "rules", "sheets", "titles", "version")

    def __init__(
        self, seal: object, ask: Ask, day: dt.date, books: Books, allowed: dict[str, Decision], apart: tuple[Apart, ...]
    ) -> None:
        if seal is not _SEAL:
            raise Denied(FORGED)
        self.ask = ask
        self.apart = apart
        self.day = day
        self.version, self.sheets = books.rules.book.version, books.sheets
        self.categories = {category: decision.duties for category, decision in allowed.items()}
        self.rules = {category: decision.slugs for category, decision in allowed.items()}
        self.titles = {category: decision.rules[0].title for category, decision in allowed.items()}
        self.limits = {category: _limits(duties) for category, duties in self.categories.items()}

    def require(self, *verbs: str) -> None:
        """Refuse to serve for another verb than the one granted."""
        if self.ask.verb not in verbs:
            raise Denied(WRONG_VERB, granted=self.ask.verb, wanted="/".join(verbs))

    def scope(self, now: int) -> Scope:
        """Give what the store needs to apply the duties; ``now`` in microseconds."""
        return Scope(self.limits, now, self.titles, self.sheets.suspended)


def decide_all(compiled: Compiled, ask: Ask, day: dt.date) -> dict[str, Decision]:
    """Decide a request for every category of the rule book, or for the one that it names."""
    named = [ask.only] if ask.only else [category.slug for category in compiled.book.categories]
    return {slug: compiled.decide(ask.verb, ask.purpose, slug, ask.recipient, day) for slug in named}


def sealed_grant(books: Books, ask: Ask, day: dt.date, decisions: dict[str, Decision]) -> Grant:
    """Make a grant of the categories that were allowed; called by the gate alone."""
    allowed = {category: decision for category, decision in decisions.items() if decision.allowed}
    apart = kept_apart(books.rules, ask.purpose, ask.recipient, day, allowed) if ask.verb in READ_VERBS else ()
    return Grant(_SEAL, ask, day, books, allowed, apart)


def refusal(decisions: list[Decision]) -> Denied:
    """Give the error that names the rules, or the lack of any."""
    reasons = list(dict.fromkeys(decision.reason for decision in decisions if decision.rules))
    reasons = reasons or list(dict.fromkeys(decision.reason for decision in decisions)) or [NO_RULEBOOK]
    shown = reasons[:MOST_REASONS]
    return Denied(REFUSED, reason=Text(" ".join(reason.de for reason in shown), " ".join(r.en for r in shown)))


def _limits(duties: Duties) -> Limits:
    return Limits(
        delay=duties.delay_seconds * SECOND,
        time_grid=duties.time_grid_seconds * SECOND,
        space_grid=duties.space_grid_metres,
        minimum_group=duties.minimum_group,
        minimum_persons=duties.minimum_persons,
        dominance=duties.dominance_percent,
        noise=duties.count_noise,
        hidden=frozenset(duties.hidden_fields),
    )
