"""Contributions as list and map, and handing one in: with a look at what was said before."""

import base64
import io
from typing import Any

from django.core import signing
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.csrf import csrf_exempt

from allmende.kernel.clock import utc_now
from allmende.kernel.errors import AllmendeError
from allmende.participation import photos, queries, rules
from allmende.participation.formats import Collected
from allmende.participation.models import Contribution, Process
from allmende.participation.permission import CONTRIBUTIONS
from allmende.participation.rules import cleaned
from allmende.participation.search import RADII, Search
from allmende.participation.services import contributions as services
from allmende.participation.services import notices
from allmende.participation.shapes import wkt_of
from allmende.portal.data_views import told
from allmende.portal.files import csv_stream, geojson_stream
from allmende.portal.participation_forms import ContributionForm, FollowForm, WritingForm
from allmende.portal.participation_frame import (
    TOO_MANY,
    address,
    draw,
    find_place,
    language,
    place_choices,
    private,
    process_or_404,
    process_page,
    proven,
    require_form,
    require_mail_room,
    require_pass,
    require_taking,
    shut,
    way_in,
)
from allmende.portal.participation_place import marker_of, with_field
from allmende.portal.visitors import take_room
from allmende.register.addresses import address_source, find_addresses
from allmende.register.around import Point

PHOTO_SALT, PHOTO_SECONDS, MOST_LOOKS = "participation.photo", 3_600, 1_000
HEADER = (
    *("number", "title", "body", "category", "group", "tag", "longitude", "latitude", "channel", "received"),
    *("state", "outcome", "answered", "due", "supports", "comments", "geometry"),
)


def kind_of(process: Process) -> Collected:
    """Give the kind of contributions that a process collects."""
    kind = process.form.kind
    if kind is None:
        raise Http404
    return kind


def _wanted(request: HttpRequest, kind: str) -> queries.Wanted:
    asked = request.POST if request.method == "POST" else request.GET
    point, _ = find_place(asked.get("ort", "").strip()[:100])
    radius = asked.get("umkreis", "")
    return queries.Wanted(
        near=point,
        radius=int(radius) if radius in map(str, RADII) else 0,
        kind=kind,
        category=asked.get("thema", ""),
        group=asked.get("gruppe", ""),
        tag=asked.get("art", ""),
        state=asked.get("zustand", ""),
        words=asked.get("suche", "").strip()[:100],
        order="supported" if asked.get("folge") == "unterstuetzt" else "newest",
        after=asked.get("ab", ""),
    )


