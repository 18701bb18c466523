"""Objections and reports of breaches: filed without an account and without a cookie, followed by number and key."""

from urllib.parse import quote

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import get_language
from django.views.decorators.csrf import csrf_exempt

from allmende.kernel.clock import utc_now
from allmende.kernel.errors import ErrorCode
from allmende.kernel.text import Text
from allmende.portal.data_views import told
from allmende.portal.files import csv_file
from allmende.portal.frame import page
from allmende.portal.objection_forms import ObjectionForm
from allmende.portal.visitors import require_own_page, require_room, take_room
from allmende.register.objections import queries, services
from allmende.register.objections.rules import MOST_AN_HOUR
from allmende.register.queries import data_uses

HEADER = ("number", "kind", "about", "received", "answered", "in_time", "outcome", "answer_de", "answer_en")

TOO_MANY = ErrorCode(
    "objections.too_many",
    Text(
        "Von Ihrem Anschluss kamen in dieser Stunde schon {limit} Einwände.",
        "{limit} objections have come from your connection within this hour already.",
    ),
    Text(
        "Ihr Text ging nicht verloren, solange Sie zurückgehen. Senden Sie ihn in einer Stunde noch einmal.",
        "Your text is not lost as long as you go back. Send it again in an hour.",
    ),
)
FROM_ELSEWHERE = ErrorCode(
    "objections.from_elsewhere",
    Text("Das Formular wurde von einer anderen Website abgeschickt.", "The form was sent by another website."),
    Text("Füllen Sie es auf dieser Seite aus.", "Fill it in on this page."),
)


def _language() -> str:
    return "en" if (get_language() or "de").startswith("en") else "de"


def _uses() -> list[tuple[str, str]]:
    return [(use.slug, use.title.within(_language())) for use in data_uses()]


@csrf_exempt
@told
def file(request: HttpRequest) -> HttpResponseBase:
    """Show the form; keep what is sent, and lead to the page of the case."""
    if request.method != "POST":
        form = ObjectionForm(_uses(), initial={"about": request.GET.get("zu", "")})
        return page(request, "objections/form.html", form=form, known=_known(request))
    require_own_page(request, FROM_ELSEWHERE)
    require_room(request, "objections", MOST_AN_HOUR, TOO_MANY)
    form = ObjectionForm(_uses(), request.POST)
    if not form.is_valid():
        return page(request, "objections/form.html", status=400, form=form, known=None)
    take_room(request, "objections", MOST_AN_HOUR, TOO_MANY)
    values = {name: form.cleaned_data[name] for name in ("kind", "about", "words", "reply_to")}
    services.forget_old(utc_now())
    one, key = services.file_objection(**values, language=_language(), now=utc_now())
    return redirect("objection-status", one.number, key)


def _known(request: HttpRequest) -> str | None:
    """Give the address of a case that was looked up; empty when there is none of this number and key."""
    number, key = (request.GET.get(name, "").strip() for name in ("nummer", "schluessel"))
    if not number and not key:
        return None
    one = queries.case(number, key)
    return reverse("objection-status", args=[one.number, quote(key, safe="")]) if one else ""


@told
def status(request: HttpRequest, number: str, key: str) -> HttpResponseBase:
    """Show a case to whoever knows its key."""
    one = queries.case(number, key)
    if one is None:
        raise Http404
    use = next((title for slug, title in _uses() if slug == one.about), "")
    answer = page(
        request,
        "objections/status.html",
        one=one,
        key=key,
        use=use,
        suspension=queries.suspended_by(number),
        now=utc_now(),
    )
    answer["Cache-Control"] = "no-store"
    answer["Referrer-Policy"] = "no-referrer"
    return answer


@told
def outcomes(request: HttpRequest) -> HttpResponseBase:
    """Show what became of the cases, and how many wait."""
    uses = dict(_uses())
    cases = [(one, uses.get(one.about, "")) for one in queries.answered_cases()]
    return page(request, "objections/outcomes.html", cases=cases, tally=queries.tally(utc_now()))


def outcomes_csv(request: HttpRequest) -> HttpResponseBase:
    """Give the answered cases as CSV."""
    now = utc_now()
    rows = [
        (
            *(one.number, one.kind, one.about, one.received.date(), one.answered and one.answered.date()),
            *(not one.overdue(now), one.outcome, one.answer_de, one.answer_en),
        )
        for one in queries.answered_cases()
    ]
    return csv_file("einwaende", HEADER, rows)
