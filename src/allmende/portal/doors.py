"""Paths for programs, without language: one address for everybody."""

from django.urls import path, re_path

from allmende.portal import catalogue_views, federation_door, openapi_views

urlpatterns = [
    path("openapi.json", openapi_views.document, name="openapi"),
    path("catalog", catalogue_views.catalogue, name="catalogue-door"),
    re_path(r"^catalog\.(?P<ending>ttl|rdf|jsonld)$", catalogue_views.catalogue_file, name="catalogue-file"),
    path("catalog/<slug:kind>/<slug:slug>", catalogue_views.dataset, name="catalogue-dataset"),
    re_path(
        r"^api/federation/(?P<file>document\.json|findings\.json|datasets\.json|witnessed\.json)$",
        federation_door.answer,
        name="federation-file",
    ),
]
