"""The pages of one table: list, form, history; every write goes through the accounts' one place for saving."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.forms import CheckboxSelectMultiple, HiddenInput, IntegerField
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.views.generic import TemplateView
from wagtail.admin.panels import FieldPanel
from wagtail.admin.ui.components import MediaContainer
from wagtail.admin.ui.tables import Column
from wagtail.admin.views import generic
from wagtail.admin.views.generic.permissions import PermissionCheckedMixin
from wagtail.admin.viewsets.model import ModelViewSet
from wagtail.admin.widgets.button import Button, HeaderButton
from wagtail.permissions import register_permission_policy

from allmende.accounts.changes import delete_row, save_form, snapshot, undo_change, version_of
from allmende.accounts.queries import history_of
from allmende.accounts.rules import may_write
from allmende.kernel.errors import AllmendeError, Conflict
from allmende.kernel.ids import number_of
from allmende.kernel.text import Text
from allmende.portal.office import columns
from allmende.portal.office.frame import tell, told
from allmende.portal.office.permissions import WRITING, AreaPolicy, OwnPolicy, only_leads, person_of, roles_of
from allmende.portal.office.purposes import PURPOSES
from allmende.portal.office.trail import Written, written
from allmende.programme import models

# The way from a row to the leads of its project.
OWN_PATHS: dict[Any, str] = {
    models.Project: "leads",
    models.ProjectEvent: "project__leads",
    models.ProjectTarget: "project__leads",
    models.Partner: "project__leads",
    models.Milestone: "project__leads",
    models.MilestoneDate: "milestone__project__leads",
    models.MilestoneNeed: "milestone__project__leads",
    models.Risk: "project__leads",
    models.RiskEstimate: "risk__project__leads",
}


def _readable(field: Any, value: Any) -> str:
    """Write a form's value as people read it: choices by their names."""
    choices = {str(key): str(name) for key, name in getattr(field.field, "choices", [])}
    values = value if isinstance(value, list | tuple) else [value]
    plain = [getattr(one, "pk", one) for one in values]
    return ", ".join(choices.get(str(one), "" if one is None else str(one)) for one in plain)


class RowList(generic.IndexView):  # type: ignore[misc]
    """A list with search, filters and CSV; who may not change a row sees it."""

    template_name = "office/rows.html"
    history_url_name: str = ""

    @property
    def purpose(self) -> Text | None:
        """Say what the table is for."""
        return PURPOSES.get(self.model._meta.label_lower)

    def get_base_queryset(self) -> Any:
        """Give the rows that this person may see."""
        rows, policy = super().get_base_queryset(), self.permission_policy
        if isinstance(policy, OwnPolicy) and only_leads(self.request.user):
            return rows.filter(pk__in=policy.own_rows(self.request.user).values("pk"))
        return rows

    def _get_custom_column(self, field_name: str, column_class: Any = Column, **kwargs: Any) -> Any:
        """Show the field of the page's language, as people read it; Wagtail has no public door for that."""
        name = columns.in_language(self.model, field_name)
        column = super()._get_custom_column(name, column_class, **kwargs)
        column.label = columns.heading(str(column.label), name)
        if isinstance(column.accessor, str) and column.accessor != "__str__":
            column.accessor = lambda row: columns.words_of(row, name)
        return column

    def get_edit_url(self, instance: Any) -> str | None:
        """Lead to the form of a row that this person may change."""
        allowed = self.user_has_permission_for_instance("change", instance)
        return super().get_edit_url(instance) if allowed else None

    def get_list_more_buttons(self, instance: Any) -> list[Any]:
        """Offer the row's history besides."""
        address = reverse(self.history_url_name, args=(instance.pk,))
        history = Button(_("Verlauf"), url=address, icon_name="history", priority=25)
        return [*super().get_list_more_buttons(instance), history]


def narrow(form: Any, policy: Any, user: Any) -> Any:
    """Offer a lead only their own projects and what belongs to them; the office is offered all."""
    if not isinstance(policy, OwnPolicy) or may_write(roles_of(user), policy.area):
        return form
    for field in form.fields.values():
        path = OWN_PATHS.get(getattr(getattr(field, "queryset", None), "model", None))
        if path is not None:
            field.queryset = field.queryset.filter(**{path: user.pk}).distinct()
            field.required = True
    return form


