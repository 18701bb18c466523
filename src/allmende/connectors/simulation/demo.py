"""The demonstration of a city pack: which stations are simulated, in which climate."""

from pathlib import Path
from typing import Literal

import msgspec
import yaml

from allmende.connectors.simulation.weather import Character, Climate
from allmende.kernel.errors import ErrorCode, Invalid, NotFound
from allmende.kernel.text import Text

DEMO_FILE = "demo.yaml"

DEMO_MISSING = ErrorCode(
    "simulation.demo_missing",
    Text("Das Stadtpaket hat keine Vorführung: {file} fehlt.", "The pack has no demonstration: {file} is missing."),
    Text("Richten Sie die Stadt ohne --demo ein.", "Set the city up without --demo."),
)
DEMO_FIELD = ErrorCode(
    "simulation.demo_field",
    Text("Vorführung {file}, Feld {field}: {reason}.", "Demonstration {file}, field {field}: {reason}."),
    Text("Berichtigen Sie dieses Feld.", "Correct this field."),
)


class Station(Character, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A simulated station; it stands where the thing of the same slug stands."""

    slug: str
    name: str

    def character(self) -> Character:
        """Give what sets it apart, without its name."""
        return Character(heat_island=self.heat_island, swing=self.swing, exposure=self.exposure)


class Demo(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A demonstration; ``days`` says how far back a new one reaches."""

    demo: Literal[1]
    id: str
    title: Text
    description: Text
    dataset: str
    category: str
    data_use: str
    purpose: str
    seed: int
    days: int
    climate: Climate
    stations: tuple[Station, ...]


def read_demo(pack: Path) -> Demo:
    """Read the demonstration of a city pack's folder; raise ``simulation.demo_*`` naming file and field."""
    path = pack / DEMO_FILE
    try:
        tree = yaml.safe_load(path.read_text(encoding="utf-8"))
        return msgspec.convert(tree, Demo)
    except OSError as error:
        raise NotFound(DEMO_MISSING, file=path) from error
    except yaml.YAMLError as error:
        raise Invalid(DEMO_FIELD, file=DEMO_FILE, field="$", reason=" ".join(str(error).split())) from error
    except msgspec.ValidationError as error:
        reason, _, field = str(error).partition(" - at `")
        raise Invalid(DEMO_FIELD, file=DEMO_FILE, field=field.rstrip("`") or "$", reason=reason) from error
