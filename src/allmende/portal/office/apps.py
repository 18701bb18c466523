"""Django's entry for portal.office."""

from django.apps import AppConfig


class OfficeConfig(AppConfig):
    """The staff room."""

    name = "allmende.portal.office"
    default_auto_field = "django.db.models.BigAutoField"
