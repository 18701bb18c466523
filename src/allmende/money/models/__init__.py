"""Tables of money: rows come and stay, each with the day since which it was known; a correction is a new row."""

from allmende.money.models.bookings import (
    Booking,
    BookingCount,
    Commitment,
    Forecast,
    ImportRun,
    Invoice,
    OpenInvoice,
    RunningCost,
    WorkHours,
)
from allmende.money.models.claims import (
    DrawDown,
    DrawDownLine,
    DrawDownShare,
    Payment,
    PreparedDrawDown,
    PreparedLine,
    Proof,
    Scenario,
)
from allmende.money.models.grants import Award, AwardTerms, BaseRate, CostType, FundingSource
from allmende.money.models.plans import Plan, PlanPosition

__all__ = [
    "Award",
    "AwardTerms",
    "BaseRate",
    "Booking",
    "BookingCount",
    "Commitment",
    "CostType",
    "DrawDown",
    "DrawDownLine",
    "DrawDownShare",
    "Forecast",
    "FundingSource",
    "ImportRun",
    "Invoice",
    "OpenInvoice",
    "Payment",
    "Plan",
    "PlanPosition",
    "PreparedDrawDown",
    "PreparedLine",
    "Proof",
    "RunningCost",
    "Scenario",
    "WorkHours",
]
