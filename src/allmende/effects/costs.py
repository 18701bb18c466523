"""What stands beside an effect as its cost, and whether dividing one by the other is honest."""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal

import msgspec

from allmende.effects.content import PathEntry
from allmende.effects.queries import IndicatorView, Known
from allmende.kernel.money import Money
from allmende.kernel.text import Text

Spent = Mapping[str, Mapping[int, int]]
KINDS = {
    "input": Text("Das ist selbst ein Einsatz und keine Wirkung.", "This is an input itself and no effect."),
    "process": Text("Das misst einen Ablauf und kein Ergebnis.", "This measures a process and no result."),
    "impact": Text(
        "Was sich in der Stadt ändert, hat viele Ursachen; die Kosten der Projekte sind nur ein Teil davon.",
        "What changes in the city has many causes; the projects' cost is only a part of them.",
    ),
}
NO_PROJECT = Text(
    "Kein Projekt ist genannt, dessen Kosten zählen würden.", "No project is named whose cost would count."
)
SEVERAL = Text(
    "Mehrere Projekte tragen bei; wie viel davon jedes kostet, lässt sich nicht trennen.",
    "Several projects contribute; what each part of it costs cannot be told apart.",
)
NO_BASIS = Text(
    "Niemand hat festgelegt, dass die Kosten des Projekts allein diesem Ergebnis dienen; es bewirkt auch anderes.",
    "Nobody has laid down that the project's cost serves this result alone; it does other things too.",
)
NO_PIECES = Text(
    "Ein Anteil oder eine Stufe lässt sich nicht in Einheiten zählen, die man bezahlt.",
    "A share or a step cannot be counted in units that are paid for.",
)
NO_DIRECTION = Text("Mehr oder weniger ist hier nicht besser.", "More or less is not better here.")
NOT_MEASURED = Text("Ausgangswert oder Ergebnis fehlt.", "The baseline or the result is missing.")
SIMULATED = Text("Der Wert ist zur Vorführung simuliert.", "The value is simulated for demonstration.")
MID_YEAR = Text(
    "Der Wert endet mitten im Jahr; was bezahlt ist, steht nur je Haushaltsjahr fest.",
    "The value ends within a year; what was paid is known by budget year only.",
)
NO_CHANGE = Text(
    "Gegenüber dem Ausgangswert hat sich nichts gebessert; geteilt durch nichts gibt es keinen Preis.",
    "Nothing has become better than the baseline; divided by nothing there is no price.",
)
NO_MONEY = Text("Kosten des Projekts sind nicht veröffentlicht.", "The project's cost is not published.")
SHARES = ("%", "1")


class Cost(msgspec.Struct, frozen=True):
    """The money beside an indicator; ``per_unit`` is none where it would not be honest, and the reasons say why.

    ``paid`` holds for each project what was paid in the budget years up to ``year``; none is unknown.
    """

    view: IndicatorView
    paid: tuple[tuple[str, Money | None], ...]
    year: int | None
    change: Decimal | None
    per_unit: Money | None
    basis: Text | None
    reasons: tuple[Text, ...]


def _change(view: IndicatorView, value: Known | None) -> Decimal | None:
    """Give by how much the value is better than the baseline."""
    if value is None or view.baseline is None:
        return None
    more = value.value - view.baseline.low
    return -more if view.current.definition.direction == "down" else more


def _of_value(view: IndicatorView, value: Known | None, change: Decimal | None) -> list[Text]:
    """Give what is wrong with the measured side."""
    definition = view.current.definition
    if definition.direction not in ("up", "down"):
        return [NO_DIRECTION]
    if value is None or change is None:
        return [NOT_MEASURED]
    found = [NO_PIECES] if definition.levels or definition.unit in SHARES else []
    found += [SIMULATED] if value.simulated else []
    found += [MID_YEAR] if (value.last.month, value.last.day) != (12, 31) else []
    return found + ([NO_CHANGE] if change <= 0 else [])


def cost_of(view: IndicatorView, spent: Spent) -> Cost:
    """Put the projects' cost beside an indicator; ``spent`` is what was paid by project and budget year, in cents."""
    value, projects = view.judged, tuple(view.indicator.projects)
    content: PathEntry | None = view.current.target.content if view.current.target else None
    basis = content.cost_basis if content else None
    change, year = _change(view, value), value.last.year if value else None
    paid = tuple((slug, _sum(spent.get(slug), year)) for slug in projects)
    reasons = [KINDS[view.indicator.kind]] if view.indicator.kind in KINDS else []
    if len(projects) != 1:
        reasons.append(SEVERAL if projects else NO_PROJECT)
    if basis is None:
        reasons.append(NO_BASIS)
    reasons += _of_value(view, value, change)
    total = paid[0][1] if len(paid) == 1 else None
    if len(projects) == 1 and not total:
        reasons.append(NO_MONEY)
    honest = None if reasons or total is None or change is None else _divided(total, change)
    return Cost(view, paid, year, change, honest, basis, tuple(reasons))


def _sum(years: Mapping[int, int] | None, until: int | None) -> Money | None:
    if years is None:
        return None
    cents = sum(cents for year, cents in years.items() if until is None or year <= until)
    return Money(cents) if cents else None


def _divided(total: Money, change: Decimal) -> Money:
    return Money(int((Decimal(total.cents) / change).quantize(Decimal(1), ROUND_HALF_UP)))
