"""Keys of programs: list, create (shown once), end."""

from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from allmende.accounts.rules import may_write
from allmende.catalog.door import gate
from allmende.gate.tokens import list_tokens
from allmende.kernel.errors import AllmendeError
from allmende.portal.files import csv_file
from allmende.portal.office.forms import Choices, TokenForm
from allmende.portal.office.frame import page, tell, told
from allmende.portal.office.permissions import person_of, reads, roles_of
from allmende.portal.office.services import create_token, revoke_token


def _purposes() -> Choices:
    """Give the purposes for which one may ask: the leaves of the tree in force."""
    found = gate().rulebook().purposes
    parents = {purpose.parent for purpose in found}
    language = get_language() or "de"
    return [(purpose.slug, purpose.title.within(language)) for purpose in found if purpose.slug not in parents]


@reads("tokens")
def tokens(request: HttpRequest) -> HttpResponseBase:
    """List the tokens; a new one is shown on the answer to the form and never again."""
    form = TokenForm(request.POST or None, purposes=_purposes())
    plain = ""
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            plain = create_token(
                person_of(request),
                gate=gate(),
                name=values["name"],
                scopes=form.chosen(values),
                until=values["until"],
            )
        except AllmendeError as error:
            form.add_error(None, told(error))
    return page(
        request,
        "tokens",
        _("Zugangsmarken"),
        icon="key",
        form=TokenForm(purposes=_purposes()) if plain else form,
        plain=plain,
        tokens=list_tokens(gate()),
        may_change=may_write(roles_of(request.user), "tokens"),
    )


@reads("tokens")
def tokens_csv(_request: HttpRequest) -> HttpResponseBase:
    """Give the list as a file."""
    rows = [(token.name, " ".join(token.scopes), token.until, token.last_used) for token in list_tokens(gate())]
    return csv_file("zugangsmarken", ("name", "scopes", "until", "last_used"), rows)


@require_POST
@reads("tokens")
def revoke(request: HttpRequest) -> HttpResponseBase:
    """End a token."""
    name = request.POST.get("name", "")
    try:
        revoke_token(person_of(request), gate=gate(), name=name)
    except AllmendeError as error:
        tell(request, error)
    else:
        messages.success(request, gettext("Zugangsmarke „%(name)s“ gilt nicht mehr.") % {"name": name})
    return redirect("office:tokens")
