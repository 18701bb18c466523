"""Duties, days and changes in plain German and English."""

import datetime as dt
from collections.abc import Iterable

from allmende.ethics.compare import Change
from allmende.ethics.model import Duties, Rule, Rulebook
from allmende.ethics.space import leaves_of, line_of
from allmende.kernel.text import Text

VERB_WORDS = {
    "collect": Text("erheben", "collect"),
    "link": Text("verknüpfen", "link"),
    "use": Text("nutzen", "use"),
    "pass_on": Text("weitergeben", "pass on"),
    "publish": Text("veröffentlichen", "publish"),
    "delete": Text("löschen", "delete"),
}
FIELD_WORDS = {
    "result": Text("Wert", "value"),
    "resultTime": Text("Zeit des Ergebnisses", "time of the result"),
    "resultQuality": Text("Güte", "quality"),
    "validTime": Text("Zeit der Gültigkeit", "time of validity"),
    "parameters": Text("Begleitangaben", "parameters"),
    "FeatureOfInterest": Text("Ort der Messung", "place of the measurement"),
    "source": Text("Quelle", "source"),
}
MONTHS = (
    Text("Januar", "January"),
    Text("Februar", "February"),
    Text("März", "March"),
    Text("April", "April"),
    Text("Mai", "May"),
    Text("Juni", "June"),
    Text("Juli", "July"),
    Text("August", "August"),
    Text("September", "September"),
    Text("Oktober", "October"),
    Text("November", "November"),
    Text("Dezember", "December"),
)
SPANS = (
    (86_400, Text("Tag", "day"), Text("Tage", "days")),
    (3_600, Text("Stunde", "hour"), Text("Stunden", "hours")),
    (60, Text("Minute", "minute"), Text("Minuten", "minutes")),
    (1, Text("Sekunde", "second"), Text("Sekunden", "seconds")),
)
HEADS = {
    "allowed": Text("Diese Änderung erlaubt neu", "This change newly allows"),
    "refused": Text("Diese Änderung erlaubt nicht mehr", "This change no longer allows"),
    "duties": Text("Diese Änderung erlaubt weiter, aber anders", "This change still allows, but differently"),
}
ALL = Text("alle", "all")
NONE = Text("ohne Auflagen", "without duties")


def day_words(day: dt.date) -> Text:
    """Write a day out."""
    month = MONTHS[day.month - 1]
    return Text(f"{day.day}. {month.de} {day.year}", f"{day.day} {month.en} {day.year}")


def joined(texts: Iterable[Text], sign: str = ", ") -> Text:
    """Put several texts in a row; there must be at least one."""
    found = list(texts)
    return Text(sign.join(text.de for text in found), sign.join(text.en for text in found))


def span_words(seconds: int) -> Text:
    """Write a span of time in its greatest whole unit."""
    size, one, many = next(span for span in SPANS if seconds % span[0] == 0)
    count = seconds // size
    unit = one if count == 1 else many
    return Text(f"{count} {unit.de}", f"{count} {unit.en}")


def duty_words(duties: Duties) -> Text:
    """Say what a permission demands."""
    found = [*_of_cells(duties), *_of_all(duties)]
    return joined(found, "; ") if found else NONE


def _of_cells(duties: Duties) -> Iterable[Text]:
    """Say what is told of time, and of which groups."""
    if duties.time_grid_seconds:
        span, sums = span_words(duties.time_grid_seconds), duties.count_noise
        de, en = ("Summen", "sums") if sums else ("Mittelwerte", "means")
        yield Text(f"nur {de} über je {span.de}", f"only {en} over {span.en} each")
    if duties.minimum_group > 1:
        count = duties.minimum_group
        yield Text(f"nur aus mindestens {count} Werten", f"only of at least {count} values")
    if duties.minimum_persons > 1:
        count = duties.minimum_persons
        yield Text(f"nur ab {count} gezählten Personen", f"only from {count} counted persons on")
    if duties.dominance_percent:
        share = duties.dominance_percent
        yield Text(f"kein Wert macht über {share} % der Summe aus", f"no value makes more than {share}% of the sum")
    if duties.count_noise:
        most = duties.count_noise
        yield Text(f"Zählungen um bis zu {most} verändert", f"counts changed by up to {most}")


