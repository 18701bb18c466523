"""Django's entry for portal."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    """Citizens' pages."""

    name = "allmende.portal"
    default_auto_field = "django.db.models.BigAutoField"
