"""Writes of projects and milestones beyond single rows."""

import datetime as dt
from collections.abc import Mapping

from django.db import transaction

from allmende.accounts.services import Actor, record
from allmende.kernel.clock import today
from allmende.kernel.errors import ErrorCode, Invalid
from allmende.kernel.text import Text
from allmende.programme.models import (
    Decision,
    Milestone,
    MilestoneDate,
    Project,
    ProjectEvent,
    Source,
    TargetImage,
    Weight,
)
from allmende.programme.models.projects import event_fault
from allmende.programme.rules.milestones import date_fault
from allmende.programme.rules.states import FUTURE
from allmende.programme.rules.steering import BAD_WEIGHTS, WHOLE, sound_weights
from allmende.programme.services.words import pairs

UNKNOWN_TARGET = ErrorCode(
    "programme.unknown_target",
    Text("Ein Zielbild „{name}“ gibt es nicht.", "There is no target image “{name}”."),
    Text("Möglich sind: {known}.", "Possible are: {known}."),
)


@transaction.atomic
def change_state(
    actor: Actor,
    *,
    project: Project,
    state: str,
    day: dt.date,
    reason: Text,
    source: Source,
    decision: Decision | None = None,
) -> ProjectEvent:
    """Give a project a new state; refuses what the order of states, the day or the decision forbids."""
    event = ProjectEvent(project=project, state=state, day=day, source=source, decision=decision, **pairs(text=reason))
    if fault := event_fault(event):
        raise Invalid(fault[0], **fault[1])
    event.save()
    after = {"state": state, "day": day.isoformat(), "decision": decision.slug if decision else None}
    record(actor, "programme.project_moved", project, after=after, note=reason.de)
    return event


@transaction.atomic
def set_date(
    actor: Actor,
    *,
    milestone: Milestone,
    kind: str,
    day: dt.date,
    reason: Text | None = None,
    evidence: str = "",
    known_since: dt.date | None = None,
) -> MilestoneDate:
    """Add a date to a milestone; refuses "reached" without evidence and a moved plan without a reason."""
    row = MilestoneDate(
        milestone=milestone,
        kind=kind,
        day=day,
        known_since=known_since or today(),
        evidence=evidence,
        **pairs(reason=reason),
    )
    if fault := date_fault([date.value for date in milestone.dates.all()], row.value, today()):
        raise Invalid(fault[0], **fault[1])
    row.save()
    after = {"kind": kind, "day": day.isoformat(), "evidence": evidence}
    record(actor, "programme.milestone_moved", milestone, after=after, note=reason.de if reason else "")
    return row


@transaction.atomic
def set_weights(actor: Actor, *, project: Project, since: dt.date, weights: Mapping[str, int]) -> None:
    """Say how much of a project serves which target image from a day on; the parts make a whole."""
    if not sound_weights(weights):
        raise Invalid(BAD_WEIGHTS, total=sum(weights.values()), whole=WHOLE)
    if since > today():
        raise Invalid(FUTURE, day=since)
    targets = {target.slug: target for target in TargetImage.objects.all()}
    for name in weights:
        if name not in targets:
            raise Invalid(UNKNOWN_TARGET, name=name, known=", ".join(targets))
    before = {row.target.slug: row.basis_points for row in project.weights.filter(since=since).select_related("target")}
    project.weights.filter(since=since).delete()
    Weight.objects.bulk_create(
        Weight(project=project, target=targets[name], since=since, basis_points=points)
        for name, points in weights.items()
    )
    record(actor, "programme.weights_set", project, before=before, after={**weights, "since": since.isoformat()})
