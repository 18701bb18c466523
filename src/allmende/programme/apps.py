"""Django's entry for programme."""

from django.apps import AppConfig


class ProgrammeConfig(AppConfig):
    """Vision, target images, projects, milestones, money, decisions."""

    name = "allmende.programme"
    default_auto_field = "django.db.models.BigAutoField"
