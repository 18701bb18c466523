"""Paths of the staff room: sign-in by allauth, pages of our own, the frame by Wagtail."""

from allauth.account.views import logout
from django.urls import include, path, re_path
from wagtail.admin import urls as wagtail_urls
from wagtail.admin.auth import require_admin_access
from wagtail.documents import urls as documents_urls

from allmende.portal.office import sign_in
from allmende.portal.office.language import Account

# Parts of Wagtail that would write without an audit entry, or need its pages and sites.
CLOSED = "|".join(
    (
        *("users", "groups", "sites", "locales", "pages", "choose-page", "images", "documents", "snippets"),
        *("reports", "workflows", "collections", "bulk", "konto/email", "konto/signup"),
    )
)

urlpatterns = [
    re_path(rf"^(?:{CLOSED})(?:/|$)", sign_in.closed),
    path("konto/", include("allauth.urls")),
    path("login/", sign_in.login, name="wagtailadmin_login"),
    path("logout/", logout, name="wagtailadmin_logout"),
    path("account/", require_admin_access(Account.as_view()), name="wagtailadmin_account"),
    path("dokumente/", include(documents_urls)),
    path("", include(wagtail_urls)),
]
