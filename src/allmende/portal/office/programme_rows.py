"""The programme's tables in the staff room."""

from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from wagtail.admin.viewsets.model import ModelViewSetGroup
from wagtail.admin.widgets.button import Button

from allmende.accounts.models import Person
from allmende.accounts.rules import may_write
from allmende.portal.office.permissions import roles_of
from allmende.portal.office.rows import OwnRowViewSet, RowEdit, RowList, RowViewSet
from allmende.programme import models

# What was published or known on a day is never overwritten: a correction is a new row.
ADD_ONLY = frozenset({"add"})
TITLES = ("title_de", "title_en")


class ProjectEdit(RowEdit):
    """Changes a project; who leads it does not choose its leads."""

    def get_form(self, form_class: Any = None) -> Any:
        """Leave the leads to the programme office, who chooses among people of that role."""
        form = super().get_form(form_class)
        if may_write(roles_of(self.request.user), "programme"):
            leads = form.fields["leads"]
            leads.queryset = Person.objects.filter(Q(groups__name="lead") | Q(projects=self.object.pk)).distinct()
            leads.help_text = _("zur Wahl steht, wer die Rolle Projektleitung hat")
        else:
            form.fields.pop("leads", None)
        return form


class ProjectList(RowList):
    """The list of projects, from which one comes to their weights."""

    def get_list_more_buttons(self, instance: Any) -> list[Any]:
        """Offer the weights to who may change the project."""
        buttons = super().get_list_more_buttons(instance)
        if not self.user_has_permission_for_instance("change", instance):
            return list(buttons)
        address = reverse("office:weights", args=[instance.slug])
        return [*buttons, Button(_("Gewichte der Beiträge"), url=address, icon_name="pick", priority=26)]


class Projects(OwnRowViewSet):
    """Projects."""

    model = models.Project
    adds = False
    index_view_class = ProjectList
    edit_view_class = ProjectEdit
    name = "projekte"
    icon = "folder-open-inverse"
    list_display = ("title_de", "standing", "position", "contact_de")
    list_filter = ("standing",)
    search_fields = (*TITLES, "sentence_de", "purpose_de", "slug")


class ProjectEvents(OwnRowViewSet):
    """What happened to projects."""

    model = models.ProjectEvent
    name = "projektereignisse"
    icon = "calendar-check"
    list_display = ("__str__", "project", "day", "precision", "state", "certain")
    list_filter = ("project", "state", "certain")
    search_fields = ("text_de", "text_en", "project__title_de")
    ordering = ("-day",)


class ProjectTargets(OwnRowViewSet):
    """Which project serves which target image."""

    model = models.ProjectTarget
    name = "beitraege"
    icon = "link"
    list_display = ("__str__", "project", "target", "stated")
    list_filter = ("project", "target", "stated")
    search_fields = ("project__title_de", "target__title_de")


class Partners(OwnRowViewSet):
    """Who takes part in projects."""

    model = models.Partner
    name = "beteiligte"
    icon = "group"
    list_display = ("name", "project", "role_de")
    list_filter = ("project",)
    search_fields = ("name", "role_de", "role_en")


class Milestones(OwnRowViewSet):
    """Milestones."""

    model = models.Milestone
    name = "meilensteine"
    icon = "tick-inverse"
    list_display = ("title_de", "project", "duration_days")
    list_filter = ("project",)
    search_fields = (*TITLES, "text_de", "slug")


class MilestoneDates(OwnRowViewSet):
    """Dates of milestones; a moved date is a new row."""

    model = models.MilestoneDate
    deeds = ADD_ONLY
    name = "meilensteindaten"
    icon = "date"
    list_display = ("milestone", "kind", "day", "precision", "known_since", "reason_de", "evidence")
    list_filter = ("milestone", "kind")
    search_fields = ("milestone__title_de", "reason_de")
    ordering = ("-known_since",)


class MilestoneNeeds(OwnRowViewSet):
    """Which milestone waits for which."""

    model = models.MilestoneNeed
    name = "meilenstein-abhaengigkeiten"
    icon = "link"
    list_display = ("__str__", "milestone", "needed", "since")
    list_filter = ("milestone",)
    search_fields = ("milestone__title_de", "needed__title_de")


