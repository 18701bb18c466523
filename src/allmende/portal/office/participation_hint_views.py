"""The hint of moderation in the staff room: beside the queue, and a page that says what it is worth and switches it."""

from collections.abc import Sequence
from typing import Any

import msgspec
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from allmende.accounts.rules import may_write
from allmende.kernel.clock import utc_now
from allmende.participation import hint_queries
from allmende.participation.methods.hints import LEAST, LEAST_AUC, LEAST_PRECISION, LIMIT
from allmende.participation.models import Case
from allmende.participation.services import hints
from allmende.portal.office.frame import page
from allmende.portal.office.participation_door import refused
from allmende.portal.office.participation_views import AREA, ICON
from allmende.portal.office.permissions import person_of, reads, roles_of

# So many cases are listed, and so many looked through for those that the hint points to.
LISTED, SEARCHED = 100, 500
HINTED_FIRST = "hinweise"


class Queue(msgspec.Struct, frozen=True):
    """The cases that are listed, each with its hint if there is one; whether hinted ones come first."""

    rows: list[tuple[Case, float | None]]
    state: hint_queries.State
    hinted_first: bool

    @property
    def first(self) -> Case | None:
        """Give the case that comes next."""
        return self.rows[0][0] if self.rows else None


def queue(request: HttpRequest, waiting: QuerySet[Case]) -> Queue:
    """Give the queue in the order in which somebody wants to work; without hints it is that of the waiting cases."""
    state = hint_queries.standing().state
    wanted = state == "works" and request.GET.get("folge") == HINTED_FIRST
    rows = list(waiting[: SEARCHED if wanted else LISTED])
    found = _hints(request, rows) if state == "works" else {}
    if wanted:
        rows.sort(key=lambda case: -found.get(case.pk, 0.0))
    return Queue([(case, found.get(case.pk)) for case in rows[:LISTED]], state, wanted)


def hint_of(request: HttpRequest, case: Case | None) -> float | None:
    """Give the hint to one case."""
    return _hints(request, [case]).get(case.pk) if case else None


def _hints(request: HttpRequest, rows: Sequence[Case]) -> dict[int, float]:
    """Give the hints to cases whose texts the staff may work with for the purpose of their process."""
    purposes = {case.process.purpose_slug for case in rows}
    allowed = {purpose for purpose in purposes if refused(request, purpose) is None}
    return hint_queries.hints(case for case in rows if case.process.purpose_slug in allowed)


@reads(AREA)
def hint_page(request: HttpRequest) -> HttpResponseBase:
    """Say what the hint learned from and how good it is, or why there is none; switch it."""
    if request.method == "POST":
        wanted = request.POST.get("to") == "on"
        hints.switch(person_of(request), wanted=wanted, now=utc_now())
        messages.success(
            request,
            gettext("Eingeschaltet; gelernt wird innerhalb einer Viertelstunde.")
            if wanted
            else gettext("Abgeschaltet; was gelernt war, ist gelöscht."),
        )
        return redirect("office:participation-hints")
    return page(
        request,
        "participation_hints",
        _("Hinweise für die Moderation"),
        icon=ICON,
        back=(reverse("office:participation-cases"), _("Moderation")),
        may_change=may_write(roles_of(request.user), AREA),
        **standing_values(),
    )


def standing_values() -> dict[str, Any]:
    """Give what pages say of the hint."""
    return {
        "hint": hint_queries.standing(),
        "least": LEAST,
        "limit": LIMIT,
        "least_auc": LEAST_AUC,
        "least_precision": LEAST_PRECISION,
    }
