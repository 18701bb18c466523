"""Django's entry for alerts."""

from django.apps import AppConfig


class AlertsConfig(AppConfig):
    """Rules on measurements, and what became of them."""

    name = "allmende.alerts"
    label = "alerts"
    default_auto_field = "django.db.models.BigAutoField"
