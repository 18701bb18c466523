"""A contribution in another language by the city's own machine: asked for, labelled, below the original."""

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt

from allmende.catalog.door import gate
from allmende.kernel.clock import utc_now
from allmende.kernel.errors import ErrorCode
from allmende.kernel.text import Text
from allmende.participation import queries
from allmende.participation.services import translation
from allmende.portal import translation_door as door
from allmende.portal.data_views import told
from allmende.portal.participation_frame import FROM_ELSEWHERE
from allmende.portal.visitors import require_own_page, take_room

MOST_AN_HOUR = 60
ENOUGH = ErrorCode(
    "participation.enough_translated",
    Text(
        "Von Ihrem Anschluss wurden in dieser Stunde schon {limit} Übersetzungen verlangt.",
        "{limit} translations have been asked for from your connection within this hour.",
    ),
    Text("Versuchen Sie es in einer Stunde noch einmal.", "Try again in an hour."),
)


@csrf_exempt
@told
def translate(request: HttpRequest, number: str) -> HttpResponseBase:
    """Have a contribution translated, unless it has been, and lead to where it stands beside the original."""
    one = queries.contribution(number)
    if one is None or one.visibility != "shown":
        raise Http404
    here = reverse("contribution", args=[number])
    wanted = request.POST.get("sprache", "")
    if request.method != "POST" or wanted not in {about.tag for about in door.into(one)}:
        return redirect(here)
    require_own_page(request, FROM_ELSEWHERE)
    translation.require_translating(gate(), one, outside=bool(door.outside()))
    if translation.translation_of(one, wanted) is None:
        take_room(request, "participation-translations", MOST_AN_HOUR, ENOUGH)
        with door.translating(door.READER_SECONDS) as translate_:
            translation.translate_contribution(one, wanted, translate_, utc_now())
    return redirect(f"{here}?uebersetzt={wanted}#uebersetzung")
