"""Django's entry for objections."""

from django.apps import AppConfig


class ObjectionsConfig(AppConfig):
    """Objections and reports of breaches."""

    name = "allmende.register.objections"
    label = "objections"
    default_auto_field = "django.db.models.BigAutoField"
