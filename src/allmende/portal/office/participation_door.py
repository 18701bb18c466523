"""The staff asks the gate, too, before it reads what people brought."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect

from allmende.catalog.door import gate
from allmende.gate.door import Asker
from allmende.kernel.errors import AllmendeError
from allmende.participation import permission, queries
from allmende.portal.office.frame import tell
from allmende.portal.office.permissions import person_of

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def refused(request: HttpRequest, purpose: str) -> AllmendeError | None:
    """Give why somebody of the staff may not work with contributions; None where they may, which is on record."""
    asker = Asker(f"staff:{person_of(request).pk}")
    try:
        permission.use(gate(), purpose or permission.PURPOSE, permission.CONTRIBUTIONS, asker)
    except AllmendeError as error:
        return error
    return None


def uses_contributions(view: View[P]) -> View[P]:
    """Open a page to the staff if the rules let the administration use contributions for the process's purpose."""

    @wraps(view)
    def asked(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        purpose = queries.purpose_of(slug=str(kwargs.get("slug", "")), number=str(kwargs.get("number", "")))
        error = refused(request, purpose)
        if error is not None:
            tell(request, error)
            return redirect("office:participation")
        return view(request, *args, **kwargs)

    return cast("View[P]", asked)
