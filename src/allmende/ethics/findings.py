"""What is odd in a rule book that may come in force: the board reads it before it decides.

Found over the whole decision space, not from the wording of the rules.
"""

import datetime as dt
from collections.abc import Iterator
from typing import Literal

import msgspec

from allmende.ethics.decide import compile_rulebook
from allmende.ethics.linking import linkable, parts_named
from allmende.ethics.model import Rule, Rulebook
from allmende.ethics.publication import portal_sets
from allmende.ethics.space import Space, numbers_in
from allmende.ethics.vocabulary import unmapped
from allmende.kernel.clock import CIVIL_TIME
from allmende.kernel.text import Text

Kind = Literal[
    "contradiction",
    "unruled",
    "portal",
    "linkable",
    "shadowed",
    "idle",
    "ended",
    "limited",
    "unreachable",
    "unmapped",
    "unserved",
    "unreviewed",
]
KINDS: dict[Kind, Text] = {
    "contradiction": Text("Widerspruch", "Contradiction"),
    "unruled": Text("Daten, mit denen nichts erlaubt ist", "Data with which nothing is permitted"),
    "portal": Text("Nicht im Portal", "Not in the portal"),
    "linkable": Text("Verknüpfbar", "Linkable"),
    "shadowed": Text("Verdeckte Regel", "Shadowed rule"),
    "idle": Text("Verbot ohne Wirkung", "Prohibition without effect"),
    "ended": Text("Abgelaufen", "Ended"),
    "limited": Text("Eingeschränkt", "Limited"),
    "unreachable": Text("Unerreichbarer Zweck", "Unreachable purpose"),
    "unmapped": Text("Zweck ohne Begriff", "Purpose without term"),
    "unserved": Text("Grundsatz ohne Regel", "Principle without rule"),
    "unreviewed": Text("Lange nicht überdacht", "Long not reflected upon"),
}


# After so long without a publication the board is reminded that rules are to be reflected upon again and again.
REVIEWED_WITHIN = dt.timedelta(days=365)


class Finding(msgspec.Struct, frozen=True):
    """One thing that is odd, and the rule, purpose, category or principle of which it is said."""

    kind: Kind
    text: Text
    about: str


class Effects:
    """How the rules of a book act together on all requests from a day on."""

    def __init__(self, space: Space, day: dt.date) -> None:
        self.space = space
        self.deciding = 0
        self.opening = 0
        self.alone = 0
        self.needed = 0
        self.matching = 0
        self.shut_by: dict[int, int] = {}
        self.before: dict[int, int] = {}
        self.with_ban: dict[int, int] = {}
        self.open_purposes: set[str] = set()
        self.banned_purposes: set[str] = set()
        self.open_categories: set[str] = set()
        self._day = day
        self._known: dict[int, tuple[bool, bool]] = {}
        self._walk()

    def _walk(self) -> None:
        space = self.space
        pairs = {verb & recipient for verb in space.verbs.values() for recipient in space.recipients.values()}
        for purpose, speaking in space.purposes.items():
            for category, also in space.categories.items():
                both = speaking & also
                for rules in {both & pair for pair in pairs}:
                    opens, bans = self._take(rules)
                    if opens:
                        self.open_purposes.add(purpose)
                        self.open_categories.add(category)
                    if bans:
                        self.banned_purposes.add(purpose)

    def _take(self, rules: int) -> tuple[bool, bool]:
        """Note how rules that match the same requests act together; tell whether they ever open, and ever ban."""
        if rules not in self._known:
            periods = self.space.periods(rules)
            ends = [day for day, _ in periods[1:]]
            sets = [
                active for (_, active), end in zip(periods, [*ends, None], strict=True) if not _over(end, self._day)
            ]
            opens = [self._note(active) for active in sets]
            self._known[rules] = any(opens), any(active & self.space.bans for active in sets)
        return self._known[rules]

    def _note(self, active: int) -> bool:
        bans, permits = active & self.space.bans, active & self.space.permits
        self.matching |= active
        if bans:
            self._note_bans(bans, permits)
            return False
        self.opening |= permits
        first = permits & -permits
        self.deciding |= first
        for number in numbers_in(permits ^ first):
            self.before[number] = self.before.get(number, 0) | first
        return bool(permits)

    def _note_bans(self, bans: int, permits: int) -> None:
        single = bans & (bans - 1) == 0
        if single:
            self.alone |= bans
        if permits:
            self.needed |= bans
        for number in numbers_in(permits):
            self.shut_by[number] = self.shut_by.get(number, 0) | bans
        if not single:
            for number in numbers_in(bans):
                self.with_ban[number] = self.with_ban.get(number, 0) | bans

    def named(self, bits: int) -> str:
        """Name the rules of a set."""
        return ", ".join(self.space.rules[number].slug for number in numbers_in(bits))


def _over(end: dt.date | None, day: dt.date) -> bool:
    return end is not None and end <= day


def findings(book: Rulebook, day: dt.date) -> list[Finding]:
    """List what is odd in a sound book from a day on, gravest first."""
    effects = Effects(Space(book), day)
    found = [*_about_rules(book, effects, day), *_about_names(book, effects), *_about_portal(effects, day)]
    found += [*_about_links(book, day), *_about_age(book, day)]
    order = list(KINDS)
    return sorted(found, key=lambda one: order.index(one.kind))


