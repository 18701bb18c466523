"""Django's entry for effects."""

from django.apps import AppConfig


class EffectsConfig(AppConfig):
    """Indicators and statistics."""

    name = "allmende.effects"
    label = "effects"
    default_auto_field = "django.db.models.BigAutoField"
