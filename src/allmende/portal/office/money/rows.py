"""The tables behind the money that staff fill row by row; what was known is never overwritten."""

from django.utils.translation import gettext_lazy as _
from wagtail.admin.viewsets.model import ModelViewSetGroup

from allmende.money import models
from allmende.portal.office.rows import RowViewSet

ADD_ONLY = frozenset({"add"})


class Awards(RowViewSet):
    """Awards."""

    model = models.Award
    area = "grants"
    deeds = ADD_ONLY
    name = "zuwendungen"
    icon = "doc-full"
    list_display = ("title_de", "funder", "phase", "awarded")


class Terms(RowViewSet):
    """Terms of awards; changed terms are a new row."""

    model = models.AwardTerms
    area = "grants"
    deeds = ADD_ONLY
    name = "foerderbedingungen"
    icon = "clipboard-list"
    list_display = ("award", "known_since", "start", "end", "ceiling_cents", "reason")


class CostTypes(RowViewSet):
    """Kinds of cost."""

    model = models.CostType
    area = "grants"
    deeds = ADD_ONLY
    name = "kostenarten"
    icon = "list-ul"
    list_display = ("title_de", "slug", "position")


class FundingSources(RowViewSet):
    """Who gives money."""

    model = models.FundingSource
    area = "grants"
    deeds = ADD_ONLY
    name = "mittelgeber"
    icon = "group"
    list_display = ("title_de", "slug", "kind", "public")


class Commitments(RowViewSet):
    """Orders and contracts."""

    model = models.Commitment
    area = "grants"
    deeds = ADD_ONLY
    name = "festlegungen"
    icon = "lock"
    list_display = ("__str__", "project", "signed", "until", "cents", "known_since")
    list_filter = ("project",)
    search_fields = ("number", "title")


class Forecasts(RowViewSet):
    """What is expected."""

    model = models.Forecast
    area = "grants"
    deeds = ADD_ONLY
    name = "prognosen"
    icon = "view"
    list_display = ("project", "year", "cents", "known_since", "reason")
    list_filter = ("project", "year")


class RunningCosts(RowViewSet):
    """Cost after the programme."""

    model = models.RunningCost
    area = "grants"
    deeds = ADD_ONLY
    name = "folgekosten"
    icon = "history"
    list_display = ("project", "yearly_cents", "since", "owner_de", "known_since")


class Hours(RowViewSet):
    """Own work."""

    model = models.WorkHours
    area = "grants"
    deeds = ADD_ONLY
    name = "arbeitsstunden"
    icon = "user"
    list_display = ("project", "year", "hours", "people", "known_since")


class BaseRates(RowViewSet):
    """Base rates that came after this version."""

    model = models.BaseRate
    area = "grants"
    deeds = frozenset({"add", "change"})
    name = "basiszinssaetze"
    icon = "table"
    list_display = ("__str__", "source")


class MoneyGroup(ModelViewSetGroup):  # type: ignore[misc]
    """What the money stands on."""

    menu_label = _("Geld: Grundlagen")
    menu_icon = "tablet-alt"
    menu_order = 106
    items = (Commitments, Forecasts, RunningCosts, Hours, Awards, Terms, CostTypes, FundingSources, BaseRates)
