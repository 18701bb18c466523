"""The pages of one table: list, form, history; every write goes through the accounts' one place for saving."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.forms import CheckboxSelectMultiple
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.views.generic import TemplateView
from wagtail.admin.panels import FieldPanel
from wagtail.admin.ui.components import MediaContainer
from wagtail.admin.views import generic
from wagtail.admin.views.generic.permissions import PermissionCheckedMixin
from wagtail.admin.viewsets.model import ModelViewSet
from wagtail.admin.widgets.button import Button, HeaderButton
from wagtail.permissions import register_permission_policy

from allmende.accounts.changes import delete_row, save_form
from allmende.accounts.queries import history_of
from allmende.kernel.errors import AllmendeError
from allmende.portal.office.frame import tell
from allmende.portal.office.permissions import WRITING, AreaPolicy
from allmende.portal.office.trail import Written, written


class RowList(generic.IndexView):  # type: ignore[misc]
    """A list with search, filters and CSV; who may not change a row sees it."""

    history_url_name: str = ""

    def get_edit_url(self, instance: Any) -> str | None:
        """Lead to the form of a row that this person may change."""
        allowed = self.user_has_permission_for_instance("change", instance)
        return super().get_edit_url(instance) if allowed else None

    def get_list_more_buttons(self, instance: Any) -> list[Any]:
        """Offer the row's history besides."""
        address = reverse(self.history_url_name, args=(instance.pk,))
        history = Button(_("Verlauf"), url=address, icon_name="history", priority=25)
        return [*super().get_list_more_buttons(instance), history]


class RowCreate(generic.CreateView):  # type: ignore[misc]
    """Adds a row with its audit entry."""

    def save_instance(self) -> Any:
        """Save in one transaction with the entry."""
        return save_form(self.request.user, form=self.form)


class RowEdit(generic.EditView):  # type: ignore[misc]
    """Changes a row with its audit entry."""

    def get_object(self, queryset: Any = None) -> Any:
        """Give the row; refuses one that this person may not change."""
        row = super().get_object(queryset)
        if not self.user_has_permission_for_instance("change", row):
            raise PermissionDenied
        return row

    def save_instance(self) -> Any:
        """Save in one transaction with the entry."""
        return save_form(self.request.user, form=self.form)

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

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        """Find the row."""
        super().setup(request, *args, **kwargs)
        self.object = get_object_or_404(self.model, pk=kwargs["pk"])

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
        return {**super().get_context_data(**kwargs), "object": self.object, "entries": self.entries()}


class RowViewSet(ModelViewSet):  # type: ignore[misc]
    """The pages of one table; subclasses name the area and the columns."""

    area = "programme"
    deeds = WRITING
    policy_class = AreaPolicy
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
        register_permission_policy(self.model, self.policy_class(self.model, self.area, self.deeds), exact_class=True)

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
