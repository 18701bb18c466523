"""Django's entry for the transfer to other cities."""

from django.apps import AppConfig


class TransferConfig(AppConfig):
    """Findings and transfer packages."""

    name = "allmende.transfer"
    label = "transfer"
    default_auto_field = "django.db.models.BigAutoField"
