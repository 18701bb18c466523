"""Citizens' pages about data ethics, drawn from the rules that run."""

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import get_language

from allmende.catalog.door import gate
from allmende.ethics.model import Rulebook
from allmende.ethics.wording import duty_words
from allmende.participation import permission
from allmende.participation.text_queries import quotes
from allmende.portal.asof import stand_of
from allmende.portal.data_queries import OPEN
from allmende.portal.data_views import observed_name, told
from allmende.portal.files import csv_file
from allmende.portal.frame import page
from allmende.register import queries
from allmende.register.minutes.queries import citing
from allmende.register.models import DataUse


@told
def ethics(request: HttpRequest) -> HttpResponseBase:
    """Show the principles, how the rules work, the purposes, and who may do what."""
    stand = stand_of(request)
    book = gate().rulebook(stand.day)
    in_force = [rule for rule in book.rules if rule.in_force(stand.day)]
    return page(
        request,
        "register/ethics.html",
        stand,
        principles=[(one, [rule for rule in in_force if one.slug in rule.principles]) for one in queries.principles()],
        purposes=queries.purpose_tree(),
        book=book,
        rules=in_force,
        titles=queries.titles(book),
        refusals=sum(not row.allowed for row in gate().decisions(1000)),
        publication=queries.publications().filter(version=book.version).first(),
    )


def rules_csv(request: HttpRequest) -> HttpResponseBase:
    """Give the running rules as CSV."""
    return rules_file("regeln", gate().rulebook())


def rules_file(name: str, book: Rulebook) -> HttpResponseBase:
    """Give the rules of a rule book as CSV."""
    header = [
        *("version", "slug", "effect", "verbs", "categories", "purposes", "recipients", "since", "until"),
        *("title_de", "title_en", "source"),
    ]
    rows = [
        (
            *(book.version, r.slug, r.effect, " ".join(r.verbs), " ".join(r.categories), " ".join(r.purposes)),
            *(" ".join(r.recipients), r.since, r.until, r.title.de, r.title.en, r.source),
        )
        for r in book.rules
    ]
    return csv_file(name, header, rows)


def _entries(request: HttpRequest) -> list[queries.SensorEntry]:
    word = request.GET.get("text", "").strip().lower()[:100]
    entries = queries.register_entries(gate(), OPEN, stand_of(request).day)
    use = request.GET.get("nutzung", "")
    return [entry for entry in entries if word in entry.name.lower() and (not use or use in _uses_of(entry))]


def _uses_of(entry: queries.SensorEntry) -> list[str]:
    return [sheet.slug for sheet in entry.data_uses]


@told
def register(request: HttpRequest) -> HttpResponseBase:
    """List everything that measures."""
    entries = [
        {"entry": entry, "measures": [observed_name(slug) for slug in entry.measures]} for entry in _entries(request)
    ]
    only = queries.data_use(request.GET.get("nutzung", ""))
    text, others = request.GET.get("text", ""), _others(request)
    return page(request, "register/register.html", entries=entries, text=text, only=only, others=others)


def _others(request: HttpRequest) -> list[DataUse]:
    """Give the uses of data that people tell themselves, narrowed like the sensors."""
    word, only = request.GET.get("text", "").strip().lower()[:100], request.GET.get("nutzung", "")
    named = [data.data_use for data in permission.EVERY]
    found = [use for use in queries.data_uses() if use.slug in named]
    return [use for use in found if (not only or use.slug == only) and word in f"{use.title_de} {use.title_en}".lower()]


def register_csv(request: HttpRequest) -> HttpResponseBase:
    """Give the register as CSV."""
    english = (get_language() or "de").startswith("en")
    header = [
        "sensor",
        "name",
        "measures",
        "simulated",
        "data_use",
        "why",
        "responsible",
        "personal",
        "retention",
        "rules",
    ]
    rows = []
    for entry in _entries(request):
        for use in entry.data_uses:
            texts = [use.part(name) for name in ("responsible", "personal", "retention")]
            rows.append(
                (
                    *(entry.slug, entry.name, " ".join(entry.measures), entry.simulated, use.slug, use.purpose.slug),
                    *((text.en if english else text.de) if text else None for text in texts),
                    " ".join(rule.slug for rule in entry.rules),
                )
            )
    for use in _others(request):
        texts = [use.part(name) for name in ("responsible", "personal", "retention")]
        words = [(text.en if english else text.de) if text else None for text in texts]
        title = use.title_en if english else use.title_de
        rows.append((None, title, None, None, use.slug, use.purpose.slug, *words, None))
    return csv_file("register", header, rows)


@told
def rule(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Show a rule with all its versions."""
    versions = queries.versions(slug).filter(published_in__isnull=False)
    if not versions:
        raise Http404
    return page(
        request,
        "register/rule.html",
        versions=[(one, duty_words(one.conditions), quotes(one.source)) for one in versions],
        rule=versions[0],
        titles=queries.titles(gate().rulebook()),
        discussed=citing("rule", slug, stand_of(request).day),
    )