def _of_all(duties: Duties) -> Iterable[Text]:
    """Say what is held back, made coarser or hidden."""
    if duties.delay_seconds:
        span = span_words(duties.delay_seconds)
        yield Text(f"erst nach {span.de}", f"only after {span.en}")
    if duties.space_grid_metres:
        metres = duties.space_grid_metres
        yield Text(f"Orte auf {metres} m gerundet", f"places rounded to {metres} m")
    if duties.hidden_fields:
        fields = joined(FIELD_WORDS[field] for field in duties.hidden_fields)
        yield Text(f"ohne: {fields.de}", f"without: {fields.en}")


class Words:
    """Names things as the rule books call them, the newer one first."""

    def __init__(self, old: Rulebook, new: Rulebook) -> None:
        self._titles: dict[tuple[str, str], Text] = {}
        for book in (old, new):
            for kind in ("purposes", "categories", "recipients"):
                self._titles |= {(kind, entry.slug): entry.title for entry in getattr(book, kind)}
        self._all = {
            "purposes": {*leaves_of(old), *leaves_of(new)},
            "categories": {entry.slug for book in (old, new) for entry in book.categories},
            "recipients": {entry.slug for book in (old, new) for entry in book.recipients},
        }
        self._tree = new

    def named(self, kind: str, slugs: Iterable[str]) -> Text:
        """Name several things; all of them are called so, and purposes by the one above all of them."""
        found = set(slugs)
        if len(found) > 1 and found == self._all[kind]:
            return ALL
        entries = self._covering(found) if kind == "purposes" else sorted(found)
        return joined(self._titles[(kind, slug)] for slug in entries)

    def _covering(self, leaves: set[str]) -> list[str]:
        """Give as few purposes as cover these leaves and no others."""
        parents = {purpose.slug: purpose.parent for purpose in self._tree.purposes}
        below: dict[str, set[str]] = {}
        for leaf in leaves_of(self._tree):
            for slug in line_of(leaf, parents):
                below.setdefault(slug, set()).add(leaf)
        whole = {slug for slug, under in below.items() if under <= leaves and len(under) > 1}
        top = [slug for slug in whole if not set(line_of(slug, parents)[1:]) & whole]
        covered = {leaf for slug in top for leaf in below[slug]}
        return sorted([*top, *(leaves - covered)])

    def change(self, change: Change) -> Text:
        """Say a change as a sentence."""
        what = joined(VERB_WORDS[verb] for verb in change.verbs)
        data, purposes = self.named("categories", change.categories), self.named("purposes", change.purposes)
        people, head = self.named("recipients", change.recipients), HEADS[change.kind]
        days, why = _days(change), _why(change)
        return Text(
            f"{head.de}: {what.de}. Daten: {data.de}. Zweck: {purposes.de}. Für: {people.de}. {days.de}. {why.de}",
            f"{head.en}: {what.en}. Data: {data.en}. Purpose: {purposes.en}. For: {people.en}. {days.en}. {why.en}",
        )


def _days(change: Change) -> Text:
    since = day_words(change.since)
    if change.until is None:
        return Text(f"Ab {since.de}", f"From {since.en}")
    until = day_words(change.until)
    return Text(f"Vom {since.de} bis {until.de}", f"From {since.en} to {until.en}")


def _titles(rules: tuple[Rule, ...]) -> Text:
    return Text(", ".join(f"„{rule.title.de}“" for rule in rules), ", ".join(f"“{rule.title.en}”" for rule in rules))


def _fallen(bans: tuple[Rule, ...]) -> Text:
    names = _titles(bans)
    return Text(
        f"Das Verbot {names.de} steht dem nicht mehr entgegen.", f"Prohibition {names.en} no longer hinders it."
    )


def _why(change: Change) -> Text:
    before, after = change.before, change.after
    if change.kind == "duties":
        was, becomes = duty_words(before.duties), duty_words(after.duties)
        return Text(f"Bisher: {was.de}. Künftig: {becomes.de}.", f"Until now: {was.en}. From then on: {becomes.en}.")
    if change.kind == "allowed":
        rules, duties = _titles(after.rules), duty_words(after.duties)
        found = Text(f"Grund: Regel {rules.de}, {duties.de}.", f"Reason: rule {rules.en}, {duties.en}.")
        return joined([found, _fallen(before.rules)], " ") if before.rules else found
    if after.rules:
        rules = _titles(after.rules)
        return Text(f"Grund: Verbot {rules.de}.", f"Reason: prohibition {rules.en}.")
    rules = _titles(before.rules)
    return Text(
        f"Grund: Regel {rules.de} gilt dafür nicht mehr.", f"Reason: rule {rules.en} does not hold for it any more."
    )
