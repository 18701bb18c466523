"""The pages on which rules are put in force and tried out: what changes, what is odd, and who may not do it."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from allmende.accounts.rules import may_write
from allmende.catalog.door import gate
from allmende.ethics.check import faults
from allmende.ethics.decide import compile_rulebook
from allmende.ethics.explain import Explanation, explain
from allmende.ethics.model import Rulebook
from allmende.ethics.wording import duty_words
from allmende.kernel.clock import today
from allmende.kernel.errors import AllmendeError
from allmende.portal.office.difference import differences
from allmende.portal.office.forms import PublishForm, TryForm
from allmende.portal.office.frame import page, tell, told
from allmende.portal.office.permissions import person_of, reads, roles_of
from allmende.register.queries import digest_of, drafts, pending_editors, publications, rulebook_from_tables, titles
from allmende.register.report import report
from allmende.register.rules import require_second_person
from allmende.register.services import publish_rulebook


@reads("rulebook")
def publish(request: HttpRequest) -> HttpResponseBase:
    """Show what the draft would change and what is odd in it; publish it on a decision."""
    form = PublishForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            done = publish_rulebook(person_of(request), gate=gate(), **form.cleaned_data)
        except AllmendeError as error:
            tell(request, error)
        else:
            messages.success(request, gettext("Regelwerk %(version)s gilt.") % {"version": done.version})
        return redirect("office:publish")
    running, draft = gate().rulebook(), rulebook_from_tables()
    form.initial["seen"] = digest_of(draft)
    return page(
        request,
        "publish",
        _("Regelwerk veröffentlichen"),
        icon="check",
        form=form,
        running=running,
        report=report(running, draft, today()),
        differences=differences(running, draft),
        drafts=drafts(),
        publications=publications()[:10],
        may_publish=may_write(roles_of(request.user), "rulebook"),
        hindrance=_hindrance(request),
    )


@reads("rulebook")
def difference(_request: HttpRequest) -> HttpResponseBase:
    """Give the report for the board as a text in both languages."""
    written = report(gate().rulebook(), rulebook_from_tables(), today()).written
    answer = HttpResponse(written, content_type="text/plain; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="unterschied.txt"'
    return answer


def _hindrance(request: HttpRequest) -> str:
    """Say why this person may not publish the draft, if so."""
    try:
        require_second_person(person_of(request).pk, pending_editors())
    except AllmendeError as error:
        return told(error)
    return ""


@reads("rulebook")
def trial(request: HttpRequest) -> HttpResponseBase:
    """Answer whether somebody may do something, by the rules in force or by the draft, with the rules behind it."""
    running, draft = gate().rulebook(), rulebook_from_tables()
    given = request.GET if "verb" in request.GET else None
    form = TryForm(given, books=(draft, running), initial={"day": today(), "book": "running"})
    values: dict[str, Any] = {"form": form}
    if given is not None and form.is_valid():
        asked = dict(form.cleaned_data)
        book = draft if asked.pop("book") == "draft" else running
        values |= _answer(book, asked)
    return page(request, "trial", _("Regeln ausprobieren"), icon="help", **values)


def _answer(book: Rulebook, asked: dict[str, Any]) -> dict[str, Any]:
    if faults(book):
        return {"unsound": faults(book)}
    explanation: Explanation = explain(compile_rulebook(book), **asked)
    return {
        "answer": explanation,
        "duties": duty_words(explanation.decision.duties),
        "titles": titles(book),
        "version": book.version,
    }
