"""Brings a pack's programme."""

from typing import Any

from django.db import transaction

from allmende.accounts.services import Actor, record
from allmende.kernel.clock import today
from allmende.kernel.errors import ErrorCode, Invalid
from allmende.kernel.money import Money
from allmende.kernel.text import Text
from allmende.programme.content import MilestoneEntry, ProgrammeContent, ProjectEntry
from allmende.programme.models import (
    Body,
    Decision,
    Discrepancy,
    FundingRule,
    Gap,
    Milestone,
    MilestoneDate,
    MilestoneNeed,
    Partner,
    PlanVersion,
    Programme,
    ProgrammeEvent,
    Project,
    ProjectCount,
    ProjectEvent,
    ProjectTarget,
    Source,
    TargetImage,
    Track,
)
from allmende.programme.models.facts import Fault
from allmende.programme.models.projects import event_fault
from allmende.programme.rules.milestones import date_fault
from allmende.programme.rules.states import FUTURE
from allmende.programme.services.steering import SteeringLoader
from allmende.programme.services.words import pairs
from allmende.programme.steering import SteeringContent

NOT_ALLOWED = ErrorCode(
    "programme.not_allowed",
    Text("{place}: {what}", "{place}: {what}"),
    Text("{next}", "{next}"),
)
UNKNOWN_NAME = ErrorCode(
    "programme.unknown_name",
    Text(
        "{place} nennt „{name}“, das gibt es unter {kind} nicht.", "{place} names “{name}”, which is not among {kind}."
    ),
    Text("Berichtigen Sie den Namen, oder legen Sie den Eintrag an.", "Correct the name, or add the entry."),
)


def _allow(fault: Fault | None, place: str) -> None:
    """Refuse what the rules do not allow, with its place in the pack."""
    if fault is not None:
        code, values = fault
        raise Invalid(NOT_ALLOWED, place=place, what=code.what.filled(**values), next=code.next.filled(**values))


