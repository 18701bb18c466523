"""Small rule books for tests, at random or written shortly, and a plain reading of them."""

import datetime as dt
from random import Random
from typing import Any

from hypothesis import strategies as st

from allmende.ethics.model import EVERY, VERBS, Category, Duties, Purpose, Recipient, Rule, Rulebook
from allmende.kernel.text import Text

WORD = Text("Wort", "word")
TREE = {"root": None, "a": "root", "a1": "a", "a2": "a", "b": "root", "b1": "b", "b11": "b1"}
LEAVES = ("a1", "a2", "b11")
CATEGORIES = ("weather", "movement")
RECIPIENTS = ("public", "city")
DAYS = [dt.date(2024, 1, day) for day in range(1, 6)]
Request = tuple[str, str, str, str, dt.date]


def rule(slug: str, effect: str, purposes: str, **more: Any) -> Rule:
    """Write a rule shortly: the city uses the weather, unless said otherwise."""
    values = {"verbs": ("use",), "categories": ("weather",), "recipients": ("city",), "source": "tests", **more}
    return Rule(
        slug=slug,
        effect=effect,  # type: ignore[arg-type]
        purposes=tuple(purposes.split()),
        **{"title": Text(slug, slug), "reason": WORD, **values},
    )


def covering() -> Rule:
    """Give a rule that never matches but names every category, as a sound book must."""
    return rule("covering", "permit", "a1", verbs=("delete",), categories=(EVERY,), until=dt.date(1999, 1, 1))


def book(entries: list[Rule], **more: Any) -> Rulebook:
    """Put rules into a book."""
    values: dict[str, Any] = {
        "purposes": tuple(Purpose(slug, Text(slug, slug), WORD, parent) for slug, parent in TREE.items()),
        "categories": tuple(Category(slug, Text(slug, slug), "none") for slug in CATEGORIES),
        "recipients": tuple(Recipient(slug, Text(slug, slug)) for slug in RECIPIENTS),
        "rules": (*entries, covering()),
    }
    return Rulebook(**{**values, **more})


def _some(options: tuple[str, ...]) -> st.SearchStrategy[tuple[str, ...]]:
    """Choose some, or all by the star."""
    return st.one_of(st.just((EVERY,)), st.lists(st.sampled_from(options), min_size=1, unique=True).map(tuple))


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    """Make a rule."""
    since, until = sorted([draw(st.sampled_from(DAYS)), draw(st.sampled_from(DAYS))])
    return Rule(
        slug=draw(st.uuids()).hex,
        effect=draw(st.sampled_from(["permit", "prohibit"])),
        verbs=draw(_some(VERBS)),
        categories=draw(_some(CATEGORIES)),
        purposes=draw(_some(tuple(TREE))),
        recipients=draw(_some(RECIPIENTS)),
        duties=Duties(delay_seconds=draw(st.integers(0, 9))),
        since=draw(st.sampled_from([None, since])),
        until=draw(st.sampled_from([None, until])),
        title=WORD,
        reason=WORD,
        source="tests",
    )


def random_rule(chance: Random, slug: str) -> Rule:
    """Make a rule without hypothesis, for many at once; few prohibitions, so that both answers are common."""

    def some(options: tuple[str, ...]) -> tuple[str, ...]:
        return (EVERY,) if chance.random() < 0.2 else tuple(chance.sample(options, chance.randint(1, 2)))

    since, until = sorted(chance.choices(DAYS, k=2))
    return Rule(
        slug=slug,
        effect="prohibit" if chance.random() < 0.25 else "permit",
        verbs=some(VERBS),
        categories=some(CATEGORIES),
        purposes=some(tuple(TREE)),
        recipients=some(RECIPIENTS),
        duties=Duties(delay_seconds=chance.randrange(10)),
        since=chance.choice([None, since]),
        until=chance.choice([None, until]),
        title=WORD,
        reason=WORD,
        source="tests",
    )


def random_request(chance: Random) -> Request:
    """Ask something, now and then of what is not declared."""
    return (
        chance.choice(VERBS),
        chance.choice((*LEAVES, *LEAVES, *TREE, "unheard")),
        chance.choice((*CATEGORIES, *CATEGORIES, *CATEGORIES, "unheard")),
        chance.choice((*RECIPIENTS, *RECIPIENTS, *RECIPIENTS, "unheard")),
        chance.choice(DAYS),
    )


def ancestors(purpose: str) -> set[str]:
    """Give a purpose with all above it."""
    found: set[str] = set()
    node: str | None = purpose
    while node is not None:
        found.add(node)
        node = TREE[node]
    return found


def plainly(entries: list[Rule], request: Request) -> tuple[bool, list[str]]:
    """Read the rules one by one, as Byun, Bertino and Li define compliance; give the rules that led to the answer."""
    verb, purpose, category, recipient, day = request
    if purpose in TREE.values() or purpose not in TREE or category not in CATEGORIES or recipient not in RECIPIENTS:
        return False, []
    against, permits = [], []
    for one in entries:
        named = (
            (EVERY in one.verbs or verb in one.verbs)
            and (EVERY in one.categories or category in one.categories)
            and (EVERY in one.recipients or recipient in one.recipients)
            and (one.since is None or one.since <= day)
            and (one.until is None or day <= one.until)
        )
        if not named:
            continue
        below = EVERY in one.purposes or bool(ancestors(purpose) & set(one.purposes))
        above = any(purpose in ancestors(other) for other in one.purposes if other != EVERY)
        if one.effect == "prohibit" and (below or above):
            against.append(one.slug)
        if one.effect == "permit" and below:
            permits.append(one.slug)
    return bool(permits) and not against, against or permits[:1]
