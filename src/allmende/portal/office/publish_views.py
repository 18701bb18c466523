"""The page on which rules are put in force: what changes, and who may not do it."""

from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from allmende.accounts.rules import may_write
from allmende.catalog.door import gate
from allmende.ethics.check import faults
from allmende.kernel.errors import AllmendeError
from allmende.portal.office.difference import differences
from allmende.portal.office.forms import PublishForm
from allmende.portal.office.frame import page, tell, told
from allmende.portal.office.permissions import person_of, reads, roles_of
from allmende.register.queries import drafts, pending_editors, publications, rulebook_from_tables
from allmende.register.rules import require_second_person
from allmende.register.services import publish_rulebook


@reads("rulebook")
def publish(request: HttpRequest) -> HttpResponseBase:
    """Show the difference between the rules in force and the draft; publish it on a decision."""
    form = PublishForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            done = publish_rulebook(person_of(request), decision=form.cleaned_data["decision"], gate=gate())
        except AllmendeError as error:
            tell(request, error)
        else:
            messages.success(request, gettext("Regelwerk %(version)s gilt.") % {"version": done.version})
        return redirect("office:publish")
    draft = rulebook_from_tables()
    return page(
        request,
        "publish",
        _("Regelwerk veröffentlichen"),
        icon="check",
        form=form,
        running=gate().rulebook(),
        differences=differences(gate().rulebook(), draft),
        faults=faults(draft),
        drafts=drafts(),
        publications=publications()[:10],
        may_publish=may_write(roles_of(request.user), "rulebook"),
        hindrance=_hindrance(request),
    )


def _hindrance(request: HttpRequest) -> str:
    """Say why this person may not publish the draft, if so."""
    try:
        require_second_person(person_of(request).pk, pending_editors())
    except AllmendeError as error:
        return told(error)
    return ""
