"""Is a rule book sound? Every fault is found before it is published."""

from collections.abc import Iterator

from allmende.ethics.model import EVERY, HIDEABLE_FIELDS, VERBS, Rule, Rulebook
from allmende.kernel.errors import ErrorCode, Invalid
from allmende.kernel.text import Text

UNSOUND = ErrorCode(
    "ethics.unsound",
    Text("Das Regelwerk ist nicht schlüssig: {faults}", "The rule book is not sound: {faults}"),
    Text(
        "Berichtigen Sie die genannten Regeln; es gilt das alte Regelwerk weiter.",
        "Correct the rules named; the old rule book stays in force.",
    ),
)


def _doubles(book: Rulebook) -> Iterator[Text]:
    for de, en, entries in (
        ("Zweck", "purpose", book.purposes),
        ("Kategorie", "category", book.categories),
        ("Empfänger", "recipient", book.recipients),
        ("Regel", "rule", book.rules),
    ):
        slugs = [entry.slug for entry in entries]
        for slug in sorted({slug for slug in slugs if slugs.count(slug) > 1}):
            yield Text(f"{de} {slug} steht zweimal da", f"{en} {slug} stands twice")


def _tree(book: Rulebook) -> Iterator[Text]:
    parents = {purpose.slug: purpose.parent for purpose in book.purposes}
    for slug, parent in parents.items():
        if parent is not None and parent not in parents:
            yield Text(f"Zweck {slug} hängt am unbekannten {parent}", f"purpose {slug} hangs on the unknown {parent}")
            continue
        seen, node = {slug}, parent
        while node is not None:
            if node in seen:
                yield Text(f"Zweck {slug} hängt im Kreis an sich selbst", f"purpose {slug} hangs on itself in a circle")
                break
            seen.add(node)
            node = parents.get(node)


def _names(rule: Rule, book: Rulebook) -> Iterator[Text]:
    for de, en, named, known in (
        ("Tätigkeit", "verb", rule.verbs, VERBS),
        ("Kategorie", "category", rule.categories, [entry.slug for entry in book.categories]),
        ("Zweck", "purpose", rule.purposes, [entry.slug for entry in book.purposes]),
        ("Empfänger", "recipient", rule.recipients, [entry.slug for entry in book.recipients]),
    ):
        if not named:
            yield Text(f"Regel {rule.slug} nennt nichts unter {de}", f"rule {rule.slug} names no {en}")
        for name in named:
            if name != EVERY and name not in known:
                yield Text(f"Regel {rule.slug}: {de} {name} ist unbekannt", f"rule {rule.slug}: unknown {en} {name}")


def _duties(rule: Rule) -> Iterator[Text]:
    duties, slug = rule.duties, rule.slug
    for field in duties.hidden_fields:
        if field not in HIDEABLE_FIELDS:
            yield Text(f"Regel {slug}: {field} lässt sich nicht verbergen", f"rule {slug}: {field} cannot be hidden")
    sizes = (duties.delay_seconds, duties.time_grid_seconds, duties.space_grid_metres, duties.minimum_group)
    if min(sizes) < 0:
        yield Text(f"Regel {slug} hat eine negative Auflage", f"rule {slug} has a negative duty")
    if duties.minimum_group > 1 and not duties.time_grid_seconds:
        yield Text(f"Regel {slug}: Mindestgruppe ohne Zeitraster", f"rule {slug}: smallest group without time grid")


def faults(book: Rulebook) -> list[Text]:
    """List what is wrong: doubles, loops, unknown names, turned validity, missing sources, unruled categories."""
    found = [*_doubles(book), *_tree(book)]
    for rule in book.rules:
        found += [*_names(rule, book), *_duties(rule)]
        if rule.since and rule.until and rule.until < rule.since:
            found.append(Text(f"Regel {rule.slug} endet vor ihrem Beginn", f"rule {rule.slug} ends before it begins"))
        if not rule.source.strip():
            found.append(Text(f"Regel {rule.slug} nennt keine Fundstelle", f"rule {rule.slug} names no source"))
    ruled = {category for rule in book.rules for category in rule.categories}
    for category in book.categories:
        if EVERY not in ruled and category.slug not in ruled:
            found.append(
                Text(f"für Kategorie {category.slug} gibt es keine Regel", f"no rule names category {category.slug}")
            )
    return found


def require_sound(book: Rulebook) -> None:
    """Refuse an unsound rule book, naming all its faults."""
    found = faults(book)
    if found:
        raise Invalid(
            UNSOUND, faults=Text("; ".join(fault.de for fault in found), "; ".join(fault.en for fault in found))
        )


def remarks(book: Rulebook) -> list[Text]:
    """List what is odd in a sound book but no fault: purposes that no rule reaches, rules shut by a prohibition."""
    parents = {purpose.slug: purpose.parent for purpose in book.purposes}
    inner = set(parents.values())
    found = []
    for slug in parents:
        line = _line(slug, parents)
        if slug not in inner and not any(set(line) & {*rule.purposes, EVERY} for rule in book.rules):
            found.append(Text(f"keine Regel erreicht den Zweck {slug}", f"no rule reaches the purpose {slug}"))
    bans = [rule for rule in book.rules if rule.effect == "prohibit" and rule.since is None and rule.until is None]
    for rule in book.rules:
        ban = next((ban for ban in bans if rule.effect == "permit" and _shuts(ban, rule, parents)), None)
        if ban is not None:
            found.append(
                Text(
                    f"Regel {rule.slug} gilt nie wegen {ban.slug}",
                    f"rule {rule.slug} never holds because of {ban.slug}",
                )
            )
    return found


def _line(slug: str, parents: dict[str, str | None]) -> list[str]:
    """Give a purpose and all above it."""
    line: list[str] = []
    node: str | None = slug
    while node is not None:
        line.append(node)
        node = parents.get(node)
    return line


def _shuts(ban: Rule, permit: Rule, parents: dict[str, str | None]) -> bool:
    """Tell whether a prohibition covers all that a permission opens."""
    for wide, narrow in (
        (ban.verbs, permit.verbs),
        (ban.categories, permit.categories),
        (ban.recipients, permit.recipients),
    ):
        if EVERY not in wide and not set(narrow) <= set(wide):
            return False
    return EVERY in ban.purposes or all(
        name != EVERY and set(_line(name, parents)) & set(ban.purposes) for name in permit.purposes
    )
