"""Django's entry for the federation of cities."""

from django.apps import AppConfig


class FederationConfig(AppConfig):
    """What we offer to other cities, and what we took from them."""

    name = "allmende.federation"
    label = "federation"
    default_auto_field = "django.db.models.BigAutoField"
