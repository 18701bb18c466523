"""Tables of the programme: every fact has a day, a precision and a source; what was known is never overwritten."""

from allmende.programme.models.course import (
    Discrepancy,
    Gap,
    Milestone,
    MilestoneDate,
    PlanVersion,
    ProgrammeEvent,
    Track,
)
from allmende.programme.models.facts import Body, Decision, FundingRule, Programme, Source, TargetImage
from allmende.programme.models.projects import Partner, Project, ProjectCount, ProjectEvent, ProjectTarget

__all__ = [
    "Body",
    "Decision",
    "Discrepancy",
    "FundingRule",
    "Gap",
    "Milestone",
    "MilestoneDate",
    "Partner",
    "PlanVersion",
    "Programme",
    "ProgrammeEvent",
    "Project",
    "ProjectCount",
    "ProjectEvent",
    "ProjectTarget",
    "Source",
    "TargetImage",
    "Track",
]
