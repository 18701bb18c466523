"""Paths of the staff room: sign-in by allauth, the rest by Wagtail."""

from django.urls import include, path
from wagtail.admin import urls as wagtail_urls
from wagtail.documents import urls as documents_urls

urlpatterns = [
    path("konto/", include("allauth.urls")),
    path("dokumente/", include(documents_urls)),
    path("", include(wagtail_urls)),
]
