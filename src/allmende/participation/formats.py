"""What the formats of participation say: their parts, their phases, and what people may do in each."""

from functools import cache
from typing import Literal

import msgspec
import yaml

from allmende.families.manifest import Finding
from allmende.families.registry import folders, member, members
from allmende.kernel.text import Text
from allmende.participation.methods.panels.pool import Quota
from allmende.participation.shapes import Kind

FAMILY = "formats"
Action = Literal["contribute", "comment", "support", "suggest", "vote", "ballot", "rank", "compare", "answer"]
Part = Literal[
    "ideas", "needs", "proposals", "text", "statements", "panel", "workshops", "ranking", "pairs", "questions"
]
Collected = Literal["idea", "need", "proposal"]


class FormatPhase(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A step of a format: how long it usually lasts, and what people may do in it."""

    slug: str
    title: Text
    about: Text
    days: int
    allows: tuple[Action, ...]


class BudgetFrame(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a budget begins with, in cents; each process may change it until people vote."""

    amount: int
    ceiling: int | None = None
    vote: Literal["approval", "points", "knapsack"] = "approval"
    most_projects: int | None = None
    most_points: int | None = None
    rule: Literal["greedy", "equal-shares"] = "equal-shares"
    worth: Literal["cost", "one"] = "cost"


class PanelFrame(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a panel begins with; each process may change it until the table of lots is published."""

    size: int
    quotas: tuple[Quota, ...] = ()


class Format(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A way of taking part; ``geometries`` are what the place of a contribution may be, where it may have one."""

    parts: tuple[Part, ...]
    place: bool
    geometries: tuple[Kind, ...] = ("point",)
    photo: bool
    phases: tuple[FormatPhase, ...]
    budget: BudgetFrame | None = None
    panel: PanelFrame | None = None
    signatures: int = 0
    source: Text | None = None

    @property
    def kind(self) -> Collected | None:
        """Give the kind of contributions that it collects."""
        kinds: dict[Part, Collected] = {"needs": "need", "proposals": "proposal", "ideas": "idea"}
        return next((kind for part, kind in kinds.items() if part in self.parts), None)

    @property
    def answers(self) -> bool:
        """Tell whether people hand something in that is answered: contributions, or suggestions for a text."""
        return self.kind is not None or "text" in self.parts

    @property
    def options(self) -> bool:
        """Tell whether its statements are options, to be put into an order or compared."""
        return bool({"ranking", "pairs"} & {*self.parts})

    def phase(self, slug: str) -> FormatPhase | None:
        """Give a phase by its name."""
        return next((phase for phase in self.phases if phase.slug == slug), None)

    @property
    def actions(self) -> tuple[Action, ...]:
        """Give what people may do in some phase, in the order in which it first comes."""
        return tuple(dict.fromkeys(action for phase in self.phases for action in phase.allows))


@cache
def format_of(name: str) -> Format:
    """Give a format by its folder."""
    folder = member(FAMILY, name).folder
    return msgspec.convert(yaml.safe_load((folder / "format.yaml").read_text(encoding="utf-8")), Format)


@cache
def formats() -> dict[str, Text]:
    """Give the titles of all formats by their names."""
    return {one.manifest.id: one.manifest.title for one in members(FAMILY)}


def check_formats() -> list[Finding]:
    """List what is wrong with the formats."""
    findings = []
    for folder in folders(FAMILY):
        try:
            found = msgspec.convert(yaml.safe_load((folder / "format.yaml").read_text(encoding="utf-8")), Format)
        except (OSError, yaml.YAMLError, msgspec.ValidationError) as error:
            findings.append(Finding(f"formats/{folder.name}/format.yaml", "$", Text(str(error), str(error))))
            continue
        if len({phase.slug for phase in found.phases}) != len(found.phases) or not found.phases:
            twice = Text("Phasen fehlen oder heißen gleich", "phases are missing or have the same name")
            findings.append(Finding(f"formats/{folder.name}/format.yaml", "phases", twice))
    return findings
