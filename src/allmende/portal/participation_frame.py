"""What the pages of a process share: finding it, passes without a cookie, the doors of its forms."""

import time
from collections.abc import Callable, Iterable
from typing import Any

import msgspec
from django.conf import settings
from django.core import signing
from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import get_language

from allmende.catalog.door import gate
from allmende.kernel.clock import utc_now
from allmende.kernel.errors import AllmendeError, Conflict, Denied, ErrorCode
from allmende.kernel.ids import number_of
from allmende.kernel.text import Text
from allmende.packs.read import pack_folder, read_places
from allmende.participation import permission, proof, queries
from allmende.participation.ballot_queries import Ballots, on_paper
from allmende.participation.formats import Part
from allmende.participation.models import Process
from allmende.participation.rules import CODE_LENGTH, LEVELS, NEEDS_PASS, allowed_now, fits
from allmende.participation.services.votes import VOTED_ON_PAPER
from allmende.portal.frame import page
from allmende.portal.visitors import require_own_page, take_mail_room, take_room
from allmende.register.addresses import address_of
from allmende.register.around import Point, metres, named, read_point
from allmende.ui import maps

MOST_AN_HOUR, MOST_VOTES_AN_HOUR, MOST_TRIES, MOST_MAILS = 20, 2_000, 20, 10
SALT, MAP_COLUMNS = "participation.pass", 12
# How near the map of contributions goes, and how far the city reaches at least where nobody drew its outline.
LEAST_METRES, CITY_METRES = 600.0, 3_000.0
# The room that a digit takes on that map, whose labels are larger.
NUMBER_WIDTH = 11.5
FROM_ELSEWHERE = ErrorCode(
    "participation.from_elsewhere",
    Text("Das Formular wurde von einer anderen Website abgeschickt.", "The form was sent by another website."),
    Text("Füllen Sie es auf dieser Seite aus.", "Fill it in on this page."),
)
TOO_MANY = ErrorCode(
    "participation.too_many",
    Text(
        "Von Ihrem Anschluss kamen in dieser Stunde schon {limit} Beiträge.",
        "{limit} contributions have come from your connection within this hour already.",
    ),
    Text(
        "Senden Sie in einer Stunde noch einmal; Ihr Text ist noch da.",
        "Send again in an hour; your text is still there.",
    ),
)
TOO_MANY_MAILS = ErrorCode(
    "participation.too_many_mails",
    Text(
        "An diese Adresse gingen in dieser Stunde schon {limit} Mails.",
        "{limit} mails have gone to this address within this hour already.",
    ),
    Text(
        "Versuchen Sie es in einer Stunde wieder oder ohne die Adresse; Ihr Text ist noch da.",
        "Try again in an hour or without the address; your text is still there.",
    ),
)


class Pass(msgspec.Struct, frozen=True):
    """That somebody may take part: the level that was checked, and what stands for them in this process."""

    level: str
    pseudonym: str
    word: str


def language() -> str:
    """Give the language of the page."""
    return "en" if (get_language() or "de").startswith("en") else "de"


def process_or_404(
    request: HttpRequest, slug: str, shows: permission.Data | None = None, *, part: Part | None = None
) -> Process:
    """Give a process that this visitor may see and that has a part; refuse where its data may not be shown."""
    found = queries.process_of(slug, request.GET.get("vorschau", ""))
    if found is None or (part is not None and part not in found.form.parts):
        raise Http404
    if shows is not None:
        require_shown(found, shows)
    return found


def require_shown(process: Process, data: permission.Data) -> None:
    """Refuse to show what the rules of the register do not let us publish."""
    permission.show(gate(), process.purpose_slug, data)


def shut(process: Process, data: permission.Data) -> AllmendeError | None:
    """Give why data of a process may not be shown, for pages that have more to say."""
    return permission.shut(gate(), process.purpose_slug, data)


def require_taking(process: Process, data: permission.Data) -> None:
    """Refuse what the rules of the register do not let us collect."""
    permission.take(gate(), process, data)


def new_pass(process: Process, level: str, pseudonym: str) -> str:
    """Give the word that stands for a checked person in the addresses of a process."""
    return signing.Signer(salt=SALT).sign_object([process.pk, level, pseudonym], compress=True)


