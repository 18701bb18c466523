"""A contribution and its journey: looked up by number, followed, commented, supported, reported, contested."""

import msgspec
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt

from allmende.council import queries as council
from allmende.council.models import Paper
from allmende.kernel.clock import today, utc_now
from allmende.kernel.errors import AllmendeError, ErrorCode, Invalid
from allmende.kernel.ids import number_of
from allmende.kernel.text import Text
from allmende.participation import queries
from allmende.participation.difference import difference
from allmende.participation.models import Comment, Contribution, Step
from allmende.participation.permission import CONTRIBUTIONS, VOTES
from allmende.participation.rules import EDIT_TIME, STANCES
from allmende.participation.services import authors, moderation, notices
from allmende.participation.services import contributions as services
from allmende.portal import translation_door
from allmende.portal.data_views import told
from allmende.portal.frame import page
from allmende.portal.participation_author_views import owned
from allmende.portal.participation_comment_views import said_at, take_comment
from allmende.portal.participation_forms import CoAuthorForm, CommentForm, FollowForm, WordsForm
from allmende.portal.participation_frame import (
    MOST_VOTES_AN_HOUR,
    address,
    draw,
    language,
    pass_of,
    private,
    process_page,
    qr_picture,
    require_form,
    require_mail_room,
    require_pass,
    require_shown,
    require_taking,
)
from allmende.portal.participation_idea_views import ask_to_confirm
from allmende.portal.participation_place import marker_of
from allmende.portal.participation_views import steps_feed
from allmende.programme import queries as programme

BAD_ADDRESS = ErrorCode(
    "participation.bad_address",
    Text("Die E-Mail-Adresse ist nicht vollständig.", "The e-mail address is not complete."),
    Text(
        "Gehen Sie zurück und prüfen Sie sie, oder lassen Sie das Feld leer.",
        "Go back and check it, or leave the field empty.",
    ),
)


class Stage(msgspec.Struct, frozen=True):
    """A step of a journey with the project, the milestone and the council's paper that it names."""

    step: Step
    project: programme.ProjectView | None
    milestone: programme.MilestoneRow | None
    paper: Paper | None


def _found(number: str) -> Contribution:
    one = queries.contribution(number)
    if one is None:
        raise Http404
    return one


def _shown(number: str) -> Contribution:
    one = _found(number)
    if one.visibility != "shown":
        raise Http404
    require_shown(one.process, CONTRIBUTIONS)
    return one


@told
def contribution(request: HttpRequest, number: str) -> HttpResponseBase:
    """Show a contribution, whose journey everybody can look up; of what is hidden, only that it is."""
    one = _found(number)
    require_shown(one.process, CONTRIBUTIONS)
    return _page(request, one, CommentForm())


def _page(
    request: HttpRequest,
    one: Contribution,
    comment: CommentForm,
    *,
    status: int = 200,
    refused: AllmendeError | None = None,
) -> HttpResponseBase:
    comments = list(queries.comments_of(one))
    card = pass_of(request, one.process)
    base = one.paragraph.versions.filter(version=one.base_version or 1).first() if one.paragraph else None
    return process_page(
        request,
        "contribution.html",
        one.process,
        status=status,
        one=one,
        is_shown=one.visibility == "shown",
        stages=[_stage(step) for step in one.steps.all()],
        stances=[(name, text, [row for row in comments if row.stance == name]) for name, text in STANCES.items()],
        parts=difference(base.text_de, one.proposed) if base else [],
        merged=queries.merged_of([one.pk]),
        coauthors=one.coauthors.filter(agreed__isnull=False),
        grown=one.paragraphs.select_related("paragraph"),
        comment_form=comment,
        follow_form=FollowForm(),
        report_form=WordsForm(),
        supported=bool(card and queries.supported_by(one, card.pseudonym)),
        refused=refused,
        own_words=comment.own_words,
        said=request.GET.get("gesagt"),
        where=_where(one),
        into=translation_door.into(one),
        translation_host=translation_door.outside(),
        translated=translation_door.asked_for(request, one),
    )


def _where(one: Contribution) -> dict[str, object] | None:
    marker = marker_of(one, one.place, "#inhalt")
    return draw([marker]) if marker else None


def _stage(step: Step) -> Stage:
    """Give a step with what it led into."""
    return Stage(
        step,
        programme.project_on(step.project, today()) if step.project else None,
        programme.milestone_row(step.milestone, today()) if step.milestone else None,
        council.paper(step.paper) if step.paper else None,
    )


@csrf_exempt
@told
def own(request: HttpRequest, number: str, key: str) -> HttpResponseBase:
    """Show its author what only they see: the key, why it waits, and how to contest that it was hidden."""
    one = owned(number, key)
    if request.method == "POST":
        return _appeal(request, one, key)
    causes = [case.cause_text for case in one.cases.filter(closed__isnull=True)]
    hidden = one.cases.filter(decision="hidden").order_by("-closed").first() if one.visibility == "hidden" else None
    contested = one.cases.filter(cause="appeal").exists()
    answer = process_page(
        request,
        "own.html",
        one.process,
        one=one,
        key=key,
        causes=causes,
        hidden=hidden,
        contested=contested,
        form=WordsForm(),
        coauthors=one.coauthors.all(),
        coauthor_form=CoAuthorForm(),
        may_change=authors.may_change(one, utc_now()),
        until=one.received + EDIT_TIME,
        said=request.GET.get("gesagt"),
        fresh=request.GET.get("neu"),
        short=address(request, "short-contribution", one.number),
    )
    return private(answer)


def _appeal(request: HttpRequest, one: Contribution, key: str) -> HttpResponseBase:
    require_form(request)
    form = WordsForm(request.POST)
    if form.is_valid():
        moderation.appeal(services.PUBLIC, one, form.cleaned_data["words"], utc_now())
    return redirect("own-contribution", one.number, key)


