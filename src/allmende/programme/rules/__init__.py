"""Decisions about the programme on plain values."""

from allmende.programme.rules.facts import (
    OVER,
    PROOF_A_MONTHS,
    PROOF_B_MONTHS,
    Happening,
    exact_shares,
    months_later,
    state_on,
)
from allmende.programme.rules.milestones import Dated, MilestoneState, MilestoneView, milestone_on

__all__ = [
    "OVER",
    "PROOF_A_MONTHS",
    "PROOF_B_MONTHS",
    "Dated",
    "Happening",
    "MilestoneState",
    "MilestoneView",
    "exact_shares",
    "milestone_on",
    "months_later",
    "state_on",
]
