"""Brings what a pack says about steering; names are looked up in what was written before."""

from collections.abc import Callable
from typing import Any

from allmende.kernel.errors import Invalid
from allmende.programme import models
from allmende.programme.rules.steering import BAD_WEIGHTS, WHOLE, sound_weights
from allmende.programme.services.words import pairs
from allmende.programme.steering import RiskEntry, SectionEntry, SteeringContent, StrategyEntry

Find = Callable[[str, str, str], Any]


class SteeringLoader:
    """Writes ``steering.yaml``; ``find`` gives the row of a kind and name, or refuses with the place."""

    def __init__(self, content: SteeringContent, find: Find, known: dict[str, dict[str, Any]]) -> None:
        self.content = content
        self.find = find
        self.known = known

    def load(self) -> None:
        """Write everything, in the order in which names are needed."""
        self._goals()
        self._measures()
        self._weights()
        self._dependencies()
        for risk in self.content.risks:
            self._risk(risk)
        self._conditions()
        for version in self.content.strategy:
            self._strategy(version)

    def _goals(self) -> None:
        self.known["goals"] = {
            entry.slug: models.Goal.objects.create(
                slug=entry.slug,
                target=self.find("target_images", entry.target, f"goal {entry.slug}"),
                position=position,
                since=entry.since,
                until=entry.until,
                source=self.find("sources", entry.source, f"goal {entry.slug}"),
                **pairs(title=entry.title, text=entry.text),
            )
            for position, entry in enumerate(self.content.goals)
        }

    def _measures(self) -> None:
        for position, entry in enumerate(self.content.measures):
            place = f"measure {entry.slug}"
            measure = models.Measure.objects.create(
                slug=entry.slug,
                number=entry.number,
                position=position,
                source=self.find("sources", entry.source, place),
                **pairs(title=entry.title, text=entry.text),
            )
            for link in entry.projects:
                measure.links.create(
                    project=self.find("projects", link.project, place),
                    since=link.since,
                    until=link.until,
                    certain=link.certain,
                )

    def _weights(self) -> None:
        for entry in self.content.weights:
            if not sound_weights(entry.weights):
                raise Invalid(BAD_WEIGHTS, total=sum(entry.weights.values()), whole=WHOLE)
            place = f"weights of {entry.project}"
            for name, points in entry.weights.items():
                models.Weight.objects.create(
                    project=self.find("projects", entry.project, place),
                    target=self.find("target_images", name, place),
                    since=entry.since,
                    basis_points=points,
                )

    def _dependencies(self) -> None:
        for entry in self.content.dependencies:
            place = f"dependency of {entry.project}"
            models.Dependency.objects.create(
                project=self.find("projects", entry.project, place),
                kind=entry.kind,
                other=self.find("projects", entry.other, place),
                since=entry.since,
                until=entry.until,
                source=self.find("sources", entry.source, place),
                **pairs(text=entry.text),
            )

    def _risk(self, entry: RiskEntry) -> None:
        risk = models.Risk.objects.create(
            slug=entry.slug,
            project=self.find("projects", entry.project, f"risk {entry.slug}") if entry.project else None,
            **pairs(title=entry.title, text=entry.text, owner=entry.owner),
        )
        for estimate in entry.estimates:
            risk.estimates.create(
                day=estimate.day,
                state=estimate.state,
                probability=estimate.probability,
                impact=estimate.impact,
                **pairs(response=estimate.response),
            )

    def _conditions(self) -> None:
        for entry in self.content.conditions:
            condition = models.Condition.objects.create(
                slug=entry.slug,
                since=entry.since,
                source=self.find("sources", entry.source, f"condition {entry.slug}"),
                **pairs(title=entry.title, text=entry.text),
            )
            for finding in entry.findings:
                condition.findings.create(
                    day=finding.day, state=finding.state, evidence=finding.evidence, **pairs(text=finding.text)
                )

    def _strategy(self, entry: StrategyEntry) -> None:
        place = f"strategy {entry.number}"
        version = models.StrategyVersion.objects.create(
            number=entry.number,
            adopted=entry.adopted,
            decision=self.find("decisions", entry.decision, place) if entry.decision else None,
            source=self.find("sources", entry.source, place),
            **pairs(title=entry.title, summary=entry.summary),
        )
        for position, section in enumerate(entry.sections):
            self._section(version, position, section)

    def _section(self, version: models.StrategyVersion, position: int, entry: SectionEntry) -> None:
        place = f"strategy {version.number}, section {entry.number}"
        section = version.sections.create(
            key=entry.key, number=entry.number, position=position, **pairs(title=entry.title)
        )
        for order, statement in enumerate(entry.statements):
            row = section.statements.create(
                position=order, indicators=" ".join(statement.indicators), **pairs(text=statement.text)
            )
            for name in ("goals", "projects", "decisions"):
                found = [self.find(name, slug, place) for slug in getattr(statement, name)]
                getattr(row, name).set(found)