class RowCreate(generic.CreateView):  # type: ignore[misc]
    """Adds a row with its audit entry."""

    def get_form(self, form_class: Any = None) -> Any:
        """Narrow the choices of a project lead."""
        return columns.with_amounts(narrow(super().get_form(form_class), self.permission_policy, self.request.user))

    def get_initial(self) -> dict[str, Any]:
        """Begin with what the address names, such as the section to which a statement is added."""
        return {**super().get_initial(), **self.request.GET.dict()}

    def save_instance(self) -> Any:
        """Save in one transaction with the entry."""
        return save_form(self.request.user, form=self.form)

    def get_success_buttons(self) -> Any:
        """Lead to the form of the new row, where rows may be changed."""
        return super().get_success_buttons() if self.edit_url_name else []


class RowEdit(generic.EditView):  # type: ignore[misc]
    """Changes a row with its audit entry; who was overtaken by somebody else sees both versions and loses nothing."""

    template_name = "office/row_edit.html"

    def get_form(self, form_class: Any = None) -> Any:
        """Narrow the choices of a project lead, and keep which version of the row the form shows."""
        form = columns.with_amounts(narrow(super().get_form(form_class), self.permission_policy, self.request.user))
        form.fields["seen"] = IntegerField(required=False, widget=HiddenInput, initial=version_of(self.object))
        return form

    def form_valid(self, form: Any) -> HttpResponse:
        """Save, or show what somebody else saved meanwhile beside what is about to be saved."""
        try:
            answer: HttpResponse = super().form_valid(form)
        except Conflict as error:
            return self._clash(form, error)
        return answer

    def _clash(self, form: Any, error: Conflict) -> HttpResponse:
        stored = self.model._default_manager.get(pk=self.object.pk)
        theirs = snapshot(stored)
        shown = self.get_form_class()(instance=stored)
        pairs = [
            (form[name].label, _readable(shown[name], shown[name].initial), _readable(form[name], form[name].value()))
            for name in form.changed_data
            if name in theirs
        ]
        form.data = form.data.copy()
        form.data["seen"] = version_of(stored)
        different = [pair for pair in pairs if pair[1] != pair[2]]
        context = self.get_context_data(form=form, clash=different, clash_words=told(error))
        answer: HttpResponse = self.render_to_response(context, status=409)
        return answer

    def get_object(self, queryset: Any = None) -> Any:
        """Give the row; refuses one that this person may not change."""
        row = super().get_object(queryset)
        if not self.user_has_permission_for_instance("change", row):
            raise PermissionDenied
        return row

    def save_instance(self) -> Any:
        """Save in one transaction with the entry."""
        return save_form(self.request.user, form=self.form, seen=self.form.cleaned_data.get("seen"))

    def get_side_panels(self) -> Any:
        """Give none: Wagtail's own log is not used, the history is a page."""
        return MediaContainer([])


class RowDelete(generic.DeleteView):  # type: ignore[misc]
    """Deletes a row with its audit entry; refuses while others lean on it."""

    def form_valid(self, form: Any) -> HttpResponse:
        """Delete, or say who still needs the row."""
        try:
            delete_row(self.request.user, row=self.object)
        except AllmendeError as error:
            tell(self.request, error)
            return redirect(reverse(self.edit_url_name, args=(self.object.pk,)))
        messages.success(self.request, self.get_success_message())
        return redirect(self.get_success_url())


class RowInspect(generic.InspectView):  # type: ignore[misc]
    """Shows a row to who may not change it."""

    page_title = _("Ansehen")
    history_url_name: str = ""

    def get_object(self, queryset: Any = None) -> Any:
        """Give the row; refuses one that this person may not see."""
        row = super().get_object(queryset)
        if not self.user_has_permission_for_instance("view", row):
            raise PermissionDenied
        return row

    def get_field_label(self, field_name: str, field: Any) -> str:
        """Name a field without its small unit."""
        return columns.without_unit(str(super().get_field_label(field_name, field)), field_name)

    def get_field_display_value(self, field_name: str, field: Any) -> Any:
        """Write a value as people read it."""
        value = columns.in_words(field, super().get_field_display_value(field_name, field))
        return "–" if value in (None, "") else value

    def get_edit_url(self) -> str | None:
        """Lead to the form, if this person may change the row."""
        allowed = self.user_has_permission_for_instance("change", self.object)
        return super().get_edit_url() if allowed else None

    @cached_property
    def header_buttons(self) -> list[Any]:
        """Lead to the history."""
        address = reverse(self.history_url_name, args=(self.object.pk,))
        return [HeaderButton(_("Verlauf"), url=address, icon_name="history")]


