"""Where the paths of the portal and the staff room lead: German at /, English at /en/."""

from django.conf.urls.i18n import i18n_patterns
from django.urls import include, path

urlpatterns = [
    path("", include("allmende.portal.doors")),
    path("intern/", include("allmende.portal.office.urls")),
    *i18n_patterns(path("", include("allmende.portal.urls")), prefix_default_language=False),
]

handler404 = "allmende.portal.views.not_found"
handler500 = "allmende.portal.views.broken"