def qr(request: HttpRequest, number: str) -> HttpResponse:
    """Draw the QR code that leads to a contribution."""
    return qr_picture(address(request, "short-contribution", _found(number).number))


@told
def feed(request: HttpRequest, number: str) -> HttpResponse:
    """Give the journey as an Atom feed."""
    one = _shown(number)
    steps = list(one.steps.select_related("contribution"))[::-1]
    return steps_feed(request, f"{one.number}: {one.title}", address(request, "contribution", one.number), steps)


@csrf_exempt
@told
def comment(request: HttpRequest, number: str) -> HttpResponseBase:
    """Take a comment."""
    one = _shown(number)
    form = CommentForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return _page(request, one, form, status=400 if form.is_bound else 200)
    try:
        if one.process.writing != "open":
            require_pass(request, one.process, "comment")
        require_form(request)
        said = take_comment(request, one, form)
    except AllmendeError as error:
        return _page(request, one, form, status=error.status, refused=error)
    return said_at(reverse("contribution", args=[one.number]), said)


@csrf_exempt
@told
def support(request: HttpRequest, number: str) -> HttpResponseBase:
    """Count that somebody wants this."""
    one = _shown(number)
    if request.method == "POST":
        require_form(request, MOST_VOTES_AN_HOUR, "participation-votes")
        card = require_pass(request, one.process, "support")
        require_taking(one.process, VOTES)
        email = _address(request, one)
        require_mail_room(email)
        services.support(one, card.pseudonym, utc_now())
        if email:
            _ask(request, one, email)
        said = "&gesagt=folgen" if email else ""
        return private(redirect(f"{reverse('contribution', args=[one.number])}?karte={card.word}{said}"))
    return redirect("contribution", number)


def _address(request: HttpRequest, one: Contribution) -> str:
    """Give the address of a supporter who wants to hear of it; it is kept apart from the support."""
    if not request.POST.get("email", "").strip():
        return ""
    form = FollowForm(request.POST)
    if not form.is_valid():
        raise Invalid(BAD_ADDRESS)
    require_form(request)
    require_taking(one.process, CONTRIBUTIONS)
    return str(form.cleaned_data["email"])


@csrf_exempt
@told
def report(request: HttpRequest, number: str) -> HttpResponseBase:
    """Take word that something does not belong here; with the number of a comment, about that."""
    one = _shown(number)
    form = WordsForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        require_form(request)
        which = number_of(request.POST.get("kommentar", ""))
        thing: Contribution | Comment = one
        if which is not None:
            thing = queries.comments_of(one).filter(pk=which).first() or one
        services.report(services.PUBLIC, thing, form.cleaned_data["words"], utc_now())
        return redirect(f"{reverse('contribution', args=[one.number])}?gesagt=gemeldet")
    return redirect("contribution", number)


@csrf_exempt
@told
def follow(request: HttpRequest, number: str) -> HttpResponseBase:
    """Ask an address to confirm that it wants to know."""
    one = _shown(number)
    form = FollowForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        require_form(request)
        require_mail_room(form.cleaned_data["email"])
        _ask(request, one, form.cleaned_data["email"])
        return redirect(f"{reverse('contribution', args=[one.number])}?gesagt=folgen")
    return redirect("contribution", number)


def _ask(request: HttpRequest, one: Contribution, email: str) -> None:
    follower = notices.follow(one.process, one, email=email, language=language(), now=utc_now())
    if follower.confirmed is None:
        ask_to_confirm(request, follower.email, notices.token_of(follower), one.number)


@csrf_exempt
@told
def follow_process(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Ask an address to confirm that it wants to know everything of a process."""
    process = queries.process_of(slug)
    form = FollowForm(request.POST or None)
    if process is None:
        raise Http404
    if request.method == "POST" and form.is_valid():
        require_form(request)
        require_mail_room(form.cleaned_data["email"])
        follower = notices.follow(process, None, email=form.cleaned_data["email"], language=language(), now=utc_now())
        if follower.confirmed is None:
            title = process.title.within(language())
            ask_to_confirm(request, follower.email, notices.token_of(follower), title)
        return redirect(f"{reverse('process', args=[slug])}?gefolgt=1")
    return redirect("process", slug)


@csrf_exempt
@told
def follow_confirm(request: HttpRequest, token: str) -> HttpResponseBase:
    """Ask once more by a button, as mail programs open links unasked; then confirm."""
    follower = notices.follower_by(token, max_age=notices.CONFIRM_SECONDS)
    done = False
    if request.method == "POST" and follower is not None:
        follower = notices.confirm(token, utc_now())
        if follower is not None and follower.contribution is not None:
            services.show_confirmed(services.PUBLIC, follower.contribution.pk)
        done = True
    search = notices.described(follower) if follower is not None and follower.search else None
    return private(page(request, "participation/confirm.html", follower=follower, done=done, search=search))


@csrf_exempt
@told
def follow_stop_all(request: HttpRequest, word: str) -> HttpResponseBase:
    """Stop all mails to an address at one click (RFC 8058), as the head of each digest offers."""
    if request.method == "POST":
        notices.stop_all(word)
    return private(page(request, "participation/stop.html", done=request.method == "POST", known=True, every=True))


@csrf_exempt
@told
def follow_stop(request: HttpRequest, token: str) -> HttpResponseBase:
    """Stop at one click (RFC 8058): programs post here, people press the button."""
    done = request.method == "POST" and notices.stop(token)
    known = notices.follower_by(token) is not None
    return private(page(request, "participation/stop.html", done=done, known=known))
