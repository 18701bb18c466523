"""Forms of packages: the file, and what a city fills in."""

from typing import Any

import yaml
from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from allmende.kernel.errors import AllmendeError
from allmende.portal.office.frame import told
from allmende.programme.models import Project
from allmende.transfer.package.form import Parameter, Parameters, read_parameters, written

MOST_BYTES = 200 << 20
KINDS = {"city": _("Stadt"), "place": _("Ort"), "station": _("Station"), "office": _("Stelle")}


class PackageForm(forms.Form):
    """The file of a package."""

    file = forms.FileField(label=_("Transferpaket (Zip)"), widget=forms.FileInput(attrs={"accept": ".zip"}))

    def clean_file(self) -> Any:
        """Refuse a file that no package is as large as."""
        file = self.cleaned_data["file"]
        if file.size > MOST_BYTES:
            raise forms.ValidationError(_("Die Datei ist zu groß."))
        return file


class GiveForm(forms.Form):
    """The project that is to go to other cities."""

    project = forms.ModelChoiceField(label=_("Projekt"), queryset=Project.objects.order_by("position"))


class ValuesForm(forms.Form):
    """A value for each local name; the origin's stands beside it as an example."""

    project = forms.SlugField(label=_("Kurzname des Projekts hier"), max_length=50)

    def __init__(self, sent: QueryDict | None, theirs: Parameters) -> None:
        super().__init__(sent)
        self.theirs = theirs
        self.fields["project"].initial = theirs.project
        for one in theirs.names:
            self.fields[f"name.{one.name}"] = forms.CharField(
                label=f"{KINDS[one.kind]}: {one.name}",
                max_length=2_000,
                help_text=_("dort: %(value)s") % {"value": one.value},
            )
        for name, stations in theirs.stations.items():
            self.fields[f"stations.{name}"] = forms.CharField(
                label=_("Stationen des Konnektors %(name)s") % {"name": name},
                initial=yaml.safe_dump(list(stations), allow_unicode=True),
                widget=forms.Textarea(attrs={"rows": 8}),
                help_text=_("YAML: slug, name, key, longitude, latitude. Hier stehen die der abgebenden Stadt."),
            )

    def clean(self) -> dict[str, Any]:
        """Read everything as the file would be read."""
        given: dict[str, Any] = super().clean() or {}
        if self.errors:
            return given
        try:
            given["values"] = self._values(given)
        except (yaml.YAMLError, AllmendeError) as error:
            self.add_error(None, told(error) if isinstance(error, AllmendeError) else str(error))
        return given

    def _values(self, given: dict[str, Any]) -> Parameters:
        names = [Parameter(name=one.name, kind=one.kind, value=given[f"name.{one.name}"]) for one in self.theirs.names]
        stations = {name: yaml.safe_load(given[f"stations.{name}"]) for name in self.theirs.stations}
        plain = Parameters(project=given["project"], names=tuple(names), stations=stations)
        return read_parameters(written(plain))
