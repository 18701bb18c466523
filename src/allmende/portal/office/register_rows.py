"""The tables of data ethics and of the catalogue in the staff room."""

from typing import Any

from django.db.models import F, Max, OuterRef, QuerySet, Subquery
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel
from wagtail.admin.ui.tables import Column
from wagtail.admin.viewsets.model import ModelViewSetGroup
from wagtail.admin.widgets.button import Button

from allmende.accounts.models import AuditEntry
from allmende.accounts.queries import subject_of
from allmende.catalog.door import gate
from allmende.catalog.models import Dataset, Licence
from allmende.portal.office.forms import CategoryForm, NewRuleForm, RuleForm
from allmende.portal.office.rows import RowCreate, RowEdit, RowHistory, RowList, RowViewSet
from allmende.portal.office.sheet_forms import DataUseForm, NewDataUseForm
from allmende.portal.office.trail import Written, written
from allmende.register.models import Algorithm, Category, DataUse, Principle, Purpose, RecipientClass, Rule
from allmende.register.queries import versions
from allmende.register.services import edit_rule
from allmende.register.sheets import save_sheet

TITLES = ("title_de", "title_en")


class Principles(RowViewSet):
    """Sentences to which the city binds itself."""

    model = Principle
    area = "register"
    name = "grundsaetze"
    icon = "openquote"
    list_display = ("title_de", "position", "source")
    search_fields = (*TITLES, "text_de")


class Purposes(RowViewSet):
    """The tree of purposes."""

    model = Purpose
    area = "register"
    name = "zwecke"
    icon = "pick"
    list_display = ("title_de", "slug", "parent", "dpv")
    list_filter = ("parent",)
    search_fields = (*TITLES, "slug", "description_de")


class Categories(RowViewSet):
    """Kinds of data."""

    model = Category
    area = "register"
    name = "datenkategorien"
    icon = "tag"
    list_display = ("title_de", "slug", "personal")
    list_filter = ("personal",)
    search_fields = (*TITLES, "slug")

    def get_form_class(self, for_update: bool = False) -> type[CategoryForm]:
        """Give the form whose list is boxes to tick."""
        return CategoryForm

    @cached_property
    def panels(self) -> list[FieldPanel]:
        """Show the category as one form."""
        return []

    def get_edit_handler(self) -> Any:
        """Give none: the form stands for itself."""
        return None


class Recipients(RowViewSet):
    """Classes of those who get data."""

    model = RecipientClass
    area = "register"
    name = "empfaengerkreise"
    icon = "group"
    list_display = ("title_de", "slug")
    search_fields = (*TITLES, "slug")


class DataUseList(RowList):
    """Data sheets with the way to their steps."""

    def get_list_more_buttons(self, instance: Any) -> list[Any]:
        """Offer the steps of its life besides."""
        address = reverse("office:data-use", args=(instance.slug,))
        steps = Button(_("Verlauf und Schritte"), url=address, icon_name="resubmit", priority=5)
        return [*super().get_list_more_buttons(instance), steps]


class DataUseCreate(RowCreate):
    """Adds a data use as an idea."""

    def save_instance(self) -> Any:
        """Save, and tell the gate."""
        return save_sheet(self.request.user, gate=gate(), form=self.form)

    def get_success_url(self) -> str:
        """Go on to the steps of its life."""
        return reverse("office:data-use", args=(self.object.slug,))


class DataUseEdit(RowEdit):
    """Changes a data sheet; what was decided stands."""

    def save_instance(self) -> Any:
        """Save, and tell the gate."""
        return save_sheet(self.request.user, gate=gate(), form=self.form)


class DataUses(RowViewSet):
    """Data sheets; one with a past is ended, not deleted."""

    model = DataUse
    area = "register"
    name = "datennutzungen"
    icon = "doc-full"
    deeds = frozenset({"add", "change"})
    index_view_class = DataUseList
    add_view_class = DataUseCreate
    edit_view_class = DataUseEdit
    list_display = ("title_de", "state", "purpose", "category", "responsible_de", "since", "until")
    list_filter = ("state", "purpose", "category")
    search_fields = (*TITLES, "slug", "what_de")

    def get_form_class(self, for_update: bool = False) -> type[DataUseForm]:
        """Give the form with the screening; the short name is chosen once."""
        return DataUseForm if for_update else NewDataUseForm

    @cached_property
    def panels(self) -> list[FieldPanel]:
        """Show the sheet as one long form."""
        return []

    def get_edit_handler(self) -> Any:
        """Give none: the form stands for itself."""
        return None


