"""Django's entry for catalog."""

from django.apps import AppConfig


class CatalogConfig(AppConfig):
    """Datasets and licences."""

    name = "allmende.catalog"
    default_auto_field = "django.db.models.BigAutoField"
