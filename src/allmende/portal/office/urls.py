"""Paths of the staff room: sign-in by allauth, pages of our own, the frame by Wagtail."""

from allauth.account.views import logout
from django.urls import include, path, re_path
from wagtail.admin import urls as wagtail_urls
from wagtail.documents import urls as documents_urls
from wagtail.utils.urlpatterns import decorate_urlpatterns

from allmende.portal.office import sign_in

# Parts of Wagtail that would write without an audit entry, or need its pages and sites.
CLOSED = "|".join(
    (
        *("users", "groups", "sites", "locales", "pages", "choose-page", "images", "documents", "snippets"),
        *("reports", "workflows", "collections", "bulk", "konto/email", "konto/signup"),
    )
)

urlpatterns = [
    re_path(rf"^(?:{CLOSED})(?:/|$)", sign_in.closed),
    path("konto/", include(decorate_urlpatterns([path("", include("allauth.urls"))], sign_in.in_own_language))),
    path("login/", sign_in.login, name="wagtailadmin_login"),
    path("logout/", sign_in.in_own_language(logout), name="wagtailadmin_logout"),
    path("dokumente/", include(documents_urls)),
    path("", include(wagtail_urls)),
]
