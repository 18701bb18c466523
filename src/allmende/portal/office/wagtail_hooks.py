"""What the staff room adds to Wagtail and takes away from it."""

from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import include, path, reverse_lazy
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.menu import MenuItem

from allmende.accounts.rules import may_read, may_write
from allmende.portal.office.alert_rows import AlertRules
from allmende.portal.office.council_views import CouncilSystems
from allmende.portal.office.money.rows import MoneyGroup
from allmende.portal.office.page_urls import page_patterns
from allmende.portal.office.panels import home_panels
from allmende.portal.office.permissions import roles_of
from allmende.portal.office.programme_rows import GroundGroup, ProgrammeGroup
from allmende.portal.office.register_rows import CatalogueGroup, RegisterGroup
from allmende.portal.office.steering_rows import SteeringGroup

UNUSED = {"explorer", "images", "documents", "snippets", "reports", "settings", "help"}


class AreaItem(MenuItem):  # type: ignore[misc]
    """A line of the menu for who reads an area."""

    def __init__(self, area: str, *args: Any, writes: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.area = area
        self.writes = writes

    def is_shown(self, request: HttpRequest) -> bool:
        """Tell whether this person reads (or writes) the area."""
        allowed = may_write if self.writes else may_read
        return allowed(roles_of(request.user), self.area)


PAGES = (
    AreaItem("money", _("Geld"), reverse_lazy("office:money"), icon_name="tablet-alt", order=105),
    AreaItem("programme", _("Meine Aufgaben"), reverse_lazy("office:tasks"), icon_name="tasks", order=50),
    AreaItem("effects", _("Indikatoren"), reverse_lazy("office:indicators"), icon_name="history", order=150),
    AreaItem("register", _("Was wartet"), reverse_lazy("office:waiting"), icon_name="time", order=205),
    AreaItem("rulebook", _("Veröffentlichen"), reverse_lazy("office:publish"), icon_name="check", order=210),
    AreaItem("rulebook", _("Ausprobieren"), reverse_lazy("office:trial"), icon_name="help", order=220),
    AreaItem("minutes", _("Sitzungen"), reverse_lazy("office:meetings"), icon_name="group", order=225),
    AreaItem("programme", _("Strategie"), reverse_lazy("office:strategies"), icon_name="pilcrow", order=112),
    AreaItem("programme", _("Berichte"), reverse_lazy("office:reports"), icon_name="doc-full", order=115),
    AreaItem("programme", _("Erkenntnisse"), reverse_lazy("office:findings"), icon_name="pick", order=120),
    AreaItem("programme", _("Transferpakete"), reverse_lazy("office:packages"), icon_name="download", order=122),
    AreaItem("programme", _("Städte im Verbund"), reverse_lazy("office:cities"), icon_name="site", order=124),
    AreaItem("programme", _("Ratspapiere"), reverse_lazy("office:papers"), icon_name="doc-full", order=130),
    AreaItem("stations", _("Stationen"), reverse_lazy("office:stations"), icon_name="site", order=310),
    AreaItem("sources", _("Datenquellen"), reverse_lazy("office:sources"), icon_name="download", order=315),
    AreaItem("stations", _("Qualität der Werte"), reverse_lazy("office:quality"), icon_name="check", order=312),
    AreaItem("alerts", _("Warnungen"), reverse_lazy("office:alerts"), icon_name="warning", order=317),
    AreaItem("quarantine", _("Quarantäne"), reverse_lazy("office:quarantine"), icon_name="warning", order=320),
    AreaItem("objections", _("Einwände"), reverse_lazy("office:objections"), icon_name="comment", order=330),
    AreaItem("participation", _("Beteiligung"), reverse_lazy("office:participation"), icon_name="group", order=160),
    AreaItem(
        "trail", _("Zugriffsentscheidungen"), reverse_lazy("office:decisions"), icon_name="clipboard-list", order=400
    ),
    AreaItem("trail", _("Protokoll"), reverse_lazy("office:trail"), icon_name="history", order=410),
    AreaItem("accounts", _("Personen"), reverse_lazy("office:people"), icon_name="user", order=500),
    AreaItem("tokens", _("Zugangsmarken"), reverse_lazy("office:tokens"), icon_name="key", order=510),
)


@hooks.register("register_admin_viewset")  # type: ignore[untyped-decorator]
def tables() -> list[Any]:
    """Open the tables, by area."""
    return [
        *(ProgrammeGroup(), SteeringGroup(), MoneyGroup(), GroundGroup(), RegisterGroup()),
        *(CatalogueGroup(), AlertRules(), CouncilSystems()),
    ]


@hooks.register("register_admin_urls")  # type: ignore[untyped-decorator]
def pages() -> list[Any]:
    """Open the pages that are no tables of Django, behind Wagtail's check of who may enter."""
    return [path("", include((page_patterns, "office")))]


@hooks.register("construct_main_menu")  # type: ignore[untyped-decorator]
def menu(request: HttpRequest, items: list[Any]) -> None:
    """Leave out what is not used here, and add our pages."""
    items[:] = [item for item in items if item.name not in UNUSED]
    items += [item for item in PAGES if item.is_shown(request)]


@hooks.register("construct_homepage_panels")  # type: ignore[untyped-decorator]
def home(_request: HttpRequest, panels: list[Any]) -> None:
    """Show our panels instead of those about Wagtail's pages."""
    panels[:] = home_panels()


@hooks.register("construct_homepage_summary_items")  # type: ignore[untyped-decorator]
def summary(_request: HttpRequest, items: list[Any]) -> None:
    """Leave out the counts of pages, images and documents."""
    items.clear()


@hooks.register("insert_global_admin_css")  # type: ignore[untyped-decorator]
def style() -> SafeString:
    """Add the few rules of our own pages."""
    return format_html('<link rel="stylesheet" href="{}">', static("office/office.css"))


@hooks.register("register_account_menu_item")  # type: ignore[untyped-decorator]
def second_factor(_request: HttpRequest) -> dict[str, Any]:
    """Lead from the own account to password and second factor."""
    return {
        "url": reverse_lazy("mfa_index"),
        "label": _("Passwort und zweiter Faktor"),
        "help_text": _("Passwort ändern, App, Passkey und Wiederherstellungscodes verwalten"),
    }
