"""Django's entry for the participation."""

from django.apps import AppConfig


class ParticipationConfig(AppConfig):
    """Processes and what people bring to them."""

    name = "allmende.participation"
    label = "participation"
    default_auto_field = "django.db.models.BigAutoField"
