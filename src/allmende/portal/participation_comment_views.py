"""Comments: taken with a key of their own, and contested by whoever has it."""

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt

from allmende.kernel.clock import utc_now
from allmende.participation.models import Comment, Contribution, Follower, Paragraph
from allmende.participation.permission import CONTRIBUTIONS
from allmende.participation.services import contributions as services
from allmende.participation.services import moderation, notices, own_data
from allmende.portal.data_views import told
from allmende.portal.participation_forms import CommentForm, WordsForm
from allmende.portal.participation_frame import (
    language,
    private,
    process_page,
    proven,
    require_form,
    require_mail_room,
    require_taking,
)
from allmende.portal.participation_idea_views import ask_to_confirm


def take_comment(request: HttpRequest, thing: Contribution | Paragraph, form: CommentForm) -> services.Said:
    """Take what stands in a form that holds, and ask its address to confirm."""
    process, values, now = thing.process, form.cleaned_data, utc_now()
    require_taking(process, CONTRIBUTIONS)
    services.require_open(process, "comment", now)
    require_mail_room(values["email"])
    writer = _writer(request, thing, values["email"]) if values["email"] else None
    return services.comment(
        services.PUBLIC,
        thing,
        stance=values["stance"],
        body=values["body"],
        author=values["author"],
        language=language(),
        proven=proven(request),
        now=now,
        writer=writer,
    )


def _writer(request: HttpRequest, thing: Contribution | Paragraph, email: str) -> Follower:
    """Let who comments follow what they comment on; of a paragraph, the process."""
    about = thing if isinstance(thing, Contribution) else None
    found = notices.follow(thing.process, about, email=email, language=language(), now=utc_now())
    if found.confirmed is None:
        what = about.number if about else thing.process.title.within(language())
        ask_to_confirm(request, found.email, notices.token_of(found), what)
    return found


def said_at(path: str, said: services.Said) -> HttpResponseBase:
    """Lead back to where somebody commented, with the key that only they are told."""
    word = "wartet" if said.causes else "da"
    return private(redirect(f"{path}?gesagt={word}&kommentar={said.comment.pk}&schluessel={said.key}#kommentare"))


@csrf_exempt
@told
def own_comment(request: HttpRequest, number: int, key: str) -> HttpResponseBase:
    """Show its author what became of a comment, and how to contest that it was hidden."""
    one = Comment.objects.select_related("contribution__process", "paragraph__process").filter(pk=number).first()
    if one is None or not moderation.owns(one, key):
        raise Http404
    if request.method == "POST":
        require_form(request)
        form = WordsForm(request.POST)
        deed = request.POST.get("tat", "")
        if deed == "name":
            own_data.forget_author(services.PUBLIC, one)
        elif deed == "loeschen":
            own_data.withdraw(services.PUBLIC, one)
        elif form.is_valid():
            moderation.appeal(services.PUBLIC, one, form.cleaned_data["words"], utc_now())
        return private(redirect("own-comment", number, key))
    hidden = one.cases.filter(decision="hidden").order_by("-closed").first() if one.visibility == "hidden" else None
    back = (
        reverse("contribution", args=[one.contribution.number])
        if one.contribution
        else reverse("paragraph", args=[one.process.slug, one.paragraph.number if one.paragraph else 0])
    )
    answer = process_page(
        request,
        "own_comment.html",
        one.process,
        one=one,
        name=moderation.name_of_thing(one),
        hidden=hidden,
        contested=one.cases.filter(cause="appeal").exists(),
        form=WordsForm(),
        back=back,
    )
    return private(answer)
