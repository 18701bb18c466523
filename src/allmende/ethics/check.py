"""Is a rule book sound? An unsound one cannot be compiled, and so never comes in force."""

from collections.abc import Iterator

from allmende.ethics.model import (
    EVERY,
    GREATEST_NOISE,
    HIDEABLE_FIELDS,
    LEAST_NOISE,
    VERBS,
    Duties,
    Rule,
    Rulebook,
)
from allmende.kernel.errors import ErrorCode, Invalid
from allmende.kernel.text import Text

# The duties that are numbers; 0 is none.
AMOUNTS = (
    *("delay_seconds", "time_grid_seconds", "space_grid_metres", "minimum_group", "minimum_persons"),
    *("dominance_percent", "count_noise"),
)
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
        ("Grundsatz", "principle", book.principles),
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


def _arising(book: Rulebook) -> Iterator[Text]:
    """Find categories that cannot arise: from themselves, from one alone, from what is not declared."""
    known = {category.slug for category in book.categories}
    for category in book.categories:
        slug, parts = category.slug, category.arises_from
        for name in parts:
            if name not in known or name == slug:
                yield Text(
                    f"Kategorie {slug} kann nicht aus {name} entstehen", f"category {slug} cannot arise from {name}"
                )
        if len(parts) == 1 or len(set(parts)) < len(parts):
            yield Text(
                f"Kategorie {slug} entsteht nicht aus mehreren verschiedenen",
                f"category {slug} does not arise from several different ones",
            )


def duty_faults(duties: Duties) -> Iterator[tuple[str, Text]]:
    """Name the duties that cannot be kept, each with the reason."""
    for field in duties.hidden_fields:
        if field not in HIDEABLE_FIELDS:
            yield "hidden_fields", Text(f"{field} lässt sich nicht verbergen", f"{field} cannot be hidden")
    for name in AMOUNTS:
        if getattr(duties, name) < 0:
            yield name, Text("eine Auflage ist negativ", "a negative duty")
    if duties.dominance_percent > 100:
        yield "dominance_percent", Text("ein Anteil über 100 %", "a share above 100 %")
    if duties.count_noise > 0 and not LEAST_NOISE <= duties.count_noise <= GREATEST_NOISE:
        yield (
            "count_noise",
            Text(
                f"Ein Zählrauschen liegt zwischen {LEAST_NOISE} und {GREATEST_NOISE}.",
                f"A noise on counts lies between {LEAST_NOISE} and {GREATEST_NOISE}.",
            ),
        )
    if not duties.time_grid_seconds:
        yield from _ungrouped(duties)


def _ungrouped(duties: Duties) -> Iterator[tuple[str, Text]]:
    """Find duties that speak of cells of a time grid where there is none."""
    if duties.minimum_group > 1:
        yield "minimum_group", Text("Eine Mindestgruppe braucht ein Zeitraster.", "A smallest group needs a time grid.")
    if duties.minimum_persons > 1:
        yield (
            "minimum_persons",
            Text("Eine Personenzahl braucht ein Zeitraster.", "A number of persons needs a time grid."),
        )
    if duties.dominance_percent:
        yield (
            "dominance_percent",
            Text("Ein Höchstanteil braucht ein Zeitraster.", "A greatest share needs a time grid."),
        )
    if duties.count_noise:
        yield (
            "count_noise",
            Text("Ein Zählrauschen braucht ein Zeitraster.", "A noise on counts needs a time grid."),
        )


def _duties(rule: Rule) -> Iterator[Text]:
    for _, reason in duty_faults(rule.duties):
        yield Text(f"Regel {rule.slug}: {reason.de}", f"rule {rule.slug}: {reason.en}")


def faults(book: Rulebook) -> list[Text]:
    """List what is wrong: doubles, loops, unknown names, turned validity, missing sources, unruled categories."""
    found = [*_doubles(book), *_tree(book), *_arising(book)]
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
    refuse(faults(book))


def refuse(found: list[Text]) -> None:
    """Raise ``ethics.unsound`` with all that was found, if anything was."""
    if found:
        raise Invalid(
            UNSOUND, faults=Text("; ".join(fault.de for fault in found), "; ".join(fault.en for fault in found))
        )
