"""What changed about a sheet and its rules is told by day; the sheet reads as it did."""

import datetime as dt

import pytest
from django.db.models import F, QuerySet
from django.forms import modelform_factory

from allmende.accounts.changes import save_form
from allmende.accounts.models import AuditEntry
from allmende.gate.door import Gate
from allmende.kernel.clock import today
from allmende.kernel.text import Text
from allmende.register import queries, services
from allmende.register.history import as_it_read, entered, history
from allmende.register.models import DataUse, Purpose
from tests.register.conftest import steward
from tests.register.town import build_station

DAY = dt.timedelta(days=1)


def _use() -> DataUse:
    use = queries.data_use("stadtklima-messnetz")
    assert use is not None
    return use


def _change(email: str, **values: object) -> None:
    """Change the sheet through a form, as the staff room does."""
    form_class = modelform_factory(DataUse, fields=list(values))
    form = form_class(values, instance=_use())
    assert form.is_valid(), form.errors
    save_form(steward(email), form=form)


@pytest.fixture
def earlier(register: Gate) -> Gate:
    """Give a register whose sheets were entered ten days ago."""
    build_station(register)
    # Past the model, which lets nobody change an entry.
    QuerySet(AuditEntry).update(at=F("at") - 10 * DAY)
    return register


def test_changes_of_a_sheet_are_told_by_day_without_names(earlier: Gate) -> None:
    other = Purpose.objects.get(slug="research")
    _change("rita", retention_de="Ein Jahr.", retention_en="One year.", purpose=other.pk)
    (use,) = [_use()]
    days = dict(history(earlier, [use], ["weather"], today()))
    assert entered(use) == today() - 10 * DAY
    assert [one.text for one in days[today() - 10 * DAY]] == [
        Text("Datenblatt „Messnetz Stadtklima“ eingetragen", "Data sheet “City climate network” entered")
    ]
    changed = next(one for one in days[today()] if one.details)
    assert changed.text.en == "Data sheet “City climate network” changed"
    assert {detail.en.partition(":")[0] for detail in changed.details} == {"How long?", "Purpose"}
    assert any("then “One year.”" in detail.en for detail in changed.details)
    assert any(
        "vorher „Anpassung an Hitze und Starkregen“, dann „Forschung“" in detail.de for detail in changed.details
    )
    assert any("before “Adaptation to heat and heavy rain”, then “Research”" in detail.en for detail in changed.details)
    assert "rita" not in repr(days)


def test_a_sheet_reads_as_it_did_on_a_day(earlier: Gate) -> None:
    before = _use()
    recipients = [one.pk for one in before.recipients.all()]
    other = Purpose.objects.get(slug="research")
    _change("rita", what_de="Nur Regen.", what_en="Rain only.", purpose=other.pk, recipients=recipients[:1])
    yesterday, now = as_it_read(_use(), today() - DAY), as_it_read(_use(), today())
    assert (yesterday.what_de, yesterday.purpose) == (before.what_de, before.purpose)
    assert {one.pk for one in yesterday.recipients.all()} == set(recipients)
    assert (now.what_en, now.purpose, [one.pk for one in now.recipients.all()]) == ("Rain only.", other, recipients[:1])


def test_rules_that_came_changed_and_went_are_told_with_their_rule_book(earlier: Gate) -> None:
    rita, tom = steward("rita"), steward("tom")
    for slug, name, value in (
        ("umwelt-veroeffentlichen", "reason_en", "For all."),
        ("umwelt-nutzen", "withdrawn", True),
        ("verkehr-nutzen", "withdrawn", True),
    ):
        rule = next(rule for rule in queries.newest_rules() if rule.slug == slug)
        setattr(rule, name, value)
        services.edit_rule(rita, rule=rule)
    services.publish_rulebook(tom, decision="x", gate=earlier)
    (found,) = dict(history(earlier, [], ["weather"], today())).values()
    second = [one.text.en for one in found if one.rulebook == 2]
    assert second == [
        "Rule no longer holds: Use weather and environment data",
        "Rule changed: Publish weather and environment data",
    ], "what is about traffic is left out"
    assert sum(one.rulebook == 1 for one in found) == 7
    assert history(earlier, [_use()], ["weather"], today() - 11 * DAY) == []
