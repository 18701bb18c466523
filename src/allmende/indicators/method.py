"""The written method of each indicator: a YAML file beside this module."""

import datetime as dt
from functools import cache
from pathlib import Path
from typing import Literal

import msgspec
import yaml

from allmende.kernel.errors import ErrorCode, Invalid, NotFound
from allmende.kernel.text import Text

FOLDER = Path(__file__).parent

METHOD_MISSING = ErrorCode(
    "indicator.missing",
    Text("Den Indikator „{id}“ gibt es nicht.", "There is no indicator “{id}”."),
    Text("Vorhanden sind: {known}", "There are: {known}"),
)
METHOD_FIELD = ErrorCode(
    "indicator.field",
    Text("Indikator {file}, Feld {field}: {reason}.", "Indicator {file}, field {field}: {reason}."),
    Text("Berichtigen Sie dieses Feld.", "Correct this field."),
)


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One figure of an indicator, with its definition; its unit where that is not the method's."""

    id: str
    name: Text
    definition: Text
    unit: str = ""


class Origin(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the definition comes from."""

    title: Text
    url: str


class Limit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A limit or guideline value: of which substance, over which averaging time, from when, by which text.

    ``allowed`` is how often in a year a daily or hourly mean may lie above it. ``binding`` tells law from advice.
    """

    id: str
    substance: str
    averaging: Literal["hour", "day", "year"]
    value: float
    unit: str
    allowed: int = 0
    since: dt.date
    binding: bool
    text: Text
    source: str
    url: str


class Method(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How an indicator is computed, from which properties, and what to beware of; another way is another version.

    ``category`` is that of its data: rules that do not open it refuse the computation by name.
    """

    indicator: Literal[1]
    id: str
    title: Text
    version: int
    category: str
    observed: tuple[str, ...]
    unit: str
    method: Text
    complete_share: float
    kinds: tuple[Part, ...]
    source: Origin
    caveats: tuple[Text, ...]
    limits: tuple[Limit, ...] = ()

    def part(self, name: str) -> Part | None:
        """Give a figure by its name."""
        return next((part for part in self.kinds if part.id == name), None)


def methods() -> tuple[str, ...]:
    """Give the ids of all indicators, in order."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.yaml")))


@cache
def method(indicator: str) -> Method:
    """Read the method of an indicator; raise ``indicator.missing`` or ``indicator.field``."""
    if indicator not in methods():
        raise NotFound(METHOD_MISSING, id=indicator, known=", ".join(methods()))
    path = FOLDER / f"{indicator}.yaml"
    try:
        return msgspec.convert(yaml.safe_load(path.read_text(encoding="utf-8")), Method)
    except msgspec.ValidationError as error:
        reason, _, field = str(error).partition(" - at `")
        raise Invalid(METHOD_FIELD, file=path.name, field=field.rstrip("`") or "$", reason=reason) from error
