"""Django's entry for ui."""

from django.apps import AppConfig


class UiConfig(AppConfig):
    """Templates, components, charts and maps."""

    name = "allmende.ui"
    default_auto_field = "django.db.models.BigAutoField"