class RowHistory(PermissionCheckedMixin, generic.WagtailAdminTemplateMixin, TemplateView):  # type: ignore[misc]
    """Shows who changed what in a row, and when."""

    any_permission_required = ("view",)
    template_name = "office/history.html"
    page_title = _("Verlauf")
    header_icon = "history"
    model: Any = None
    index_url_name = ""
    inspect_url_name = ""
    deeds: Any = WRITING

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        """Find the row."""
        super().setup(request, *args, **kwargs)
        self.object = get_object_or_404(self.model, pk=kwargs["pk"])
        if not self.user_has_permission_for_instance("view", self.object):
            raise PermissionDenied

    def user_may_undo(self) -> bool:
        """Tell whether this person may take a change of this row back."""
        return "change" in self.deeds and self.user_has_permission_for_instance("change", self.object)

    def post(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        """Take one change back."""
        if not self.user_may_undo():
            raise PermissionDenied
        entry = get_object_or_404(history_of(self.object), pk=number_of(request.POST.get("undo", "")))
        try:
            undo_change(person_of(request), row=self.object, entry=entry)
        except AllmendeError as error:
            tell(request, error)
        else:
            messages.success(request, _("Zurückgenommen."))
        return redirect(request.path)

    def get_page_subtitle(self) -> str:
        """Name the row."""
        return str(self.object)

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        """Lead back to the list and the row."""
        row = {"url": reverse(self.inspect_url_name, args=(self.object.pk,)), "label": str(self.object)}
        table = {"url": reverse(self.index_url_name), "label": self.model._meta.verbose_name_plural}
        return [*self.breadcrumbs_items, table, row, {"url": "", "label": self.page_title}]

    def entries(self) -> list[Written]:
        """Give the writes, newest first."""
        return [written(entry, self.model) for entry in history_of(self.object)]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the writes."""
        return {
            **super().get_context_data(**kwargs),
            "object": self.object,
            "entries": self.entries(),
            "undo": self.user_may_undo(),
        }


class RowViewSet(ModelViewSet):  # type: ignore[misc]
    """The pages of one table; subclasses name the area and the columns."""

    area = "programme"
    deeds = WRITING
    index_view_class = RowList
    add_view_class = RowCreate
    edit_view_class = RowEdit
    delete_view_class = RowDelete
    inspect_view_class = RowInspect
    history_view_class = RowHistory
    inspect_view_enabled = True
    copy_view_enabled = False
    add_to_reference_index = False
    sort_order_field = None
    search_backend_name = None
    list_per_page = 50

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        register_permission_policy(self.model, self.policy(), exact_class=True)

    def policy(self) -> AreaPolicy:
        """Say who may do what with these rows."""
        return AreaPolicy(self.model, self.area, self.deeds)

    def get_history_view_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        """Tell the history which deeds these rows allow."""
        return {**super().get_history_view_kwargs(**kwargs), "deeds": self.deeds}

    def get_common_view_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        """Leave out Wagtail's page on usage, and the pages that these deeds do not need."""
        dropped: dict[str, Any] = {"usage_url_name": None}
        if "change" not in self.deeds:
            dropped["edit_url_name"] = None
        if "delete" not in self.deeds:
            dropped["delete_url_name"] = None
        return {**super().get_common_view_kwargs(**kwargs), **dropped}

    def get_urlpatterns(self) -> list[Any]:
        """Open only the pages that lead somewhere."""
        pages = {"edit": "change", "delete": "delete"}
        closed = {name for name, deed in pages.items() if deed not in self.deeds} | {"usage", "history_results"}
        return [pattern for pattern in super().get_urlpatterns() if pattern.name not in closed]

    @cached_property
    def list_export(self) -> list[str]:
        """Export every column of the table."""
        return [field.name for field in self.model._meta.concrete_fields if field.name != "id"]

    @cached_property
    def panels(self) -> list[Any]:
        """Show every field that can be edited, links as boxes to tick."""
        fields = [field.name for field in self.model._meta.concrete_fields if field.editable and not field.primary_key]
        links = [link.name for link in self.model._meta.many_to_many]
        ticked = [FieldPanel(name, widget=CheckboxSelectMultiple) for name in links]
        return [FieldPanel(name) for name in fields] + ticked


class OwnRowViewSet(RowViewSet):
    """The pages of a table whose rows belong to projects; ``path`` leads to the project's leads."""

    adds = True

    def policy(self) -> AreaPolicy:
        """Open the rows of their own projects to leads."""
        return OwnPolicy(self.model, self.area, self.deeds, path=OWN_PATHS[self.model], adds=self.adds)
