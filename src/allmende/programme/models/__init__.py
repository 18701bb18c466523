"""Tables of the programme: every fact has a day, a precision and a source; what was known is never overwritten."""

from allmende.programme.models.course import (
    Discrepancy,
    Gap,
    Milestone,
    MilestoneDate,
    MilestoneNeed,
    PlanVersion,
    ProgrammeEvent,
    Track,
)
from allmende.programme.models.facts import Body, Decision, FundingRule, Programme, Source, TargetImage
from allmende.programme.models.projects import Partner, Project, ProjectCount, ProjectEvent, ProjectTarget
from allmende.programme.models.reminders import Reminding
from allmende.programme.models.steering import (
    Condition,
    ConditionFinding,
    Dependency,
    Goal,
    Measure,
    MeasureProject,
    Risk,
    RiskEstimate,
    Weight,
)
from allmende.programme.models.strategy import StrategySection, StrategyStatement, StrategyVersion

__all__ = [
    "Body",
    "Condition",
    "ConditionFinding",
    "Decision",
    "Dependency",
    "Discrepancy",
    "FundingRule",
    "Gap",
    "Goal",
    "Measure",
    "MeasureProject",
    "Milestone",
    "MilestoneDate",
    "MilestoneNeed",
    "Partner",
    "PlanVersion",
    "Programme",
    "ProgrammeEvent",
    "Project",
    "ProjectCount",
    "ProjectEvent",
    "ProjectTarget",
    "Reminding",
    "Risk",
    "RiskEstimate",
    "Source",
    "StrategySection",
    "StrategyStatement",
    "StrategyVersion",
    "TargetImage",
    "Track",
    "Weight",
]
