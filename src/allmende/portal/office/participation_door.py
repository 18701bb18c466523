"""The staff asks the gate, too, before it reads what people brought or writes down what they said."""

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
from allmende.participation.models import Process
from allmende.portal.office.frame import tell
from allmende.portal.office.permissions import person_of

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def refused(
    request: HttpRequest, purpose: str, data: permission.Data = permission.CONTRIBUTIONS
) -> AllmendeError | None:
    """Give why somebody of the staff may not work with data; None where they may, which is on record."""
    asker = Asker(f"staff:{person_of(request).pk}")
    return permission.barred(gate(), purpose or permission.PURPOSE, data, asker)


def require_using(process: Process, data: permission.Data) -> None:
    """Refuse a deed with data that the rules do not let the administration use."""
    permission.use(gate(), process.purpose_slug, data)


def uses(data: permission.Data) -> Callable[[View[P]], View[P]]:
    """Open a page to the staff if the rules let the administration use data for the process's purpose."""

    def decorated(view: View[P]) -> View[P]:
        @wraps(view)
        def asked(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            number = kwargs.get("number", "")
            purpose = queries.purpose_of(slug=str(kwargs.get("slug", "")), number=str(number))
            error = refused(request, purpose, data)
            if error is not None:
                tell(request, error)
                return redirect("office:participation")
            return view(request, *args, **kwargs)

        return cast("View[P]", asked)

    return decorated
