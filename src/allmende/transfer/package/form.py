"""What a package holds: its files by path, and the values that stand in them."""

import datetime as dt
from typing import Any, Literal, TypeVar

import msgspec
import yaml

from allmende.effects.content import IndicatorEntry
from allmende.ethics.model import Rule
from allmende.kernel.errors import ErrorCode, Invalid
from allmende.kernel.text import Text
from allmende.register.content import DataUseEntry
from allmende.transfer.rules import Entry, FindingContent

FORMAT = 1
FACTS, FINDING, INDICATORS = "steckbrief.json", "erkenntnis.json", "indikatoren.json"
RULES, SHEETS, PARAMETERS = "ethik/regeln.json", "ethik/datenblaetter.json", "parameters.yaml"
CONNECTORS, CHARTS, DATA = "konnektoren/", "diagramme/", "daten/"
DATA_PACKAGE = "daten/datapackage.json"
CRATE, CHECKSUMS, PROOF = "ro-crate-metadata.json", "manifest-sha256.txt", "ledger/proof.txt"

BAD_PART = ErrorCode(
    "transfer.bad_part",
    Text("Transferpaket, {file}, {place}: {reason}.", "Transfer package, {file}, {place}: {reason}."),
    Text(
        "Bitten Sie die abgebende Stadt um ein neues Paket; nichts wurde übernommen.",
        "Ask the giving city for another package; nothing was taken over.",
    ),
)
T = TypeVar("T")
Kind = Literal["city", "place", "station", "office"]


class Origin(Entry, frozen=True):
    """Where a package comes from; what its city itself took over comes after it."""

    city: str
    project: str
    url: str = ""
    digest: str = ""


class SourceEntry(Entry, frozen=True):
    """A source of the origin, as it was called there."""

    title: str
    publisher: str
    url: str = ""


class Parameter(Entry, frozen=True):
    """A local name that stands as ``{{name}}`` in the other files."""

    name: str
    kind: Kind
    value: str


class Parameters(Entry, frozen=True):
    """``parameters.yaml``: all that is local. ``origin`` and ``sources`` say where it was so, and are not asked for."""

    project: str
    names: tuple[Parameter, ...] = ()
    stations: dict[str, tuple[dict[str, Any], ...]] = {}
    origin: tuple[Origin, ...] = ()
    sources: tuple[SourceEntry, ...] = ()
    format: int = FORMAT


class Facts(Entry, frozen=True):
    """The fact sheet."""

    title: Text
    sentence: Text
    purpose: Text
    state: str
    day: dt.date
    licence: str
    contact: Text | None = None
    format: int = FORMAT


class Recipe(Entry, frozen=True, omit_defaults=True):
    """A connector: its manifest as TOML has it, and its recipe without the stations, which are local.

    With ``table`` the recipe is a mapping of tables.
    """

    manifest: dict[str, Any]
    recipe: dict[str, Any]
    table: bool = False


def canonical(value: object) -> bytes:
    """Write a value as JSON: members by name, one to a line, so that a check can name the line."""
    return msgspec.json.format(msgspec.json.encode(value, order="sorted"), indent=1) + b"\n"


def written(parameters: Parameters) -> bytes:
    """Write ``parameters.yaml``."""
    plain = msgspec.to_builtins(parameters)
    return yaml.safe_dump(plain, allow_unicode=True, sort_keys=True, width=10_000).encode()


def read_parameters(raw: bytes, file: str = PARAMETERS) -> Parameters:
    """Read ``parameters.yaml``, the package's or a city's own."""
    try:
        return msgspec.convert(yaml.safe_load(raw), Parameters)
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise Invalid(BAD_PART, file=file, place="$", reason=" ".join(str(error).split())[:200]) from error
    except msgspec.ValidationError as error:
        raise _bad(file, error) from error


def _bad(file: str, error: msgspec.ValidationError) -> Invalid:
    reason, _, place = str(error).partition(" - at `")
    return Invalid(BAD_PART, file=file, place=place.rstrip("`") or "$", reason=reason)


class Package(msgspec.Struct, frozen=True):
    """The files of a package by path, without what is made from them when it is written."""

    files: dict[str, bytes]

    def read(self, file: str, kind: type[T]) -> T:
        """Read one JSON file; raise with file, place and reason."""
        try:
            return msgspec.json.decode(self.files[file], type=kind)
        except KeyError:
            raise Invalid(BAD_PART, file=file, place="$", reason=Text("fehlt", "is missing")) from None
        except msgspec.ValidationError as error:
            raise _bad(file, error) from error
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise Invalid(BAD_PART, file=file, place="$", reason=str(error)) from error

    @property
    def parameters(self) -> Parameters:
        """Give what is local."""
        return read_parameters(self.files.get(PARAMETERS, b""))

    @property
    def facts(self) -> Facts:
        """Give the fact sheet."""
        return self.read(FACTS, Facts)

    @property
    def finding(self) -> FindingContent | None:
        """Give the finding; None where none was published."""
        return self.read(FINDING, FindingContent) if FINDING in self.files else None

    @property
    def indicators(self) -> tuple[IndicatorEntry, ...]:
        """Give the indicators with their definitions and values."""
        return self.read(INDICATORS, tuple[IndicatorEntry, ...])

    @property
    def rules(self) -> tuple[Rule, ...]:
        """Give the rules."""
        return self.read(RULES, tuple[Rule, ...])

    @property
    def sheets(self) -> tuple[DataUseEntry, ...]:
        """Give the data sheets."""
        return self.read(SHEETS, tuple[DataUseEntry, ...])

    @property
    def connectors(self) -> dict[str, Recipe]:
        """Give the connectors by name."""
        names = [file for file in sorted(self.files) if file.startswith(CONNECTORS)]
        return {file[len(CONNECTORS) : -len(".json")]: self.read(file, Recipe) for file in names}

    def rewritten(self) -> "Package":
        """Read every part and write it again: what does not come out the same was not understood."""
        files = {**self.files, PARAMETERS: written(self.parameters), FACTS: canonical(self.facts)}
        for file, value in ((INDICATORS, self.indicators), (RULES, self.rules), (SHEETS, self.sheets)):
            files[file] = canonical(value)
        if FINDING in files:
            files[FINDING] = canonical(self.finding)
        files |= {f"{CONNECTORS}{name}.json": canonical(one) for name, one in self.connectors.items()}
        return Package(files)