@told
def ideas(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Show a page of contributions, on the map and beside it as a list."""
    process = process_or_404(request, slug, CONTRIBUTIONS)
    wanted = _wanted(request, kind_of(process))
    found = queries.listing(process, wanted)
    every = [marker_of(one, str(place), f"#b{one.number}") for place, one in enumerate(found.rows, 1)]
    markers = [marker for marker in every if marker is not None]
    following = request.GET.copy()
    following["ab"] = found.after
    return process_page(
        request,
        "ideas.html",
        process,
        entries=list(enumerate(found.rows, 1)),
        placed=len(markers),
        drawn=any(marker.course for marker in markers),
        wanted=wanted,
        tally=queries.tally(process, utc_now(), wanted.kind),
        categories=[topic for topic in process.topics.all() if topic.kind == "category"],
        groups=[topic for topic in process.topics.all() if topic.kind == "group"],
        tags=rules.TAGS.items() if wanted.kind == "need" else (),
        states=rules.STATES.items(),
        place=request.GET.get("ort", "").strip()[:100],
        radii=RADII,
        choices=place_choices() if process.form.place else [],
        kept=request.GET.get("gemerkt"),
        following=following.urlencode() if found.after else "",
        **(draw(markers) if process.form.place else {}),
    )


@csrf_exempt
@told
def keep_search(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Ask an address to confirm that it wants to hear of what newly fits a search."""
    process = process_or_404(request, slug, CONTRIBUTIONS)
    form = FollowForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return redirect("ideas", slug)
    require_form(request)
    require_taking(process, CONTRIBUTIONS)
    wanted = _wanted(request, kind_of(process))
    circle = wanted.near if wanted.radius else None
    search = Search(
        words=wanted.words,
        category=wanted.category[:50],
        group=wanted.group[:50],
        tag=wanted.tag if wanted.tag in rules.TAGS else "",
        place=cleaned(request.POST.get("ort", ""))[:100] if circle else "",
        longitude=round(circle.longitude, 5) if circle else None,
        latitude=round(circle.latitude, 5) if circle else None,
        radius=wanted.radius if circle else None,
    )
    email = form.cleaned_data["email"]
    require_mail_room(email)
    follower = notices.follow(process, None, email=email, language=language(), now=utc_now(), search=search)
    if follower.confirmed is None:
        what = notices.described(follower).within(language())
        ask_to_confirm(request, follower.email, notices.token_of(follower), what)
    return redirect(f"{reverse('ideas', args=[slug])}?gemerkt=1")


@told
def ideas_csv(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Give all shown contributions as CSV, row by row."""
    process = process_or_404(request, slug, CONTRIBUTIONS)
    return csv_stream(slug, HEADER, (_cells(one) for one in queries.every_shown(process).iterator(2_000)))


@told
def ideas_geojson(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Give all shown contributions that have a place as GeoJSON (RFC 7946), row by row."""
    process = process_or_404(request, slug, CONTRIBUTIONS)
    rows = queries.every_shown(process).exclude(longitude=None).iterator(2_000)
    names = [name for name in HEADER if name not in ("longitude", "latitude", "geometry")]
    features = (
        {"type": "Feature", "geometry": one.geojson, "properties": {name: row[name] for name in names}}
        for one in rows
        for row in [dict(zip(HEADER, _cells(one), strict=True))]
    )
    return geojson_stream(f"{slug}-orte", features)


def _cells(one: Contribution) -> tuple[Any, ...]:
    topics = [topic.slug if topic else None for topic in (one.category, one.group)]
    days = [moment.date() if moment else None for moment in (one.received, one.answered, one.due)]
    return (
        *(one.number, one.title, one.body, *topics, one.tag, one.longitude, one.latitude, one.channel, days[0]),
        *(one.state, one.outcome, days[1], days[2], one.supported, one.__dict__["said"], wkt_of(one.geojson)),
    )


def photo(_request: HttpRequest, number: str) -> HttpResponseBase:
    """Give the photo of a contribution that is shown, or was merged with one that is."""
    one = queries.contribution(number)
    known = (
        one is not None and one.visibility in ("shown", "merged") and one.photo and default_storage.exists(one.photo)
    )
    if one is None or not known or shut(one.process, CONTRIBUTIONS):
        raise Http404
    return FileResponse(default_storage.open(one.photo), content_type="image/jpeg")


@csrf_exempt
@told
def new_idea(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Show the form; show what is alike; keep what is sent. What was typed is never lost."""
    process = process_or_404(request, slug)
    kind = kind_of(process)
    if request.method != "POST":
        form = ContributionForm(process, initial={"place": request.GET.get("ort", "")})
        return way_in(request, process, "contribute", "beitrag") or _form(request, process, form)
    form = ContributionForm(process, request.POST, request.FILES)
    kept = _kept_photo(request)
    chosen = request.POST.get("feld", "")
    if chosen:
        # Not sent yet: what is still missing is no fault.
        form = ContributionForm(process, initial=with_field(request.POST.dict(), chosen))
        return _form(request, process, form, picked=True, photo=_fresh_photo(request) or kept)
    try:
        if not form.is_valid():
            return _form(request, process, form, status=400)
        if process.writing in ("code", "oidc"):
            require_pass(request, process, "contribute")
        services.require_open(process, "contribute", utc_now())
        alike = [] if request.POST.get("gesehen") else _alike(process, form)
        if alike:
            return _form(request, process, form, alike=alike, photo=form.redrawn or kept)
        require_form(request)
        return _taken(request, process, _draft(process, form, kind, kept), form)
    except AllmendeError as error:
        return _form(request, process, form, status=error.status, refused=error)


@told
def alike(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Give what was said before as a piece of a page, for who is still typing."""
    process = process_or_404(request, slug, CONTRIBUTIONS)
    kind_of(process)
    take_room(request, "participation-alike", MOST_LOOKS, TOO_MANY)
    title, where = request.GET.get("titel", "")[:120], request.GET.get("ort", "")[:100]
    found = queries.similar(process, title, find_place(where)[0] if where else None)
    return render(request, "portal/participation/alike.html", {"alike": found})


def places(request: HttpRequest) -> HttpResponseBase:
    """Give addresses that begin as somebody types, as choices of a field; asked of the city's own list."""
    take_room(request, "participation-alike", MOST_LOOKS, TOO_MANY)
    found = find_addresses(request.GET.get("ort", "")[:100])
    choices = [(str(one), Point(one.longitude, one.latitude).written) for one in found]
    return render(request, "portal/participation/choices.html", {"choices": choices})


def _alike(process: Process, form: ContributionForm) -> list[Contribution]:
    found = queries.similar(process, form.cleaned_data["title"], form.where.at)
    return [] if found and shut(process, CONTRIBUTIONS) else found


def _fresh_photo(request: HttpRequest) -> bytes:
    """Take a photo that was chosen before a field of the map, as a browser sends it only once."""
    file = request.FILES.get("photo")
    try:
        return photos.redrawn(io.BytesIO(file.read()), file.size or 0) if file else b""
    except AllmendeError:
        return b""


def _kept_photo(request: HttpRequest) -> bytes:
    """Read the photo that went along with the look at what is alike."""
    word = request.POST.get("foto_behalten", "")
    if not word:
        return b""
    try:
        return base64.b64decode(signing.loads(word, salt=PHOTO_SALT, max_age=PHOTO_SECONDS))
    except signing.BadSignature:
        return b""


def _draft(process: Process, form: ContributionForm, kind: Collected, kept: bytes) -> services.Draft:
    values = form.cleaned_data
    picture = form.redrawn or kept
    return services.Draft(
        kind=kind,
        title=values["title"],
        body=values["body"],
        language=language(),
        category=values.get("category", ""),
        group=values.get("group", ""),
        tag=values.get("tag", ""),
        point=form.where.point,
        shape=form.where.shape,
        place=form.where.place,
        photo=picture,
        photo_alt=values.get("photo_alt", "") if picture else "",
        author=values["author"],
        cost=values.get("cost", 0),
    )


def _form(
    request: HttpRequest,
    process: Process,
    form: ContributionForm,
    *,
    status: int = 200,
    picked: bool = False,
    refused: AllmendeError | None = None,
    alike: list[Contribution] | None = None,
    photo: bytes = b"",
) -> HttpResponse:
    kept = (
        signing.dumps(base64.b64encode(photo).decode(), salt=PHOTO_SALT)
        if photo
        else request.POST.get("foto_behalten", "")
    )
    return process_page(
        request,
        "idea_form.html",
        process,
        status=status,
        form=form,
        shows_errors=form.is_bound and not refused and not alike,
        refused=refused,
        alike=alike,
        kept_photo=kept,
        picked=picked,
        choices=place_choices(),
        addresses=address_source(),
        own_words=form.own_words,
        **(draw([]) if process.form.place else {}),
    )


def _taken(request: HttpRequest, process: Process, draft: services.Draft, form: WritingForm) -> HttpResponseBase:
    return take(request, process, draft, form.cleaned_data["email"])


def take(request: HttpRequest, process: Process, draft: services.Draft, email: str) -> HttpResponseBase:
    """Keep a contribution, ask its address to confirm, and lead to the page that only its author sees."""
    now = utc_now()
    require_taking(process, CONTRIBUTIONS)
    require_mail_room(email)
    confirmed = process.writing != "mail"
    taken = services.submit(services.PUBLIC, process, draft, proven=proven(request), confirmed=confirmed, now=now)
    one = taken.contribution
    if email:
        follower = notices.follow(process, one, email=email, language=language(), now=now)
        ask_to_confirm(request, follower.email, notices.token_of(follower), one.number)
    return private(redirect(reverse("own-contribution", args=[one.number, taken.key]) + "?neu=1"))


def ask_to_confirm(request: HttpRequest, email: str, token: str, what: str) -> None:
    """Write to an address that somebody typed, once; nothing else is sent before it is confirmed."""
    link = address(request, "follow-confirm", token)
    subject = gettext("Bitte bestätigen: Nachrichten zu %(what)s") % {"what": what}
    body = gettext(
        "Jemand hat diese Adresse angegeben, um zu erfahren, was aus %(what)s wird.\n\n"
        "Öffnen Sie diesen Link, wenn Sie das waren:\n%(link)s\n\n"
        "Sonst tun Sie nichts; Sie bekommen dann keine weitere Mail.\n"
    ) % {"what": what, "link": link}
    notices.post(email, subject, body, utc_now())