def pass_of(request: HttpRequest, process: Process) -> Pass | None:
    """Read the pass of a request; one of another process is none."""
    word = request.POST.get("karte") or request.GET.get("karte", "")
    if not word or len(word) > 500:
        return None
    try:
        number, level, pseudonym = signing.Signer(salt=SALT).unsign_object(word)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return Pass(level, pseudonym, word) if number == process.pk else None


def require_pass(request: HttpRequest, process: Process, action: str) -> Pass:
    """Refuse who has no pass of the level that an action needs."""
    needed = process.needs(action)
    found = pass_of(request, process)
    if found is None or not fits(needed, found.level):
        raise Denied(NEEDS_PASS, level=LEVELS[needed])
    return found


def numbers_in(request: HttpRequest, prefix: str, numbers: Iterable[int]) -> dict[int, int]:
    """Read the fields of a ballot that are filled in; what is no number stands for a wrong one, and is refused so."""
    words = {number: request.POST.get(f"{prefix}-{number}", "").strip() for number in numbers}
    filled = {number: word for number, word in words.items() if word not in ("", "0")}
    return {number: int(word) if word.isdecimal() and len(word) < 6 else -1 for number, word in filled.items()}


def take_ballot(request: HttpRequest, process: Process, action: str, cast: Callable[[str], None]) -> HttpResponse:
    """Let a pseudonym cast what the form of a page holds, and lead back to it with thanks and the pass."""
    require_form(request, MOST_VOTES_AN_HOUR, "participation-votes")
    card = require_pass(request, process, action)
    require_taking(process, permission.VOTES)
    cast(card.pseudonym)
    return private(redirect(f"{request.path}?karte={card.word}&danke=1"))


def came_on_paper(card: Pass | None, ballots: Ballots) -> AllmendeError | None:
    """Give why whoever voted on paper need not fill in the form."""
    return Conflict(VOTED_ON_PAPER) if card and on_paper(ballots, card.pseudonym) else None


def way_in(request: HttpRequest, process: Process, action: str, wanted: str) -> HttpResponse | None:
    """Lead who reads a form that needs a pass to where they get one; None where they have it, or none is needed."""
    needed, card = process.needs(action), pass_of(request, process)
    if needed in ("open", "mail") or (card and fits(needed, card.level)):
        return None
    return private(redirect(f"{reverse('enter', args=[process.slug])}?weiter={wanted}"))


def private(answer: HttpResponse) -> HttpResponse:
    """Keep a page with a key or a pass out of caches and out of other sites' logs."""
    answer["Cache-Control"] = "no-store"
    answer["Referrer-Policy"] = "no-referrer"
    return answer


def require_form(request: HttpRequest, limit: int = MOST_AN_HOUR, name: str = "participation") -> None:
    """Let in what this page's own form sends, as often as one connection may."""
    require_own_page(request, FROM_ELSEWHERE)
    take_room(request, name, limit, TOO_MANY)


def require_mail_room(email: str) -> None:
    """Refuse to write to an address that somebody typed more often than it can want; nothing typed says nothing."""
    if email:
        take_mail_room(email, MOST_MAILS, TOO_MANY_MAILS)


def proven(request: HttpRequest) -> bool:
    """Tell whether the browser computed the sum, and use it up."""
    mark = proof.solved(request.POST.get("nachweis", ""), settings.SECRET_KEY)
    return mark is not None and cache.add(f"proof-{mark}", 1, proof.SECONDS)


def new_proof(_request: HttpRequest) -> HttpResponseBase:
    """Give a new sum to compute."""
    body = msgspec.json.encode(proof.challenge(settings.SECRET_KEY, time.time()))
    answer = HttpResponse(body, content_type="application/json")
    answer["Cache-Control"] = "no-store"
    return answer


