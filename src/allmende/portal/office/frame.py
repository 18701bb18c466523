"""What every page of our own in Wagtail's frame shows: title, way back, messages of errors."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from allmende.kernel.errors import AllmendeError


def page(
    request: HttpRequest, name: str, title: Any, *, icon: str, back: tuple[str, Any] | None = None, **values: Any
) -> HttpResponse:
    """Render a page; ``back`` is the address and name of the list to which it belongs."""
    crumbs = [{"url": reverse("wagtailadmin_home"), "label": _("Start")}]
    if back is not None:
        crumbs.append({"url": back[0], "label": back[1]})
    crumbs.append({"url": "", "label": title})
    frame = {"breadcrumbs_items": crumbs, "header_title": title, "page_title": title, "header_icon": icon}
    return render(request, f"office/{name}.html", {**frame, **values})


def told(error: AllmendeError) -> str:
    """Write an error in the page's language: what happened and what to do."""
    language = get_language() or "de"
    return f"{error.what.within(language)} {error.next.within(language)}"


def refuse(request: HttpRequest, form: Any, error: AllmendeError) -> None:
    """Show an error at the form that it is about, which keeps what was typed; without one, on the page."""
    if form is None:
        tell(request, error)
    else:
        form.add_error(None, told(error))


def tell(request: HttpRequest, error: AllmendeError) -> None:
    """Show an error on top of the page that comes next."""
    messages.error(request, told(error))
