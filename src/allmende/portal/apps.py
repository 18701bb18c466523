"""Django's entry for portal."""

from django.apps import AppConfig
from django.urls import register_converter

from allmende.portal.numbers import KIND, NumberConverter


class PortalConfig(AppConfig):
    """Citizens' pages."""

    name = "allmende.portal"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Make the numbers of our addresses known before the first address is read."""
        register_converter(NumberConverter, KIND)
