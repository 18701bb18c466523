"""Pages about money, for residents and in the staff room; who may see what."""

import csv
import datetime as dt
import io
import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from allmende.accounts.models import AuditEntry
from allmende.kernel.money import Money
from allmende.money import queries
from allmende.money.models import Award, Booking, Commitment, CostType, DrawDown, Invoice, Plan, Proof, Scenario
from allmende.programme.models import Project
from tests.money.conftest import browser, person

AS_OF = dt.date(2026, 11, 20)
STAFF = (
    *(
        "",
        "buchungen/",
        "buchungen.csv",
        "buchungen.xlsx",
        "rechnungen/",
        "festlegungen/",
        "festlegungen.csv",
        "plaene/",
        "abrufe/",
        "nachweise/",
    ),
    *("einlesen/", "szenarien/", "szenarien.csv", "szenarien/neu/", "szenarien/vergleich/", "fristen/", "fristen.csv"),
    *("festlegungen/", "festlegungen.csv"),
)


def text_of(client: Client, address: str) -> str:
    """Give a page's text."""
    answer = client.get(address)
    assert answer.status_code == 200, address
    return answer.content.decode()


@pytest.mark.usefixtures("musterstadt")
class TestPublic:
    """What residents see of a city that publishes its positions."""

    @pytest.mark.parametrize("language", ["", "/en"])
    @pytest.mark.parametrize(
        "page", ["/geld/", "/geld/eigenmittel/", "/geld/unterschied/", "/geld/?stand=2024-02-01", "/projekte/licht/"]
    )
    def test_every_page_answers_in_both_languages_and_says_that_it_is_invented(self, language: str, page: str) -> None:
        text = text_of(Client(), f"{language}{page}")
        if "unterschied" not in page:
            assert ("Invented amounts" if language else "Erfundene Beträge") in text

    def test_amounts_are_those_of_the_day_asked_for(self) -> None:
        assert "8.000.000,00" in text_of(Client(), "/geld/?stand=2024-02-01")
        assert "7.400.000,00" in text_of(Client(), "/geld/")
        assert "7.400.000,00" not in text_of(Client(), "/geld/?stand=2024-02-01")

    def test_the_picture_carries_every_project_and_the_table_stands_beside(self) -> None:
        picture = text_of(Client(), "/geld/fluss.svg")
        page = text_of(Client(), "/geld/")
        for line in queries.overview(AS_OF).lines:
            assert line.project is not None
            assert line.project.title_de in picture
            assert line.project.title_de in page

    def test_json_and_csv_say_the_same_as_the_page(self) -> None:
        content = json.loads(text_of(Client(), "/geld.json?stand=2026-11-20"))
        assert content["simulated"] is True
        assert sum(sum(one["plan"].values()) for one in content["projects"]) == 7_400_000_00
        lines = b"".join(Client().get("/geld/projekte.csv").streaming_content).decode().splitlines()  # type: ignore[attr-defined]
        header, rows = lines[0].split(","), [line.split(",") for line in lines[1:]]
        at = [header.index(f"plan_{name}_cents") for name in ("federal", "city", "third")]
        assert sum(int(row[index]) for row in rows for index in at) == 7_400_000_00

    def test_what_is_not_known_of_the_time_after_is_said_and_not_left_out(self) -> None:
        known, unknown = Project.objects.get(slug="licht"), Project.objects.get(slug="barrierefrei")
        page = text_of(Client(), "/geld/").partition("Was es danach kostet")[2]
        assert known.title_de in page.partition("Noch nicht bekannt bei:")[0]
        assert unknown.title_de in page.partition("Noch nicht bekannt bei:")[2].partition("</p>")[0]
        rows = text_of(Client(), "/geld/danach.csv").splitlines()
        assert "barrierefrei,,,," in rows
        assert [row for row in rows if row.startswith("licht,3800000,2026-02-01,")]
        assert not [row for row in rows if row.startswith("parken,")], "a project that is over costs nothing any more"
        tasks = text_of(browser("anna"), "/intern/aufgaben/")
        assert "Projekte ohne Betrag oder Träger" in tasks

    def test_how_much_of_the_own_share_third_parties_carry_is_that_of_the_day(self) -> None:
        assert "Vom Eigenanteil tragen Dritte 14,2 %" in text_of(Client(), "/geld/?stand=2024-02-01")
        assert "Vom Eigenanteil tragen Dritte 15,0 %" in text_of(Client(), "/geld/")

    def test_the_difference_between_two_plans_is_shown(self) -> None:
        text = text_of(Client(), "/geld/unterschied/")
        assert "−600.000,00" in text
        assert "Freie Plätze finden" in text
        rows = list(csv.DictReader(io.StringIO(text_of(Client(), "/geld/unterschied.csv"))))
        assert sum(row["project"] == "parken" for row in rows) > 5
        told = json.loads(text_of(Client(), "/geld/unterschied.json"))["differences"]
        assert [{name: str(value) for name, value in one.items()} for one in told] == rows
        assert sum(one["after_cents"] - one["before_cents"] for one in told) == -600_000_00

    def test_the_block_for_other_sites_has_the_sums_of_the_page(self) -> None:
        told = json.loads(text_of(Client(), "/oembed?url=http://testserver/en/geld/"))
        assert (told["title"], told["type"]) == ("Money", "rich")
        assert 'src="http://testserver/en/einbetten/geld/"' in told["html"]
        answer = Client().get("/einbetten/geld/?stand=2024-02-01")
        assert "frame-ancestors *" in answer["Content-Security-Policy"]
        block = answer.content.decode()
        assert "8.000.000,00" in block
        assert "1. Februar 2024" in block
        assert "<script" not in block
        assert "7.400.000,00" in text_of(Client(), "/einbetten/geld/")
        assert "einbetten/geld/" in text_of(Client(), "/geld/")

    def test_no_supplier_and_no_person_is_named(self) -> None:
        pages = [text_of(Client(), page) for page in ("/geld/", "/geld.json", "/geld/eigenmittel/", "/projekte/licht/")]
        suppliers = set(Invoice.objects.values_list("supplier", flat=True)) - {"Stadtwerke (erdacht)"}
        assert not [name for name in suppliers for page in pages if name in page]

    def test_hours_of_two_people_are_hidden_on_the_project_page(self) -> None:
        text = text_of(Client(), "/projekte/beteiligung/")
        assert "780 Stunden" in text
        assert "410" not in text


