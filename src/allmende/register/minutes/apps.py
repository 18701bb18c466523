"""Django's entry for minutes."""

from django.apps import AppConfig


class MinutesConfig(AppConfig):
    """Minutes of meetings."""

    name = "allmende.register.minutes"
    label = "minutes"
    default_auto_field = "django.db.models.BigAutoField"