def _about_rules(book: Rulebook, effects: Effects, day: dt.date) -> Iterator[Finding]:
    for number, rule in enumerate(book.rules):
        if rule.until is not None and rule.until < day:
            text = Text(f"Regel {rule.slug} endete am {rule.until}", f"rule {rule.slug} ended on {rule.until}")
            yield Finding("ended", text, rule.slug)
        elif rule.effect == "permit":
            yield from _about_permit(rule, number, effects)
        else:
            yield from _about_ban(rule, number, effects)


def _about_permit(rule: Rule, number: int, effects: Effects) -> Iterator[Finding]:
    bit, slug = 1 << number, rule.slug
    bans = effects.named(effects.shut_by.get(number, 0))
    if effects.matching & bit and not effects.opening & bit:
        text = Text(f"Regel {slug} gilt nie wegen {bans}", f"rule {slug} never holds because of {bans}")
        yield Finding("contradiction", text, slug)
        return
    if bans:
        text = Text(f"{bans}: nimmt der Regel {slug} einen Teil", f"{bans}: takes a part from rule {slug}")
        yield Finding("limited", text, slug)
    if not effects.deciding & bit:
        before = effects.named(effects.before.get(number, 0))
        text = Text(
            f"Regel {slug} entscheidet nie, weil {before} vor ihr steht",
            f"rule {slug} never decides because {before} stands before it",
        )
        yield Finding("shadowed", text, slug)


def _about_ban(rule: Rule, number: int, effects: Effects) -> Iterator[Finding]:
    bit, slug = 1 << number, rule.slug
    if not effects.needed & bit:
        text = Text(
            f"Verbot {slug} verbietet nur, was ohnehin keine Regel erlaubt",
            f"prohibition {slug} forbids only what no rule permits anyway",
        )
        yield Finding("idle", text, slug)
    if effects.matching & bit and not effects.alone & bit:
        others = effects.named(effects.with_ban.get(number, 0) & ~bit)
        text = Text(f"Verbot {slug} steht schon in {others}", f"prohibition {slug} stands in {others} already")
        yield Finding("shadowed", text, slug)


def _about_names(book: Rulebook, effects: Effects) -> Iterator[Finding]:
    for slug in effects.space.purposes:
        if slug not in effects.open_purposes | effects.banned_purposes:
            text = Text(f"keine Regel erreicht den Zweck {slug}", f"no rule reaches the purpose {slug}")
            yield Finding("unreachable", text, slug)
    for slug in effects.space.categories:
        if slug not in effects.open_categories:
            text = Text(f"mit Daten der Kategorie {slug} ist nichts erlaubt", f"nothing is permitted with {slug}")
            yield Finding("unruled", text, slug)
    for slug in unmapped(book):
        text = Text(f"Zweck {slug} ist keinem Begriff des DPV zugeordnet", f"purpose {slug} has no term of DPV")
        yield Finding("unmapped", text, slug)
    served = {slug for rule in book.rules for slug in rule.principles}
    for principle in book.principles:
        if principle.slug not in served and principle.kept_by is None:
            slug = principle.slug
            text = Text(f"keine Regel führt den Grundsatz {slug} aus", f"no rule carries out the principle {slug}")
            yield Finding("unserved", text, slug)


def _about_age(book: Rulebook, day: dt.date) -> Iterator[Finding]:
    """Remind the board of a book that nobody has put in force anew for a year."""
    if book.published is not None and day - book.published.astimezone(CIVIL_TIME).date() > REVIEWED_WITHIN:
        since = book.published.astimezone(CIVIL_TIME).date()
        text = Text(
            f"Regelwerk {book.version} gilt unverändert seit {since}; nach einem Jahr ist es zu überdenken",
            f"rule book {book.version} has held unchanged since {since}; after a year it is to be reflected upon",
        )
        yield Finding("unreviewed", text, str(book.version))


def _about_links(book: Rulebook, day: dt.date) -> Iterator[Finding]:
    """Name what recipients could make, on that day, of what they get, although no rule lets them link it."""
    for category, recipients in linkable(compile_rulebook(book), day):
        parts, names = parts_named(category), ", ".join(recipients)
        text = Text(
            f"aus {parts.de} entsteht {category.slug}; wer beide bekommt ({names}), könnte sie verknüpfen, und nur "
            "Fragen nach beiden zugleich werden abgelehnt",
            f"{category.slug} arises from {parts.en}; who gets both ({names}) could link them, and only questions for "
            "both at once are refused",
        )
        yield Finding("linkable", text, category.slug)


def _about_portal(effects: Effects, day: dt.date) -> Iterator[Finding]:
    """Name the categories that a prohibition keeps from the portal on that day although a permission opens them."""
    space = effects.space
    for category, rules in portal_sets(space).items():
        active = rules & space.in_force(day)
        if active & space.permits and active & space.bans:
            bans = effects.named(active & space.bans)
            text = Text(f"Kategorie {category} bleibt verborgen wegen {bans}", f"{category} stays hidden by {bans}")
            yield Finding("portal", text, category)
