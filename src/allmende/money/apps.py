"""Django's entry for money."""

from django.apps import AppConfig


class MoneyConfig(AppConfig):
    """Awards, plans, bookings, draw-downs, proofs of use, scenarios."""

    name = "allmende.money"
    default_auto_field = "django.db.models.BigAutoField"
