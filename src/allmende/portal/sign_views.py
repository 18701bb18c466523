"""Signs for the street, and the short links that they carry."""

from urllib.parse import quote

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import get_language, get_language_from_request, override

from allmende.catalog.door import gate
from allmende.kernel.text import Text
from allmende.portal.asof import stand_of
from allmende.portal.data_queries import OPEN, property_names
from allmende.portal.frame import site
from allmende.portal.nearby_views import distance, pictogram_of
from allmende.portal.search import USUAL, search
from allmende.portal.sensor_views import about_persons, entry_of
from allmende.register.around import geohash, read_geohash
from allmende.register.codes import code_of, slug_of
from allmende.register.models import DataUse
from allmende.register.queries import SensorEntry, register_entries
from allmende.ui.signs import Form, Line, Sign, draw, short_text

KINDS: dict[Form, str] = {"pdf": "application/pdf", "svg": "image/svg+xml"}
MOST_NAMES, MOST_OVER = 5, 130
HERE = Text("Hier wird gemessen", "Measured here")
AROUND = Text("Im Umkreis von {distance} wird gemessen", "Measured within {distance}")
MORE = Text("Mehr dazu, und wer Daten bekam", "More, and who got data")
SPOKEN = Text("QR-Code, der zu {link} führt", "QR code that leads to {link}")
QUESTIONS = (
    ("purpose", Text("Wofür?", "What for?")),
    ("accountable", Text("Wer ist verantwortlich?", "Who is responsible?")),
    ("nobody", Text("Geht es um mich?", "Is it about me?")),
    ("objection", Text("Wie widerspreche ich?", "How do I object?")),
)
OBJECT = Text(
    "Mit dem Formular hinter diesem Code: ohne Konto, ohne Namen, Antwort in 30 Tagen.",
    "With the form behind this code: without account or name, answered within 30 days.",
)
PERSONS = Text("Ja, es geht um Daten von Personen.", "Yes, it is about data of persons.")
SIMULATED = Text("Vorführung: die Werte sind simuliert.", "Demonstration: the values are simulated.")
UNKNOWN = Text("unbekannt", "unknown")


def _joined(texts: list[Text], between: str) -> Text:
    once = list(dict.fromkeys(texts)) or [UNKNOWN]
    return Text(between.join(text.de for text in once), between.join(text.en for text in once))


def _measured(entry: SensorEntry) -> Text:
    """List what is measured as a sentence goes on: English words after the first are small."""
    names = list(property_names(entry.measures).values())
    small = [Text(name.de, name.en[:1].lower() + name.en[1:]) for name in names[1:]]
    return _joined([*names[:1], *small], ", ")


def _purpose(use: DataUse) -> Text:
    title, description = use.purpose.title, use.purpose.description
    return Text(f"{title.de}: {description.de}", f"{title.en}: {description.en}")


def _lines(uses: list[DataUse], *, persons: bool) -> tuple[Line, ...]:
    """Answer the four questions about some data uses together."""
    answers = (
        _joined([_purpose(use) for use in uses], " "),
        _joined([use.part("responsible") or UNKNOWN for use in uses], "; "),
        _joined([use.part("personal") or UNKNOWN for use in uses], " "),
        OBJECT,
    )
    names = ["person" if name == "nobody" and persons else name for name, _ in QUESTIONS]
    return tuple(
        Line(name, question, short_text(answer))
        for name, (_, question), answer in zip(names, QUESTIONS, answers, strict=True)
    )


def _base(request: HttpRequest) -> str:
    return str(settings.ALLMENDE.public_url).rstrip("/") or f"{request.scheme}://{request.get_host()}"


def _file(sign: Sign, form: Form, name: str) -> HttpResponse:
    response = HttpResponse(draw(sign, form), content_type=KINDS[form])
    response["Content-Disposition"] = f'inline; filename="schild-{name}.{form}"'
    return response


def sensor_sign(request: HttpRequest, slug: str, form: Form) -> HttpResponseBase:
    """Give the sign of a sensor; one without a data sheet has none."""
    entry = entry_of(slug, stand_of(request))
    if not entry.data_uses:
        raise Http404
    link = f"{_base(request)}/d/{code_of(slug)}"
    sign = Sign(
        language=get_language() or "de",
        over=HERE,
        name=Text(entry.name, entry.name),
        what=short_text(_measured(entry), MOST_OVER),
        pictogram=pictogram_of(entry),
        lines=_lines(list(entry.data_uses), persons=about_persons(entry)),
        more=MORE,
        spoken=SPOKEN.filled(link=link),
        link=link,
        programme=site().title,
        mark=SIMULATED if entry.simulated else None,
    )
    return _file(sign, form, slug)


def _distance(metres: float) -> Text:
    words = []
    for language in ("de", "en"):
        with override(language):
            words.append(distance(metres))
    return Text(*words)


def _names(entries: list[SensorEntry]) -> Text:
    shown = ", ".join(entry.name for entry in entries[:MOST_NAMES])
    rest = len(entries) - MOST_NAMES
    return Text(f"{shown} und {rest} weitere", f"{shown} and {rest} more") if rest > 0 else Text(shown, shown)


def place_sign(request: HttpRequest, form: Form) -> HttpResponseBase:
    """Give the sign of a place, which says what measures around it; where nothing does, there is none."""
    result = search(request, stand_of(request))
    entries = [near.entry for near in result.found if near.entry.data_uses]
    if result.point is None or not entries:
        raise Http404
    uses = list({use.pk: use for entry in entries for use in entry.data_uses}.values())
    reach = "" if result.radius == USUAL else f"-{result.radius}"
    link = f"{_base(request)}/o/{geohash(result.point)}{reach}"
    written = result.point.written.replace(",", ", ")
    sign = Sign(
        language=get_language() or "de",
        over=AROUND.filled(distance=_distance(result.radius)),
        name=result.place.name if result.place else Text(written, written),
        what=short_text(_names(entries), MOST_OVER),
        pictogram=pictogram_of(entries[0]),
        lines=_lines(uses, persons=any(about_persons(entry) for entry in entries)),
        more=MORE,
        spoken=SPOKEN.filled(link=link),
        link=link,
        programme=site().title,
        mark=SIMULATED if all(entry.simulated for entry in entries) else None,
    )
    return _file(sign, form, geohash(result.point))


def _to(request: HttpRequest, name: str, *args: str, query: str = "") -> HttpResponseBase:
    """Lead from the street to a page in the language that the browser asks for."""
    wanted = get_language_from_request(request)
    with override("en" if wanted.startswith("en") else "de"):
        response = HttpResponseRedirect(reverse(name, args=args) + query)
    patch_vary_headers(response, ["Accept-Language"])
    response["Cache-Control"] = "no-cache"
    return response


def to_sensor(request: HttpRequest, code: str) -> HttpResponseBase:
    """Lead from the code on a sign to the page of its sensor."""
    entries = register_entries(gate(), OPEN, stand_of(request).day)
    slug = slug_of(code, [entry.slug for entry in entries])
    if slug is None:
        raise Http404
    return _to(request, "sensor", slug)


def to_place(request: HttpRequest, code: str) -> HttpResponseBase:
    """Lead from the code on a sign to what measures around its place."""
    place, _, radius = code.lower().partition("-")
    point = read_geohash(place[:12])
    if point is None:
        raise Http404
    return _to(request, "nearby", query=f"?punkt={point.written}" + (f"&umkreis={quote(radius)}" if radius else ""))
