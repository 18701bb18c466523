"""Django's entry for accounts."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """People, roles, audit trail."""

    name = "allmende.accounts"
    default_auto_field = "django.db.models.BigAutoField"