@pytest.mark.usefixtures("musterstadt")
class TestStaff:
    """What the staff room shows to whom."""

    def test_the_office_opens_every_page(self) -> None:
        office = browser("anna")
        for page in STAFF:
            assert office.get(f"/intern/geld/{page}").status_code == 200, page
        for row, name in (
            *((Plan.objects.all()[0], "plaene"), (DrawDown.objects.all()[0], "abrufe")),
            *((Scenario.objects.all()[0], "szenarien"), (Invoice.objects.all()[0], "rechnungen")),
        ):
            assert office.get(f"/intern/geld/{name}/{row.pk}/").status_code == 200, name
        assert office.get("/intern/prognosen/").status_code == 200

    def test_amounts_are_listed_and_entered_in_euros_and_titles_follow_the_language(self) -> None:
        office, english = browser("anna"), {"accept-language": "en"}
        page = office.get("/intern/festlegungen/", headers=english).content.decode()
        assert "€620,000.00" in page
        assert "Light on demand" in page
        assert "Licht nach Bedarf" in office.get("/intern/festlegungen/").content.decode()
        kind, project = CostType.objects.get(slug="auftraege"), Project.objects.get(slug="licht")
        sent = {"number": "V-99", "title": "Mast", "project": project.pk, "cost_type": kind.pk, "signed": "2026-10-01"}
        address, known = "/intern/festlegungen/new/", {**sent, "known_since": "2026-10-01"}
        for amount in ("-5,00", "fünf", "1,234,5"):
            assert office.post(address, {**known, "cents": amount}).status_code == 200, amount
        assert office.post(address, {**known, "cents": "1.234,56", "exit_cents": "100,00"}).status_code == 302
        row = Commitment.objects.get(number="V-99")
        assert (row.cents, row.exit_cents) == (1_234_56, 100_00)
        assert "1.234,56" in office.get(f"/intern/festlegungen/inspect/{row.pk}/").content.decode()

    def test_the_auditor_reads_all_and_writes_nothing(self) -> None:
        auditor, bill = browser("auditor"), Invoice.objects.all()[0]
        before = (Booking.objects.count(), AuditEntry.objects.count())
        for page in STAFF:
            assert auditor.get(f"/intern/geld/{page}").status_code == 200, page
        for page in (
            f"rechnungen/{bill.pk}/",
            "rechnungen/",
            "plaene/",
            "abrufe/",
            "nachweise/",
            "einlesen/",
            "szenarien/",
        ):
            assert auditor.post(f"/intern/geld/{page}", {"deed": "reverse", "reason": "x"}).status_code in (302, 403), (
                page
            )
        assert Booking.objects.count() == before[0]
        assert "Rechnung eintragen" not in text_of(auditor, "/intern/geld/rechnungen/")

    def test_a_project_lead_sees_the_money_of_their_own_projects_only(self) -> None:
        lead = browser("lead")
        Project.objects.get(slug="energie").leads.add(person("lead"))
        listed = b"".join(lead.get("/intern/geld/buchungen.csv").streaming_content).decode().splitlines()[1:]  # type: ignore[attr-defined]
        own = Booking.objects.filter(project__slug="energie").count()
        assert len(listed) == own
        other = b"".join(lead.get("/intern/geld/buchungen.csv?projekt=licht").streaming_content).decode()  # type: ignore[attr-defined]
        assert len(other.splitlines()) == 1
        text = text_of(lead, "/intern/geld/")
        assert "Energie in Schulen" in text
        assert "Licht nach Bedarf" not in text
        for page in (
            "rechnungen/",
            "festlegungen/",
            "festlegungen.csv",
            "plaene/",
            "abrufe/",
            "nachweise/",
            "einlesen/",
            "szenarien/",
            "fristen/",
        ):
            assert lead.get(f"/intern/geld/{page}").status_code in (302, 403), page

    def test_an_invoice_goes_from_entry_to_draw_down_in_the_browser(self) -> None:
        office = browser("anna")
        given = {"supplier": "Werk", "number": "B7", "day": "2026-10-01", "cents": "1.234,56", "text": "Mast"}
        address = office.post("/intern/geld/rechnungen/", given).headers["Location"]
        form = office.get(address).context["allocate"]
        assert form["cents"].value() == "1234,56"
        part: dict[str, Any] = {
            **{"deed": "allocate", "project": Project.objects.get(slug="licht").pk, "year": 2026},
            **{"cost_type": 1, "own_source": 2, "cents": "1234,56", "eligible": "1234,56", "paid": "2026-10-10"},
        }
        part["cost_type"] = form.fields["cost_type"].queryset[0].pk
        part["own_source"] = form.fields["own_source"].queryset[0].pk
        office.post(address, part)
        row = Booking.objects.get(invoice__number="B7")
        award = Award.objects.get(slug="umsetzungsphase")
        preview = text_of(office, f"/intern/geld/abrufe/?award={award.pk}&until=2026-11-15")
        assert "abzurufen" in preview
        waits = office.post("/intern/geld/abrufe/", {"award": award.pk, "until": "2026-11-15"}).headers["Location"]
        assert "zweite Person" in text_of(office, waits)
        assert "B7" in b"".join(office.get(f"{waits.rstrip('/')}.csv").streaming_content).decode()  # type: ignore[attr-defined]
        assert "zweite Person" in office.post(waits, {"deed": "release"}, follow=True).content.decode()
        assert not hasattr(row, "line")
        assert "Mittelabruf freigeben" in text_of(office, "/intern/aufgaben/")
        assert "freigegeben von" in browser("berta").post(waits, {"deed": "release"}, follow=True).content.decode()
        row.refresh_from_db()
        assert row.line.draw_down == DrawDown.objects.order_by("-pk")[0]
        wrong = office.post(address, {**part, "cents": "9", "eligible": "9"})
        assert (
            "Offen sind auf dieser Rechnung nur 0 Cent" in office.get(address).content.decode()
            or wrong.status_code == 200
        )

    @pytest.mark.parametrize(
        "change", [{"cents": "-5"}, {"cents": "zwölf"}, {"cents": ""}, {"day": "2999-01-01"}, {"supplier": ""}]
    )
    def test_a_bad_invoice_is_shown_again_and_not_kept(self, change: dict[str, str]) -> None:
        given = {"supplier": "Werk", "number": "B9", "day": "2026-10-01", "cents": "10,00", "text": "Mast", **change}
        assert browser("anna").post("/intern/geld/rechnungen/", given).status_code == 200
        assert not Invoice.objects.filter(number="B9").exists()

    def test_an_invoice_is_entered_once_in_the_browser(self) -> None:
        given = {"supplier": "Werk", "number": "B9", "day": "2026-10-01", "cents": "10,00", "text": "Mast"}
        answers = [browser("anna").post("/intern/geld/rechnungen/", given).status_code for _turn in range(2)]
        assert answers == [302, 200]
        assert Invoice.objects.filter(number="B9").count() == 1

    def test_a_project_with_bookings_stays(self) -> None:
        project = Project.objects.get(slug="licht")
        page = browser("anna").post(reverse("projekte:delete", args=[project.pk]), follow=True).content.decode()
        assert "wird noch gebraucht" in page
        assert Booking.objects.filter(project=project).exists()

    def test_a_proof_is_made_with_progress_and_approved_by_a_second_person(self) -> None:
        office, second = browser("anna"), browser("berta")
        award = Award.objects.get(slug="umsetzungsphase")
        answer = office.post("/intern/geld/nachweise/", {"award": award.pk, "day": "2026-11-20"})
        grown = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
        proof = Proof.objects.get()
        assert f"/intern/geld/nachweise/{proof.pk}/" in grown
        address = f"/intern/geld/nachweise/{proof.pk}/"
        office.post(address)
        proof.refresh_from_db()
        assert proof.state == "draft"
        second.post(address)
        proof.refresh_from_db()
        assert (proof.state, proof.approved_by) == ("approved", person("berta"))
        assert office.get(f"{address[:-1]}.json").headers["X-Content-SHA256"] == proof.digest
        assert proof.digest in text_of(Client(), "/geld/")

    def test_a_scenario_is_saved_and_a_stale_one_refused(self) -> None:
        office, pk = browser("anna"), Scenario.objects.get(name="Kürzen").pk
        form = office.get(f"/intern/geld/szenarien/{pk}/aendern/").context["form"]
        sent = {field.html_name: field.value() for field in form}
        licht = Project.objects.get(slug="licht").pk
        changed = {**sent, f"way_{licht}": "stop", f"risk_{licht}": "0"}
        assert office.post(f"/intern/geld/szenarien/{pk}/aendern/", changed).status_code == 302
        assert Scenario.objects.get(pk=pk).choices["licht"] == {"way": "stop", "risk": 0}
        assert (
            "seit Sie ihn gesehen haben" in office.post(f"/intern/geld/szenarien/{pk}/aendern/", sent).content.decode()
        )