class Algorithms(RowViewSet):
    """Sheets about algorithms."""

    model = Algorithm
    area = "register"
    name = "algorithmen"
    icon = "cogs"
    list_display = ("title_de", "responsible_de", "autonomy", "since", "until")
    list_filter = ("autonomy",)
    search_fields = (*TITLES, "slug", "purpose_de")


class RuleList(RowList):
    """Each rule once, in its newest version."""

    def get_base_queryset(self) -> QuerySet[Rule]:
        """Leave older versions to the history."""
        newest = Rule.objects.filter(slug=OuterRef("slug")).order_by().values("slug")
        last = Subquery(newest.annotate(last=Max("version")).values("last"))
        return Rule.objects.annotate(last_version=last).filter(version=F("last_version"))


class RuleCreate(RowCreate):
    """Adds a rule as a draft."""

    def save_instance(self) -> Rule:
        """Keep the first version."""
        return edit_rule(self.request.user, rule=self.form.instance)


class RuleEdit(RowEdit):
    """Edits a rule: a draft in place, a published version as the next version."""

    def get_object(self, queryset: Any = None) -> Rule:
        """Give the newest version, whichever was asked for."""
        return versions(super().get_object(queryset).slug)[0]

    def save_instance(self) -> Rule:
        """Keep the draft, if anything differs."""
        return edit_rule(self.request.user, rule=self.form.instance) if self.form.has_changed() else self.object


class RuleHistory(RowHistory):
    """Shows the writes of all versions of a rule."""

    def entries(self) -> list[Written]:
        """Give the writes of every version, newest first."""
        subjects = [subject_of(version) for version in versions(self.object.slug)]
        return [written(entry, Rule) for entry in AuditEntry.objects.filter(subject__in=subjects)]


class Rules(RowViewSet):
    """Rules; a change makes a draft that somebody else publishes."""

    model = Rule
    area = "register"
    deeds = frozenset({"add", "change"})
    index_view_class = RuleList
    add_view_class = RuleCreate
    edit_view_class = RuleEdit
    history_view_class = RuleHistory
    name = "regeln"
    icon = "lock"
    list_display = (
        *("title_de", "slug", "version", "effect"),
        Column("published_in", label=_("In Kraft seit Regelwerk")),
        *("withdrawn", "since", "until"),
    )
    list_filter = ("effect", "withdrawn")
    search_fields = (*TITLES, "slug", "source", "decision")

    def get_form_class(self, for_update: bool = False) -> type[RuleForm]:
        """Give the form whose lists are boxes to tick; the short name is chosen once."""
        return RuleForm if for_update else NewRuleForm

    @cached_property
    def panels(self) -> list[FieldPanel]:
        """Show the rule as one long form."""
        return []

    def get_edit_handler(self) -> Any:
        """Give none: the form stands for itself."""
        return None


class Datasets(RowViewSet):
    """Datasets."""

    model = Dataset
    area = "catalog"
    name = "datensaetze"
    icon = "table"
    list_display = ("title_de", "publisher", "licence", "simulated")
    list_filter = ("licence", "simulated")
    search_fields = (*TITLES, "slug", "publisher")


class Licences(RowViewSet):
    """Licences."""

    model = Licence
    area = "catalog"
    name = "lizenzen"
    icon = "key"
    list_display = ("title", "slug", "url")
    search_fields = ("title", "slug")


class RegisterGroup(ModelViewSetGroup):  # type: ignore[misc]
    """Data ethics."""

    menu_label = _("Datenethik")
    menu_icon = "lock"
    menu_order = 200
    items = (Rules, Purposes, Categories, Recipients, DataUses, Algorithms, Principles)


class CatalogueGroup(ModelViewSetGroup):  # type: ignore[misc]
    """Datasets and licences."""

    menu_label = _("Katalog")
    menu_icon = "table"
    menu_order = 300
    items = (Datasets, Licences)
