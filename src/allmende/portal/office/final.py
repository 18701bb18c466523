"""What cannot be undone is confirmed with a box, and the server insists on it, not only the browser."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _


def confirmed(label: Any) -> forms.BooleanField:
    """Make the box that says yes to a deed; forms name it ``sure``, and pages show it just above the button."""
    missing = _("Bestätigen Sie das bitte: Es lässt sich nicht zurücknehmen.")
    return forms.BooleanField(label=label, error_messages={"required": missing})


class ArchiveForm(forms.Form):
    """Yes to the archive, from which no process comes back."""

    sure = confirmed(_("Ja, aus dem Archiv kommt das Verfahren nicht zurück."))


class LotsForm(forms.Form):
    """Yes to a table of lots."""

    sure = confirmed(_("Ja, Vorgaben und Kreis sind vollständig."))
