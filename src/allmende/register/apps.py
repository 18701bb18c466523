"""Django's entry for register."""

from django.apps import AppConfig


class RegisterConfig(AppConfig):
    """Data ethics as people see it."""

    name = "allmende.register"
    default_auto_field = "django.db.models.BigAutoField"
