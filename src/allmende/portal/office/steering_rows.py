"""The tables of steering and strategy in the staff room."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from wagtail.admin.viewsets.model import ModelViewSetGroup

from allmende.portal.office.permissions import AreaPolicy
from allmende.portal.office.rows import OwnRowViewSet, RowViewSet
from allmende.programme import models

ADD_ONLY = frozenset({"add"})
TITLES = ("title_de", "title_en")


class DraftPolicy(AreaPolicy):
    """As the area says, but what belongs to an adopted version of the strategy stays."""

    def user_has_permission_for_instance(self, user: Any, action: str, instance: Any) -> bool:
        """Tell whether a person may do this to one row."""
        adopted = version_of(instance).adopted is not None
        return (action == "view" or not adopted) and super().user_has_permission_for_instance(user, action, instance)


def version_of(row: Any) -> models.StrategyVersion:
    """Give the version to which a part of the strategy belongs."""
    if isinstance(row, models.StrategyStatement):
        return row.section.version
    return row if isinstance(row, models.StrategyVersion) else row.version


class DraftViewSet(RowViewSet):
    """The pages of a part of the strategy."""

    def policy(self) -> AreaPolicy:
        """Keep what is adopted."""
        return DraftPolicy(self.model, self.area, self.deeds)


class StrategyVersions(DraftViewSet):
    """Versions of the strategy."""

    model = models.StrategyVersion
    name = "strategiefassungen"
    icon = "doc-full"
    list_display = ("title_de", "number", "adopted", "decision")
    search_fields = TITLES


class StrategySections(DraftViewSet):
    """Sections of the strategy."""

    model = models.StrategySection
    name = "strategieabschnitte"
    icon = "list-ol"
    list_display = ("title_de", "version", "number", "position")
    list_filter = ("version",)
    search_fields = TITLES


class StrategyStatements(DraftViewSet):
    """Statements of the strategy."""

    model = models.StrategyStatement
    name = "strategieaussagen"
    icon = "pilcrow"
    list_display = ("__str__", "section", "position", "indicators")
    list_filter = ("section__version",)
    search_fields = ("text_de", "text_en")


class Goals(RowViewSet):
    """Goals under the target images."""

    model = models.Goal
    name = "ziele"
    icon = "pick"
    list_display = ("title_de", "target", "since", "until")
    list_filter = ("target",)
    search_fields = (*TITLES, "text_de")


class Measures(RowViewSet):
    """The funder's measures."""

    model = models.Measure
    name = "massnahmen"
    icon = "clipboard-list"
    list_display = ("title_de", "number", "source")
    search_fields = (*TITLES, "number")


class MeasureProjects(RowViewSet):
    """Which project belongs to which measure."""

    model = models.MeasureProject
    name = "massnahmen-projekte"
    icon = "link"
    list_display = ("__str__", "measure", "project", "since", "until", "certain")
    list_filter = ("measure", "project")
    search_fields = ("measure__title_de", "project__title_de")


class Dependencies(RowViewSet):
    """How projects play together."""

    model = models.Dependency
    name = "zusammenspiel"
    icon = "link"
    list_display = ("__str__", "project", "kind", "other", "since", "until")
    list_filter = ("kind",)
    search_fields = ("text_de", "project__title_de", "other__title_de")


class Risks(OwnRowViewSet):
    """Risks."""

    model = models.Risk
    name = "risiken"
    icon = "warning"
    list_display = ("title_de", "project", "owner_de")
    list_filter = ("project",)
    search_fields = (*TITLES, "text_de")


class RiskEstimates(OwnRowViewSet):
    """Estimates of risks; a new estimate is a new row."""

    model = models.RiskEstimate
    deeds = ADD_ONLY
    name = "risikoeinschaetzungen"
    icon = "history"
    list_display = ("__str__", "risk", "day", "state", "probability", "impact")
    list_filter = ("risk", "state")
    search_fields = ("risk__title_de",)
    ordering = ("-day",)


class Conditions(RowViewSet):
    """Conditions."""

    model = models.Condition
    name = "bedingungen"
    icon = "check"
    list_display = ("title_de", "since", "source")
    search_fields = (*TITLES, "text_de")


class ConditionFindings(RowViewSet):
    """What is known about conditions; a new finding is a new row."""

    model = models.ConditionFinding
    deeds = ADD_ONLY
    name = "bedingungen-stand"
    icon = "history"
    list_display = ("__str__", "condition", "day", "state", "evidence")
    list_filter = ("condition", "state")
    search_fields = ("condition__title_de", "text_de", "evidence")
    ordering = ("-day",)


class Weights(RowViewSet):
    """Weights of contributions; they are entered together on a page of their own."""

    model = models.Weight
    deeds: frozenset[str] = frozenset()
    name = "gewichte"
    icon = "pick"
    list_display = ("__str__", "project", "target", "since", "basis_points")
    list_filter = ("project", "target")
    search_fields = ("project__title_de",)


class SteeringGroup(ModelViewSetGroup):  # type: ignore[misc]
    """How the programme is steered."""

    menu_label = _("Steuerung")
    menu_icon = "tasks"
    menu_order = 105
    items = (
        *(Risks, RiskEstimates, Conditions, ConditionFindings, Dependencies, Goals, Weights),
        *(Measures, MeasureProjects, StrategyVersions, StrategySections, StrategyStatements),
    )
