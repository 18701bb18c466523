"""Citizens' page about a use of data that no sensor collects: four answers, the sheet, the rules, what was shown."""

from typing import Any

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase

from allmende.catalog.door import gate
from allmende.ethics.model import EVERY, Rule, Rulebook
from allmende.participation import permission
from allmende.portal.asof import Stand, stand_of
from allmende.portal.data_views import told
from allmende.portal.files import csv_file
from allmende.portal.frame import page
from allmende.portal.sensor_views import PERSONS, RELEASED, Row, a_year_before, rows_of
from allmende.register import queries
from allmende.register.history import as_it_read, history
from allmende.register.minutes.queries import citing
from allmende.register.models import DataUse


def _found(slug: str, stand: Stand) -> DataUse:
    use = queries.data_use(slug)
    if use is None:
        raise Http404
    if stand.past:
        as_it_read(use, stand.day)
    return use


def categories_of(use: DataUse) -> list[str]:
    """Give the categories of a use: that of its sheet, and those in which a process shows its data."""
    known = [name for data in permission.EVERY if data.data_use == use.slug for name in (data.raw, data.shown)]
    return list(dict.fromkeys([use.category.slug, *known]))


def _rules(book: Rulebook, categories: list[str], stand: Stand) -> list[Rule]:
    spoken = {EVERY, *categories}
    return [rule for rule in book.rules if rule.in_force(stand.day) and spoken & {*rule.categories}]


def _released(use: DataUse, stand: Stand) -> list[Row]:
    return rows_of(categories_of(use), stand.day)


@told
def data_use(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Answer what, why, who and how long about a use of data."""
    stand = stand_of(request)
    use = _found(slug, stand)
    book, categories = gate().rulebook(stand.day), categories_of(use)
    values: dict[str, Any] = {"released": _released(use, stand), "since": a_year_before(stand.day)}
    return page(
        request,
        "register/use.html",
        stand,
        use=use,
        persons=use.category.personal in PERSONS,
        rules=_rules(book, categories, stand),
        titles=queries.titles(book),
        takes_part=any(data.data_use == slug for data in permission.EVERY),
        discussed=citing("data-use", slug, stand.day),
        history=history(gate(), [use], categories, stand.day),
        **values,
    )


def data_use_csv(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Give how often data of a use was published and passed on as CSV."""
    stand = stand_of(request)
    first = a_year_before(stand.day)
    rows = [
        (row.flow.category, row.flow.verb, row.flow.purpose, row.flow.recipient, row.times, first, stand.day)
        for row in _released(_found(slug, stand), stand)
    ]
    return csv_file(f"{slug}-weitergabe", RELEASED, rows)
