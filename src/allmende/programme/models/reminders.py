"""Who is reminded by mail, and when it was last done."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Reminding(models.Model):
    """Whether a person wants the digest; who has no row gets it."""

    person = models.OneToOneField(
        settings.AUTH_USER_MODEL, verbose_name=_("Person"), on_delete=models.CASCADE, related_name="reminding"
    )
    wanted = models.BooleanField(_("Erinnerungen per E-Mail"), default=True)
    last_sent = models.DateField(_("zuletzt gesendet"), null=True, blank=True)

    class Meta:
        """Names."""

        verbose_name = _("Erinnerung")
        verbose_name_plural = _("Erinnerungen")

    def __str__(self) -> str:
        """Name the person."""
        return str(self.person)