@pytest.mark.usefixtures("musterstadt")
@pytest.mark.parametrize("word", ["²", "9" * 30, "-1", "x"])
@pytest.mark.parametrize(
    "page",
    [
        *("buchungen/?jahr=", "buchungen.csv?jahr=", "szenarien/vergleich/?szenario=", "szenarien.csv?szenario="),
        "szenarien/neu/?von=",
    ],
)
def test_what_is_no_number_is_no_trouble(page: str, word: str) -> None:
    assert browser("anna").get(f"/intern/geld/{page}{word}").status_code == 200


@pytest.mark.usefixtures("musterstadt")
@pytest.mark.parametrize("page", ["/meilensteine/", "/geld/", "/geld/unterschied/", "/projekte/", "/programm/"])
def test_the_first_day_of_all_is_no_trouble(page: str) -> None:
    assert Client().get(f"{page}?stand=0001-01-01&seit=0001-01-01").status_code == 200


@pytest.mark.usefixtures("musterstadt")
class TestScenarios:
    """Choosing projects, what happens with each, and what that leads to side by side."""

    def test_projects_are_chosen_then_decided_one_by_one_and_compared(self) -> None:
        office = browser("anna")
        assert 'value="energie"' in text_of(office, "/intern/geld/szenarien/neu/")
        form = text_of(office, "/intern/geld/szenarien/neu/?projekt=&projekt=energie&projekt=licht")
        energy, light = (Project.objects.get(slug=slug).pk for slug in ("energie", "licht"))
        assert f"way_{energy}" in form
        assert f"way_{Project.objects.get(slug='parken').pk}" not in form
        sent: dict[str, Any] = {
            **{"name": "Nur zwei", "day": "2026-11-20", "stop": "2026-12-31", "edits": 0},
            **{"projekt": ["energie", "licht"], f"way_{energy}": "stop", f"risk_{energy}": 100},
            **{f"way_{light}": "shrink", f"keep_{light}": 10},
        }
        assert office.post("/intern/geld/szenarien/neu/", sent).status_code == 302
        saved = Scenario.objects.get(name="Nur zwei")
        assert saved.choices == {"energie": {"way": "stop", "risk": 100}, "licht": {"way": "shrink", "keep": 10}}
        index = text_of(office, "/intern/geld/szenarien/")
        assert "Nur zwei" in index
        other = office.post(
            "/intern/geld/szenarien/neu/", {**sent, "name": "Beide weiter", f"way_{energy}": "continue"}
        )
        going = other.headers["Location"].rstrip("/").rpartition("/")[2]
        page = office.get(f"/intern/geld/szenarien/vergleich/?szenario={going}&szenario={saved.pk}")
        grants = page.context["measures"][3].amounts
        assert grants[0][0].cents == 0
        assert grants[1][1] == grants[1][0] == sum_of_received("energie")
        assert [project.slug for project, _cells in page.context["lines"]] == ["energie"]
        assert (
            len(office.get(f"{page.request['PATH_INFO']}?{page.request['QUERY_STRING']}&alle=1").context["lines"]) == 2
        )
        rows = text_of(office, f"/intern/geld/szenarien.csv?szenario={saved.pk}").splitlines()
        assert [row.split(",")[2:6] for row in rows[1:]] == [
            ["licht", "shrink", "10", ""],
            ["energie", "stop", "", "100"],
        ]

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            ({"way": "double"}, "was geschehen soll"),
            ({"way": "stop", "risk": "101"}, "von 0 bis 100"),
            ({"way": "shrink", "keep": "-5"}, "von 0 bis 100"),
            ({"way": "shrink"}, "von 0 bis 100"),
        ],
    )
    def test_what_cannot_be_chosen_is_refused_and_nothing_is_saved(self, change: dict[str, str], said: str) -> None:
        number = Project.objects.get(slug="licht").pk
        sent = {"name": "Falsch", "day": "2026-11-20", "stop": "2026-12-31", "edits": "0", "projekt": "licht"}
        sent |= {f"{name}_{number}": value for name, value in change.items()}
        assert said in browser("anna").post("/intern/geld/szenarien/neu/", sent).content.decode()
        assert not Scenario.objects.filter(name="Falsch").exists()

    def test_what_is_not_alike_is_said(self) -> None:
        one = Scenario.objects.create(name="A", day=AS_OF, stop=AS_OF, projects=["licht"], choices={})
        two = Scenario.objects.create(name="B", day=dt.date(2025, 1, 1), stop=AS_OF, choices={})
        text = text_of(browser("anna"), f"/intern/geld/szenarien/vergleich/?szenario={one.pk}&szenario={two.pk}")
        assert "Zahlen verschiedener Tage" in text
        assert "verschiedenen Projekten" in text
        Scenario.objects.create(name="C", day=AS_OF, stop=AS_OF, choices={})
        assert "weggelassen" in text_of(browser("anna"), "/intern/geld/szenarien/vergleich/")


def sum_of_received(slug: str) -> Any:
    """Give what the funder had paid for a project."""
    paid = queries.received_by_project(AS_OF)[Project.objects.get(slug=slug).pk]
    return Money(sum(one.cents for one in paid))