class PlanVersions(RowViewSet):
    """Finance plans; a new plan is a new row."""

    model = models.PlanVersion
    deeds = ADD_ONLY
    name = "planfassungen"
    icon = "list-ol"
    list_display = ("title_de", "day", "precision", "total_cents", "federal_cents", "own_cents", "rounding")
    list_filter = ("rounding",)
    search_fields = (*TITLES, "slug")


class Decisions(RowViewSet):
    """Decisions."""

    model = models.Decision
    name = "beschluesse"
    icon = "tick"
    list_display = ("title_de", "body", "day", "paper")
    list_filter = ("body",)
    search_fields = (*TITLES, "text_de", "paper")


class ProgrammeEvents(RowViewSet):
    """Participation, work, exchange."""

    model = models.ProgrammeEvent
    name = "veranstaltungen"
    icon = "calendar-alt"
    list_display = ("title_de", "kind", "day", "precision", "place", "participants", "certain")
    list_filter = ("kind", "track", "certain")
    search_fields = (*TITLES, "text_de", "place")
    ordering = ("-day",)


class TargetImages(RowViewSet):
    """Target images."""

    model = models.TargetImage
    name = "zielbilder"
    icon = "pick"
    list_display = ("title_de", "position", "source")
    search_fields = (*TITLES, "text_de")


class Programmes(RowViewSet):
    """What the whole programme is."""

    model = models.Programme
    deeds = frozenset({"change"})
    name = "programm"
    icon = "home"
    list_display = ("title_de", "city", "awarded")
    search_fields = TITLES


class FundingRules(RowViewSet):
    """Rules of the funding scheme."""

    model = models.FundingRule
    name = "foerderregeln"
    icon = "clipboard-list"
    list_display = ("title_de", "position", "source")
    search_fields = (*TITLES, "text_de")


class Bodies(RowViewSet):
    """Who decides or advises."""

    model = models.Body
    name = "gremien"
    icon = "group"
    list_display = ("title_de", "slug")
    search_fields = (*TITLES, "role_de")


class Tracks(RowViewSet):
    """Strands of the strategy phase."""

    model = models.Track
    name = "straenge"
    icon = "list-ul"
    list_display = ("title_de", "position", "source")
    search_fields = (*TITLES, "text_de")


class Sources(RowViewSet):
    """Where facts stand."""

    model = models.Source
    name = "quellen"
    icon = "doc-full"
    list_display = ("title", "publisher", "day", "url")
    list_filter = ("publisher",)
    search_fields = ("title", "publisher", "url", "slug")


class ProjectCounts(RowViewSet):
    """How many projects a source counted."""

    model = models.ProjectCount
    deeds = ADD_ONLY
    name = "projektzahlen"
    icon = "table"
    list_display = ("__str__", "day", "label", "count", "source")
    search_fields = ("label", "text_de")


class Discrepancies(RowViewSet):
    """Sources that differ."""

    model = models.Discrepancy
    name = "abweichungen"
    icon = "warning"
    list_display = ("title_de", "position")
    search_fields = (*TITLES, "text_de")


class Gaps(RowViewSet):
    """What is not known."""

    model = models.Gap
    name = "luecken"
    icon = "help"
    list_display = ("title_de", "position")
    search_fields = (*TITLES, "text_de")


class ProgrammeGroup(ModelViewSetGroup):  # type: ignore[misc]
    """What the office works with every week."""

    menu_label = _("Programm")
    menu_icon = "folder-open-inverse"
    menu_order = 100
    items = (
        *(Projects, ProjectEvents, ProjectTargets, Partners, Milestones, MilestoneDates, MilestoneNeeds),
        *(PlanVersions, Decisions, ProgrammeEvents),
    )


class GroundGroup(ModelViewSetGroup):  # type: ignore[misc]
    """What the programme stands on."""

    menu_label = _("Grundlagen")
    menu_icon = "doc-full"
    menu_order = 110
    items = (Programmes, TargetImages, FundingRules, Bodies, Tracks, Sources, ProjectCounts, Discrepancies, Gaps)
