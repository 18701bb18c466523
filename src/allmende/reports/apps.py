"""Django's entry for reports."""

from django.apps import AppConfig


class ReportsConfig(AppConfig):
    """Reports."""

    name = "allmende.reports"
    label = "reports"
    default_auto_field = "django.db.models.BigAutoField"
