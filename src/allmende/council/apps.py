"""Django's entry for papers of the council."""

from django.apps import AppConfig


class CouncilConfig(AppConfig):
    """Papers and the items of agendas where they were dealt with."""

    name = "allmende.council"
    label = "council"
    default_auto_field = "django.db.models.BigAutoField"