class _Loader:
    """Writes one pack's programme; names of sources, bodies and so on are looked up in what was written before."""

    def __init__(self, content: ProgrammeContent, steering: SteeringContent) -> None:
        self.content = content
        self.steering = steering
        self.known: dict[str, dict[str, Any]] = {}

    def _find(self, kind: str, name: str, place: str) -> Any:
        if name not in self.known[kind]:
            raise Invalid(UNKNOWN_NAME, place=place, name=name, kind=kind)
        return self.known[kind][name]

    def _source(self, name: str, place: str) -> Source:
        found: Source = self._find("sources", name, place)
        return found

    def load(self) -> Programme:
        """Write everything, in the order in which names are needed."""
        self._foundations()
        for position, project in enumerate(self.content.projects):
            self._project(position, project)
        self._course()
        self._open_points()
        SteeringLoader(self.steering, self._find, self.known).load()
        entry = self.content.programme
        return Programme.objects.create(
            slug=entry.slug,
            city=entry.city,
            awarded=entry.awarded,
            awarded_precision=entry.awarded_precision,
            rate_numerator=entry.rate[0],
            rate_denominator=entry.rate[1],
            source=self._source(entry.source, "programme"),
            **pairs(
                title=entry.title,
                sentence=entry.sentence,
                vision=entry.vision,
                about=entry.about,
                notice=entry.notice,
            ),
        )

    def _foundations(self) -> None:
        content = self.content
        self.known["sources"] = {
            entry.slug: Source.objects.create(
                slug=entry.slug, title=entry.title, publisher=entry.publisher, url=entry.url, day=entry.day
            )
            for entry in content.sources
        }
        for kind, model, entries in (
            ("target_images", TargetImage, content.target_images),
            ("tracks", Track, content.tracks),
        ):
            self.known[kind] = {
                entry.slug: model.objects.create(
                    slug=entry.slug,
                    position=position,
                    source=self._source(entry.source, f"{kind} {entry.slug}"),
                    **pairs(title=entry.title, text=entry.text),
                )
                for position, entry in enumerate(entries)
            }
        for position, rule in enumerate(content.funding_rules):
            source = self._source(rule.source, f"funding_rules {position}")
            FundingRule.objects.create(position=position, source=source, **pairs(title=rule.title, text=rule.text))
        self.known["bodies"] = {
            entry.slug: Body.objects.create(slug=entry.slug, **pairs(title=entry.title, role=entry.role))
            for entry in content.bodies
        }
        self._decisions()

    def _decisions(self) -> None:
        for entry in self.content.decisions:
            _allow((FUTURE, {"day": entry.day}) if entry.day > today() else None, f"decision {entry.slug}")
        self.known["decisions"] = {
            entry.slug: Decision.objects.create(
                slug=entry.slug,
                body=self._find("bodies", entry.body, f"decision {entry.slug}"),
                day=entry.day,
                precision=entry.precision,
                paper=entry.paper,
                oparl=entry.oparl,
                source=self._source(entry.source, f"decision {entry.slug}"),
                **pairs(title=entry.title, text=entry.text),
            )
            for entry in self.content.decisions
        }

    def _project(self, position: int, entry: ProjectEntry) -> None:
        place = f"project {entry.slug}"
        project = Project.objects.create(
            slug=entry.slug,
            position=position,
            standing=entry.standing,
            data_use=entry.data_use,
            **pairs(title=entry.title, sentence=entry.sentence, purpose=entry.purpose, contact=entry.contact),
        )
        project.sources.set([self._source(name, place) for name in entry.sources])
        for name, basis in entry.targets.items():
            target = self._find("target_images", name, place)
            ProjectTarget.objects.create(project=project, target=target, stated=basis == "stated")
        for partner in entry.partners:
            Partner.objects.create(project=project, name=partner.name, **pairs(role=partner.role))
        for event in entry.events:
            row = ProjectEvent(
                project=project,
                day=event.day,
                precision=event.precision,
                state=event.state,
                certain=event.certain,
                source=self._source(event.source, place),
                decision=self._find("decisions", event.decision, place) if event.decision else None,
                **pairs(text=event.text),
            )
            _allow(event_fault(row), place)
            row.save()
        self.known.setdefault("projects", {})[entry.slug] = project

    def _course(self) -> None:
        for count in self.content.counts:
            ProjectCount.objects.create(
                day=count.day,
                precision=count.precision,
                count=count.count,
                label=count.label,
                source=self._source(count.source, f"count {count.day}"),
                **pairs(text=count.text),
            )
        for plan in self.content.plans:
            PlanVersion.objects.create(
                slug=plan.slug,
                day=plan.day,
                precision=plan.precision,
                total_cents=Money.parse(plan.total).cents,
                federal_cents=Money.parse(plan.federal).cents,
                own_cents=Money.parse(plan.own).cents,
                rounding=plan.rounding,
                source=self._source(plan.source, f"plan {plan.slug}"),
                **pairs(title=plan.title, note=plan.note),
            )
        for milestone in self.content.milestones:
            self._milestone(milestone)
        for milestone in self.content.milestones:
            self._needs(milestone)
        for event in self.content.occasions:
            place = f"occasion {event.title.en}"
            ProgrammeEvent.objects.create(
                kind=event.kind,
                day=event.day,
                precision=event.precision,
                place=event.place,
                participants=event.participants,
                certain=event.certain,
                track=self._find("tracks", event.track, place) if event.track else None,
                source=self._source(event.source, place),
                **pairs(title=event.title, text=event.text),
            )

    def _milestone(self, entry: MilestoneEntry) -> None:
        place = f"milestone {entry.slug}"
        milestone = Milestone.objects.create(
            slug=entry.slug,
            project=self._find("projects", entry.project, place) if entry.project else None,
            duration_days=entry.duration_days,
            source=self._source(entry.source, place),
            **pairs(title=entry.title, text=entry.text),
        )
        self.known.setdefault("milestones", {})[entry.slug] = milestone
        dates: list[MilestoneDate] = []
        for date in entry.dates:
            row = MilestoneDate(
                milestone=milestone,
                kind=date.kind,
                day=date.day,
                precision=date.precision,
                known_since=date.known_since,
                evidence=entry.evidence if date.kind == "actual" else "",
                **pairs(reason=date.reason),
            )
            _allow(date_fault([other.value for other in dates], row.value, today()), place)
            row.save()
            dates.append(row)

    def _needs(self, entry: MilestoneEntry) -> None:
        milestone = self.known["milestones"][entry.slug]
        for name in entry.needs:
            needed = self._find("milestones", name, f"milestone {entry.slug}")
            since = min(date.known_since for date in entry.dates)
            need = MilestoneNeed(milestone=milestone, needed=needed, since=since)
            need.clean()
            need.save()

    def _open_points(self) -> None:
        for position, entry in enumerate(self.content.discrepancies):
            row = Discrepancy.objects.create(position=position, **pairs(title=entry.title, text=entry.text))
            row.sources.set([self._source(name, f"discrepancy {position}") for name in entry.sources])
        for position, gap in enumerate(self.content.gaps):
            Gap.objects.create(position=position, **pairs(title=gap.title, text=gap.text))


@transaction.atomic
def load_programme(actor: Actor, *, content: ProgrammeContent, steering: SteeringContent | None = None) -> bool:
    """Bring a pack's programme into an empty installation; one that has a programme is left as it is."""
    if Programme.objects.exists():
        return False
    programme = _Loader(content, steering or SteeringContent()).load()
    record(actor, "programme.loaded", programme, after={"projects": len(content.projects)})
    return True
