"""What the office writes into forms about money, and what they refuse before it could do harm for good."""

import datetime as dt
from typing import Any

import pytest
from django.test import Client

from allmende.money import queries
from allmende.money.models import (
    Award,
    AwardTerms,
    BaseRate,
    Booking,
    Commitment,
    CostType,
    DrawDown,
    FundingSource,
    Invoice,
)
from allmende.programme.models import Project
from tests.money.conftest import browser
from tests.money.test_pages import text_of

pytestmark = pytest.mark.usefixtures("musterstadt")


def words_of(client: Client, address: str, sent: dict[str, Any]) -> str:
    """Send a form, and give what the page says then."""
    return client.post(address, sent, follow=True).content.decode()


TERMS: dict[str, Any] = {
    **{"start": "2026-01-01", "end": "2028-12-31", "rate_numerator": "13", "rate_denominator": "20"},
    "ceiling_cents": "1.234.567,89",
}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"rate_denominator": "0"}, "höchstens eins"),
        ({"rate_numerator": "0"}, "höchstens eins"),
        ({"rate_numerator": "21"}, "höchstens eins"),
        ({"end": "2025-12-31"}, "vor dem Anfang"),
        ({"proof_due": "2027-01-01"}, "nicht vor dem Ende"),
        ({"ceiling_cents": "0"}, "Nennen Sie den Betrag"),
        ({"ceiling_cents": "-5"}, "größer oder gleich 0"),
        ({"ceiling_cents": "99999999999999999999"}, "zu groß"),
        ({"ceiling_cents": "viel"}, "kein Geldbetrag"),
    ],
)
def test_terms_that_would_stop_every_page_are_refused(change: dict[str, str], said: str) -> None:
    award, office, before = Award.objects.all()[1], browser("anna"), AwardTerms.objects.count()
    sent = {**TERMS, **change, "award": award.pk}
    assert said in words_of(office, "/intern/foerderbedingungen/new/", sent)
    assert AwardTerms.objects.count() == before


def test_amounts_are_written_and_shown_in_euros() -> None:
    award, office = Award.objects.all()[1], browser("anna")
    text = words_of(office, "/intern/foerderbedingungen/new/", {**TERMS, "award": award.pk})
    assert AwardTerms.objects.latest("pk").ceiling_cents == 1_234_567_89
    assert "1.234.567,89" in text
    assert "in Euro" in text_of(office, "/intern/prognosen/new/")
    assert "in Cent" not in text_of(office, "/intern/planfassungen/new/")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"until": "2025-01-01"}, "vor dem Anfang"),
        ({"signed": "2100-01-01", "until": ""}, "in der Zukunft"),
        ({"exit_cents": "200000,01"}, "mehr als die ganze Summe"),
    ],
)
def test_a_contract_that_cannot_be_is_refused_and_a_sound_one_can_be_booked_on(
    change: dict[str, str], said: str
) -> None:
    licht, kind = Project.objects.get(slug="licht"), CostType.objects.all()[0]
    sent = {"number": "V-X", "project": licht.pk, "cost_type": kind.pk, "title": "Masten", "signed": "2026-01-02"}
    sent |= {"until": "2027-12-31", "cents": "200000", "exit_cents": "10000"}
    office = browser("anna")
    assert said in words_of(office, "/intern/festlegungen/new/", {**sent, **change})
    assert not Commitment.objects.filter(number="V-X").exists()
    words_of(office, "/intern/festlegungen/new/", sent)
    bill = Invoice.objects.filter(open__isnull=False)[0]
    assert "V-X Masten" in text_of(office, f"/intern/geld/rechnungen/{bill.pk}/")
    assert "200.000,00" in text_of(office, "/intern/geld/festlegungen/")


def test_more_booked_than_agreed_is_said() -> None:
    assert "Mehr gebucht als vereinbart" not in text_of(browser("anna"), "/intern/geld/festlegungen/")
    row = Commitment.objects.get(number="V-2024-01")
    Commitment.objects.create(
        number=row.number, project=row.project, cost_type=row.cost_type, title="x", signed=row.signed, cents=1
    )
    assert "Mehr gebucht als vereinbart" in text_of(browser("anna"), "/intern/geld/festlegungen/")


def test_a_payment_is_entered_with_the_invoice() -> None:
    office, bill = browser("anna"), Invoice.objects.filter(open__isnull=False)[0]
    address = f"/intern/geld/rechnungen/{bill.pk}/"
    sent = {"deed": "allocate", "project": Project.objects.get(slug="licht").pk, "year": "2026", "cents": "1,50"}
    sent |= {"cost_type": CostType.objects.all()[0].pk, "own_source": FundingSource.objects.get(slug="stadt").pk}
    words_of(office, address, {**sent, "eligible": "1,50"})
    row = Booking.objects.latest("pk")
    assert str(bill) in text_of(office, "/intern/geld/buchungen/?bezahlt=0")
    assert "in der Zukunft" in words_of(office, address, {"deed": "pay", "booking": row.pk, "day": "2100-01-01"})
    words_of(office, address, {"deed": "pay", "booking": row.pk, "day": "2026-11-02"})
    assert str(bill) not in text_of(office, "/intern/geld/buchungen/?bezahlt=0")
    assert Booking.objects.latest("pk").paid == dt.date(2026, 11, 2)


def test_a_base_rate_that_was_mistyped_is_corrected() -> None:
    office, sent = browser("anna"), {"since": "2027-01-01", "hundredths": "12,7", "source": "Bundesbank"}
    words_of(office, "/intern/basiszinssaetze/new/", sent)
    row = BaseRate.objects.get()
    edit = f"/intern/basiszinssaetze/edit/{row.pk}/"
    assert 'value="12,70"' in text_of(office, edit)
    for wrong in ("1,275", "viel", "1e3"):
        assert "höchstens zwei Nachkommastellen" in words_of(office, edit, {**sent, "hundredths": wrong})
    words_of(office, edit, {**sent, "hundredths": "-0,88"})
    assert BaseRate.objects.get().hundredths == -88
    words_of(office, edit, {**sent, "hundredths": "1.27 %"})
    assert [rate.hundredths for rate in queries.base_rates() if rate.since == dt.date(2027, 1, 1)] == [127]
    assert "1270" in text_of(office, f"/intern/basiszinssaetze/history/{row.pk}/")


def test_a_payment_is_corrected_with_its_reason() -> None:
    office, made = browser("anna"), DrawDown.objects.filter(payments__isnull=False)[0]
    address, sent = f"/intern/geld/abrufe/{made.pk}/", {"day": "2026-11-02", "cents": "1.000,00"}
    assert "Auszahlung berichtigen" in words_of(office, address, sent)
    assert "1.000,00" in words_of(office, address, {**sent, "reason": "Kontoauszug"}).partition("Nach Kostenart")[0]
    assert "Kontoauszug" in text_of(office, address)
    assert made.payments.count() == 2


def test_there_is_one_federal_source() -> None:
    sent = {"slug": "bund-2", "title_de": "Bund", "title_en": "Federation", "kind": "federal", "position": "9"}
    assert "Den Bund gibt es schon" in words_of(browser("anna"), "/intern/mittelgeber/new/", sent)
    words_of(browser("anna"), "/intern/mittelgeber/new/", {**sent, "kind": "third", "slug": "kreis"})
    assert list(FundingSource.objects.filter(slug__in=["bund-2", "kreis"]).values_list("slug", flat=True)) == ["kreis"]
