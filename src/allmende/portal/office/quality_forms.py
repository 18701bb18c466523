"""The thresholds of a datastream as a form; a test whose fields are empty is not run."""

from typing import Any

import msgspec
from django import forms
from django.utils.translation import gettext_lazy as _

from allmende.kernel.errors import Invalid
from allmende.quality.thresholds import TESTS, Thresholds, default_of, thresholds_of

Tree = dict[str, Any]
# Field of the form → test, field of the test, place in a span.
FIELDS: dict[str, tuple[str, str, int | None]] = {
    "gap_intervals": ("gap", "intervals", None),
    "range_suspect_least": ("range", "suspect", 0),
    "range_suspect_greatest": ("range", "suspect", 1),
    "range_fail_least": ("range", "fail", 0),
    "range_fail_greatest": ("range", "fail", 1),
    "spike_suspect": ("spike", "suspect", None),
    "spike_fail": ("spike", "fail", None),
    "rate_suspect": ("rate", "suspect", None),
    "rate_fail": ("rate", "fail", None),
    "flat_suspect_seconds": ("flat", "suspect_seconds", None),
    "flat_fail_seconds": ("flat", "fail_seconds", None),
    "flat_tolerance": ("flat", "tolerance", None),
    "neighbour_difference": ("neighbour", "difference", None),
    "neighbour_kilometres": ("neighbour", "kilometres", None),
    "neighbour_seconds": ("neighbour", "seconds", None),
    "neighbour_stations": ("neighbour", "stations", None),
}


def _number(label: Any, help_text: Any = "") -> forms.FloatField:
    return forms.FloatField(label=label, required=False, help_text=help_text)


def _whole(label: Any, help_text: Any = "") -> forms.IntegerField:
    return forms.IntegerField(label=label, required=False, help_text=help_text, min_value=1)


class ThresholdForm(forms.Form):
    """What the tests of one datastream go by, in its unit."""

    gap_intervals = _number(_("Lücke: ab so vielen Abständen ohne Wert"), _("zweifelhaft ist der Wert dahinter"))
    range_suspect_least = _number(_("Bereich: zweifelhaft unter"))
    range_suspect_greatest = _number(_("Bereich: zweifelhaft über"))
    range_fail_least = _number(_("Bereich: schlecht unter"))
    range_fail_greatest = _number(_("Bereich: schlecht über"))
    climatology = forms.CharField(
        label=_("Jahreszeit: üblicher Bereich"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("je Zeile Monate und Bereich, etwa „12, 1, 2: -25 bis 25“"),
    )
    spike_suspect = _number(_("Ausreißer: zweifelhaft ab"), _("Abstand zu beiden Nachbarwerten"))
    spike_fail = _number(_("Ausreißer: schlecht ab"))
    rate_suspect = _number(_("Änderung je Stunde: zweifelhaft ab"))
    rate_fail = _number(_("Änderung je Stunde: schlecht ab"))
    flat_suspect_seconds = _whole(_("Bleibt stehen: zweifelhaft nach Sekunden"))
    flat_fail_seconds = _whole(_("Bleibt stehen: schlecht nach Sekunden"))
    flat_tolerance = _number(_("Bleibt stehen: bewegt sich weniger als"))
    neighbour_difference = _number(_("Nachbarn: zweifelhaft ab Abstand zu ihrer Mitte"))
    neighbour_kilometres = _number(_("Nachbarn: im Umkreis von Kilometern"))
    neighbour_seconds = _whole(_("Nachbarn: Werte im Abstand von höchstens Sekunden"))
    neighbour_stations = _whole(_("Nachbarn: mindestens so viele Stationen"))

    def __init__(self, *args: Any, properties: Tree, unit: str, **kwargs: Any) -> None:
        self._properties, self._unit = properties, unit
        super().__init__(*args, **kwargs)

    def clean(self) -> Tree:
        """Refuse limits that do not fit each other, or a test of which half is missing."""
        values = super().clean() or {}
        try:
            tree = _tree_of(values)
            thresholds_of({**self._properties, "quality": tree}, self._unit)
        except Invalid as error:
            field, reason = str(error.params["field"]), error.params["reason"]
            self.add_error(None, _("%(field)s: %(reason)s") % {"field": field, "reason": reason})
        except ValueError:
            self.add_error("climatology", _("So lässt sich das nicht lesen."))
        else:
            values["tree"] = _differing(tree, default_of(str(self._properties.get("observed", "")), self._unit))
        return values


def _tree_of(values: Tree) -> Tree:
    """Write the fields as what is set for a datastream."""
    tree: Tree = dict.fromkeys(TESTS)
    for field, (test, name, place) in FIELDS.items():
        value = values.get(field)
        if value is None:
            continue
        part = tree[test] = tree[test] or {}
        if place is None:
            part[name] = value
        else:
            part[name] = [*part.get(name, []), value]
    tree["climatology"] = [_season(line) for line in values.get("climatology", "").splitlines() if line.strip()]
    return tree


def _season(line: str) -> Tree:
    months, _colon, span = line.partition(":")
    least, greatest = span.replace("bis", " ").replace("to", " ").replace(",", ".").split()
    return {"months": [int(one) for one in months.replace(",", " ").split()], "span": [float(least), float(greatest)]}


def _differing(tree: Tree, base: Thresholds) -> Tree:
    """Keep what differs from the defaults, so that better defaults reach what nobody set otherwise."""
    known = msgspec.to_builtins(base)
    return {name: part or False for name, part in tree.items() if _plain(part) != _plain(known.get(name))}


def _plain(part: Any) -> Any:
    """Give a part in a form in which equal ones are equal."""
    return msgspec.json.decode(msgspec.json.encode(part)) or None


def initial_of(one: Thresholds) -> Tree:
    """Give what the form shows."""
    tree = msgspec.to_builtins(one)
    found: Tree = {}
    for field, (test, name, place) in FIELDS.items():
        part = tree.get(test)
        if part is not None:
            found[field] = part[name] if place is None else part[name][place]
    found["climatology"] = "\n".join(
        f"{', '.join(map(str, season.months))}: {season.span[0]:g} bis {season.span[1]:g}" for season in one.climatology
    )
    return found