def process_page(
    request: HttpRequest, template: str, process: Process, *, status: int = 200, **values: Any
) -> HttpResponse:
    """Render a page of a process."""
    now = utc_now()
    running = [phase for phase in process.phases.all() if phase.since <= now < phase.until]
    allowed = allowed_now(process.spans, now) if process.state == "open" else set()
    card = pass_of(request, process)
    # Pages of a draft lead to each other by the word of its preview.
    look = f"?vorschau={process.preview}" if process.state == "draft" else ""
    frame = {
        "process": process,
        "now": now,
        "running": running,
        "allowed": allowed,
        "card": card,
        "look": look,
        "query": f"?karte={card.word}" if card else look,
        "may_comment": process.writing == "open" or bool(card and fits(process.writing, card.level)),
        "own_comment": _own_comment(request),
    }
    answer = page(request, f"participation/{template}", status=status, **{**frame, **values})
    alone = card or frame["own_comment"] or request.method == "POST" or process.state == "draft"
    return private(answer) if alone else answer


def _own_comment(request: HttpRequest) -> str:
    """Give the address that only the author of a comment gets, right after it was taken."""
    number, key = number_of(request.GET.get("kommentar", "")), request.GET.get("schluessel", "")
    known = number is not None and key.isalnum() and len(key) == CODE_LENGTH
    return reverse("own-comment", args=[number, key]) if known else ""


def address(request: HttpRequest, name: str, *words: Any) -> str:
    """Give the full address of a page."""
    return full_address(request, reverse(name, args=words))


def full_address(request: HttpRequest, path: str) -> str:
    """Give the full address of a path of this site."""
    base = settings.ALLMENDE.public_url.rstrip("/")
    return f"{base}{path}" if base else request.build_absolute_uri(path)


def qr_picture(link: str) -> HttpResponse:
    """Draw a link as a QR code."""
    import segno

    svg = segno.make(link, error="m").svg_inline(scale=4, border=2, dark="#131525", light="#ffffff")
    text = svg.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1) if "xmlns" not in svg else svg
    return HttpResponse(text, content_type="image/svg+xml")


def find_place(text: str) -> tuple[Point | None, str]:
    """Find a place by coordinates, address, or name in the pack's list, without asking anybody; give its name, too."""
    point = read_point(text)
    if point is not None:
        return point, ""
    house = address_of(text)
    if house is not None:
        return Point(house.longitude, house.latitude), str(house)
    known = read_places(settings.ALLMENDE.pack)
    hits = named([one.name.de for one in known], text)
    if not hits:
        return None, ""
    one = known[hits[0]]
    return Point(one.longitude, one.latitude), one.name.within(language())


def place_choices() -> list[tuple[str, str]]:
    """Give the names that the search knows, each with its latitude and longitude."""
    known = read_places(settings.ALLMENDE.pack)
    return [(one.name.within(language()), Point(one.longitude, one.latitude).written) for one in known]


def draw(markers: list[maps.Marker]) -> dict[str, Any]:
    """Lay out the map of contributions, with the fields in which a place can be chosen."""
    places = [Point(*pair) for one in markers for pair in ((one.longitude, one.latitude), *one.course)]
    frame = _frame_of(places, LEAST_METRES) if places else _city_frame()
    outline = pack_folder(settings.ALLMENDE.pack) / "outline.geojson"
    rows, cells = maps.cells(frame, MAP_COLUMNS)
    fields = [(cell.name, f"{cell.latitude:.5f},{cell.longitude:.5f}") for cell in cells]
    drawing = maps.draw_map(outline, markers, get_language() or "de", frame, NUMBER_WIDTH)
    return {"drawing": drawing, "fields": fields, "rows": rows, "columns": MAP_COLUMNS}


def _city_frame() -> maps.Frame:
    """Give the city as a whole: as the outline was drawn, or around the places that the pack names."""
    places = [Point(one.longitude, one.latitude) for one in read_places(settings.ALLMENDE.pack)]
    drawn = (pack_folder(settings.ALLMENDE.pack) / "outline.geojson").exists()
    return maps.KONSTANZ if drawn or not places else _frame_of(places, CITY_METRES)


def _frame_of(places: list[Point], least: float) -> maps.Frame:
    """Give the part of the world around some places, not nearer than so many metres."""
    east, west = max(one.longitude for one in places), min(one.longitude for one in places)
    north, south = max(one.latitude for one in places), min(one.latitude for one in places)
    middle = Point((east + west) / 2, (north + south) / 2)
    reach = max(metres(middle, one) for one in places)
    return maps.frame_near(middle.longitude, middle.latitude, max(least, reach))
