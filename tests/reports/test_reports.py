"""Reports: two people, frozen bytes, the day they speak of, their files, and what differs."""

import csv
import datetime as dt
import hashlib
import io
import json
import re
from typing import Any

import openpyxl
import pytest
from django.test import Client

from allmende.accounts.models import AuditEntry
from allmende.gate.door import Gate
from allmende.gate.ledger import Ledger
from allmende.kernel.clock import today
from allmende.ledger.check import verify_log
from allmende.ledger.note import LOG, Signer
from allmende.money.models import Award, Invoice, Proof
from allmende.money.services.proofs import draft_proof
from allmende.programme.models import Project, ProjectEvent
from allmende.programme.queries import projects_on
from allmende.reports.models import Report
from allmende.ui.documents import draw_document
from tests.reports.conftest import EARLY, LATE, approved, begun, browser, person, texts

pytestmark = pytest.mark.usefixtures("musterstadt")


def get(address: str, client: Client | None = None) -> Any:
    """Get an answer that is there."""
    answer = (client or Client()).get(address)
    assert answer.status_code == 200, (address, answer.status_code)
    return answer


def tables(content: dict[str, Any]) -> dict[str, Any]:
    """Give the tables of a report by name; of several awards those of the last."""
    return {table["key"]: table for part in content["parts"] for table in part["tables"]}


class TestFourEyes:
    """Who worked on a report does not approve it."""

    def test_neither_who_began_nor_who_wrote_nor_who_sent_approves(self) -> None:
        address = begun()
        browser("writer").post(address, {"deed": "write", "edits": 0, "summary_de": "a", "summary_en": "b"})
        browser("sender").post(address, {"deed": "send"})
        for name in ("office", "writer", "sender"):
            answer = browser(name).post(address, {"deed": "approve"}, follow=True)
            assert "Bitten Sie eine zweite Person" in answer.content.decode()
        assert Report.objects.get().state == "waiting"
        browser("second").post(address, {"deed": "approve"})
        assert Report.objects.get().approved_by == person("second")

    def test_who_did_not_work_on_it_finds_it_among_their_tasks(self) -> None:
        browser("office").post(begun(), {"deed": "send"})
        address = f"/intern/berichte/{Report.objects.get().pk}/"
        tasks = {
            name: get("/intern/aufgaben/", browser(name)).content.decode() for name in ("office", "second", "auditor")
        }
        assert [name for name, page in tasks.items() if address in page] == ["second"]
        browser("second").post(address, {"deed": "approve"})
        assert address not in get("/intern/aufgaben/", browser("second")).content.decode()

    def test_a_report_is_public_only_when_it_is_approved(self) -> None:
        address = begun()
        number = Report.objects.get().pk
        for deed in ("", "send"):
            if deed:
                browser("office").post(address, {"deed": deed})
            assert Client().get(f"/programm/berichte/{number}/").status_code == 404
            assert Client().get(f"/programm/berichte/{number}.pdf").status_code == 404
        browser("second").post(address, {"deed": "approve"})
        assert f"/programm/berichte/{number}/" in get("/programm/berichte/").content.decode()

    def test_a_report_goes_back_with_a_reason_and_its_content_is_made_anew(self) -> None:
        address = begun()
        browser("office").post(address, {"deed": "send"})
        assert texts(address, summary="zu spät").status_code == 200
        assert "Der Grund fehlt" in browser("second").post(address, {"deed": "return"}, follow=True).content.decode()
        browser("second").post(address, {"deed": "return", "reason": "Bitte kürzer"})
        row = Report.objects.get()
        assert (row.state, row.digest, row.content) == ("draft", "", None)
        assert "Bitte kürzer" in get(address, browser("office")).content.decode()

    def test_each_write_leaves_its_entry_and_the_auditor_reads_and_writes_nothing(self) -> None:
        approved(summary="Kurz")
        verbs = list(
            AuditEntry.objects.filter(verb__startswith="report.").order_by("pk").values_list("verb", flat=True)
        )
        assert verbs == ["report.created", "report.edited", "report.sent", "report.approved"]
        address = f"/intern/berichte/{Report.objects.get().pk}/"
        auditor = browser("auditor")
        get("/intern/berichte/", auditor)
        get(address, auditor)
        for deed in ("write", "send", "approve", "return"):
            assert auditor.post(address, {"deed": deed}).status_code in (302, 403)
        assert auditor.post("/intern/berichte/", {"kind": "council", "day": "2026-01-31"}).status_code in (302, 403)
        assert AuditEntry.objects.filter(verb__startswith="report.").count() == 4
        assert Report.objects.count() == 1

    @pytest.mark.parametrize(
        ("sent", "words"),
        [
            ({"deed": "write", "edits": 7, "summary_de": "a", "summary_en": "b"}, "jemand anderes"),
            ({"deed": "send"}, "nur in einer Sprache"),
        ],
    )
    def test_a_lost_edit_and_a_half_translation_are_refused(self, sent: dict[str, Any], words: str) -> None:
        address = begun()
        browser("office").post(address, {"deed": "write", "edits": 0, "summary_de": "nur deutsch"})
        assert words in browser("office").post(address, sent, follow=True).content.decode()
        assert Report.objects.get().state == "draft"

    def test_a_day_that_is_not_over_is_refused(self) -> None:
        sent = {"kind": "council", "day": today().isoformat()}
        assert "gestern" in browser("office").post("/intern/berichte/", sent).content.decode()
        assert not Report.objects.exists()


class TestFrozen:
    """An approved report stays as it is."""

    def test_every_form_has_the_same_bytes_the_second_time_and_the_hash_is_that_of_the_json(self) -> None:
        number = approved(summary="Alles Wichtige")
        first = {end: get(f"/programm/berichte/{number}.{end}").content for end in ("json", "pdf", "xlsx", "csv")}
        draw_document.cache_clear()
        assert first == {end: get(f"/programm/berichte/{number}.{end}").content for end in first}
        digest = hashlib.sha256(first["json"]).hexdigest()
        assert digest == Report.objects.get().digest
        assert digest in get("/en/programm/berichte/").content.decode()

    def test_its_hash_stands_in_the_public_log_once_it_is_approved(self, gate: Gate) -> None:
        log, signer = Ledger(gate), Signer.made("city.example", LOG)
        browser("office").post(begun(), {"deed": "send"})
        log.sequence(signer)
        waiting = Report.objects.get()
        assert verify_log(log, signer.key, sha256=waiting.digest).named == ()
        browser("second").post(f"/intern/berichte/{waiting.pk}/", {"deed": "approve"})
        log.sequence(signer)
        body = get(f"/programm/berichte/{waiting.pk}.json").content
        named = verify_log(log, signer.key, sha256=hashlib.sha256(body).hexdigest()).named
        assert json.loads(log.entry(named[0]))["document"] == f"council/{LATE}/{waiting.pk}"
        assert "/ledger/checkpoint" in get(f"/programm/berichte/{waiting.pk}/").content.decode()

    def test_what_changes_later_changes_nothing(self) -> None:
        number = approved()
        address = f"/programm/berichte/{number}"
        first = [get(f"{address}{end}").content for end in (".json", ".pdf", ".xlsx")]
        title = Project.objects.get(slug="licht").title_de
        Project.objects.filter(slug="licht").update(title_de="Ganz anders")
        ProjectEvent.objects.filter(day__lte=LATE).update(text_de="Ganz anders", state="dropped")
        assert [get(f"{address}{end}").content for end in (".json", ".pdf", ".xlsx")] == first
        page = get(f"{address}/").content.decode()
        assert title in page
        assert "Ganz anders" not in page

    @pytest.mark.parametrize("day", [EARLY, LATE])
    def test_it_says_what_was_known_on_its_day(self, day: dt.date) -> None:
        content = get(f"/programm/berichte/{approved('yearly', day)}.json").json()
        found = tables(content)
        known = {view.project.slug: view.state for view in projects_on(day)}
        assert {row["key"] for row in found["states"]["rows"]} == set(known)
        assert all(row["cells"][1] <= day.isoformat() for row in found["events"]["rows"])
        money = json.loads(get(f"/geld.json?stand={day}").content)
        for one in money["projects"]:
            row = next(row for row in found["plan-actual"]["rows"] if row["key"] == one["project"])
            assert row["cells"][1] == sum(one["plan"].values())

    def test_unknown_is_said_and_is_not_zero(self) -> None:
        content = get(f"/programm/berichte/{approved()}.json").json()
        rows = tables(content)["indicators"]["rows"]
        assert rows
        assert all(row["cells"][1] is None for row in rows if row["cells"][4]["de"] == "unbekannt")
        assert any(row["cells"][4]["de"] == "unbekannt" for row in rows)
        assert "nicht null, sondern unbekannt" in json.dumps(rows, ensure_ascii=False)


class TestFiles:
    """The forms of a report say the same."""

    @pytest.mark.parametrize("language", ["", "/en"])
    def test_the_pdf_is_tagged_and_in_the_language_of_the_page(self, language: str) -> None:
        body = get(f"{language}/programm/berichte/{approved(summary='Kurz')}.pdf").content
        assert body.startswith(b"%PDF")
        assert b"/StructTreeRoot" in body
        assert b"pdfuaid" in body
        assert (b"/Lang(en)" if language else b"/Lang(de)") in body

    def test_the_cells_of_the_workbook_are_those_of_the_json(self) -> None:
        number = approved(summary="=1+1")
        content = get(f"/programm/berichte/{number}.json").json()
        book = openpyxl.load_workbook(io.BytesIO(get(f"/programm/berichte/{number}.xlsx").content))
        sheets = book.worksheets[1:]
        found = [table for part in content["parts"] for table in part["tables"]]
        assert len(sheets) == len(found)
        for sheet, table in zip(sheets, found, strict=True):
            kinds = [column["kind"] for column in table["columns"]]
            rows = [list(row)[: len(kinds)] for row in sheet.iter_rows(min_row=2, values_only=True)]
            expected = [[plain(cell) for cell in row["cells"]] for row in table["rows"]]
            assert [[back(cell, kind) for cell, kind in zip(row, kinds, strict=True)] for row in rows] == expected
        first = [cell for row in book.worksheets[0].iter_rows() for cell in row if cell.value == "=1+1"]
        assert [cell.data_type for cell in first] == ["s"]

    def test_the_csv_has_every_cell(self) -> None:
        number = approved()
        content = get(f"/programm/berichte/{number}.json").json()
        cells = sum(len(row["cells"]) for table in tables(content).values() for row in table["rows"])
        words = sum(len(part["words"]) for part in content["parts"])
        lines = get(f"/programm/berichte/{number}.csv").content.decode()
        assert sum(1 for _ in csv.reader(io.StringIO(lines))) == cells + words + 1


def plain(cell: Any) -> Any:
    """Give a cell as a workbook in German has it."""
    return (cell["de"] if isinstance(cell, dict) else cell) or (0 if cell == 0 else None)


def back(cell: Any, kind: str) -> Any:
    """Give a workbook's cell as the content has it."""
    if isinstance(cell, dt.datetime):
        return cell.date().isoformat()
    return round(cell * 100) if kind == "money" and cell is not None else cell


class TestFunder:
    """Statement of expenditure and proof of use come from the proof of the bookings, and name suppliers."""

    @pytest.mark.parametrize("kind", ["expenditure", "proof"])
    def test_it_is_for_staff_with_the_right_and_never_public(self, kind: str) -> None:
        number = approved(kind)
        assert Client().get(f"/programm/berichte/{number}/").status_code == 404
        assert f"/{number}/" not in get("/programm/berichte/").content.decode()
        assert browser("moderator").get(f"/intern/berichte/{number}.json").status_code in (302, 403)
        assert f"/berichte/{number}/" not in get("/intern/berichte/", browser("moderator")).content.decode()
        assert get(f"/intern/berichte/{number}.pdf", browser("auditor")).content.startswith(b"%PDF")

    def test_its_figures_are_those_of_the_frozen_proof(self) -> None:
        number = approved("expenditure")
        content = get(f"/intern/berichte/{number}.json", browser("office")).json()
        parts = {part["key"]: part for part in content["parts"]}
        for award in Award.objects.filter(awarded__lte=LATE):
            proof: Proof = draft_proof(person("office"), award=award, day=LATE)
            part = parts[award.slug]
            assert proof.digest in part["words"][0]["de"]
        receipts = tables(content)["receipts"]["rows"]
        suppliers = set(Invoice.objects.values_list("supplier", flat=True))
        assert receipts
        assert all(row["cells"][1] in suppliers for row in receipts)

    def test_the_parts_of_the_projects_add_up_to_the_whole(self) -> None:
        whole = get(f"/intern/berichte/{approved('proof')}.json", browser("office")).json()
        total = {row["key"]: row["cells"][1] for row in tables(whole)["sums"]["rows"]}
        ids = [row["key"] for row in tables(whole)["projects"]["rows"]]
        found = {"spent": 0, "eligible": 0, "federal": 0}
        for one in ids:
            part = get(f"/intern/berichte/{approved('proof', project=one)}.json", browser("office")).json()
            for row in tables(part)["sums"]["rows"]:
                found[row["key"]] += row["cells"][1]
        assert found == {key: total[key] for key in found}


class TestParts:
    """Who writes a report chooses its parts, and the report says what is missing."""

    def test_what_is_left_out_is_named_and_what_is_unknown_stays(self) -> None:
        address = begun()
        page = get(address, browser("office")).content.decode()
        assert 'name="left_out" value="money"' in page
        sent = {"deed": "write", "edits": 0, "left_out": ["money", "steering", "gaps"]}
        assert browser("office").post(address, sent).status_code == 200, "what cannot be left out is refused"
        sent["left_out"] = ["money", "steering"]
        assert browser("office").post(address, sent).status_code == 302
        browser("office").post(address, {"deed": "send"})
        browser("second").post(address, {"deed": "approve"})
        parts = {
            part["key"]: part for part in get(f"/programm/berichte/{Report.objects.get().pk}.json").json()["parts"]
        }
        assert list(parts) == ["projects", "milestones", "effects", "gaps", "left-out"]
        assert [words["en"] for words in parts["left-out"]["words"]] == ["Decisions, conditions, risks", "Money"]

    def test_a_proof_for_the_funder_is_whole(self) -> None:
        address = begun("proof")
        assert 'name="left_out"' not in get(address, browser("office")).content.decode()
        browser("office").post(address, {"deed": "write", "edits": 0, "left_out": ["money"]})
        assert Report.objects.get().left_out == []


class TestComparison:
    """A report beside the one before."""

    def test_figures_words_and_states_that_changed_are_shown_with_their_difference(self) -> None:
        first = approved("council", EARLY, summary="Es läuft gut.")
        second = approved("council", LATE, summary="Es läuft sehr gut.")
        contents = [get(f"/programm/berichte/{one}.json").json() for one in (first, second)]
        assert contents[1]["since"] == EARLY.isoformat()
        paid = [
            next(row for row in tables(content)["plan-actual"]["rows"] if row["key"] == "total")["cells"][5]
            for content in contents
        ]
        assert f"/programm/berichte/{second}/gegen/{first}/" in get(f"/programm/berichte/{second}/").content.decode()
        for address, client in (
            (f"/programm/berichte/{second}/gegen/{first}/", Client()),
            (f"/intern/berichte/{second}/vergleich/", browser("auditor")),
        ):
            page = get(address, client).content.decode()
            assert "<ins>sehr </ins>" in page
            assert written(paid[1] - paid[0]) in page
            assert written(paid[0]) in page

    def test_what_moved_is_counted_from_the_last_report_that_was_approved_here(self) -> None:
        number = approved("council", LATE)
        page = Client().get("/meilensteine/").content.decode()
        assert "Seit dem letzten Bericht (Bericht an den Rat, 30. Juni 2026)" in page
        assert f"/programm/berichte/{number}/" in page
        assert "30. Juni 2026)" not in Client().get("/meilensteine/?stand=2026-10-01").content.decode()

    def test_reports_on_other_things_are_not_compared(self) -> None:
        first, other = approved("council", EARLY), approved("yearly", LATE)
        assert Client().get(f"/programm/berichte/{other}/gegen/{first}/").status_code == 404

    def test_a_report_on_one_project_speaks_of_it_alone(self) -> None:
        project = Project.objects.get(slug="licht")
        content = get(f"/programm/berichte/{approved(project=project.pk)}.json").json()
        assert [row["key"] for row in tables(content)["states"]["rows"]] == ["licht"]
        assert [row["key"] for row in tables(content)["plan-actual"]["rows"]] == ["licht"]
        assert project.title_de in get(f"/programm/berichte/{Report.objects.get().pk}/").content.decode()


def written(cents: int) -> str:
    """Write an amount as German pages do."""
    whole, rest = divmod(abs(cents), 100)
    return f"{'−' if cents < 0 else ''}{whole:,}".replace(",", ".") + f",{rest:02d}"


class TestCostBesideEffect:
    """What the projects of an indicator cost, and a price where it is honest."""

    def test_a_price_stands_where_it_is_honest_and_a_reason_everywhere_else(self) -> None:
        rows = list(csv.DictReader(io.StringIO(get("/wirkung/kosten.csv?stand=2026-11-20").content.decode())))
        honest = [row for row in rows if row["honest"] == "1"]
        assert [row["indicator"] for row in honest] == ["strom-licht"]
        cents, change = int(honest[0]["paid_cents"]), float(honest[0]["better_by"])
        assert change == pytest.approx(29.6)
        assert int(honest[0]["cents_per_unit"]) == round(cents / change)
        assert all(bool(row["reasons_en"]) != (row["honest"] == "1") for row in rows)
        tree = json.loads(get("/wirkung/kosten.json?stand=2026-11-20").content)
        assert [str(one["cents_per_unit"] or "") for one in tree["indicators"]] == [
            row["cents_per_unit"] for row in rows
        ]

    def test_an_indicator_stands_on_other_sites_as_on_its_page(self) -> None:
        told = json.loads(get("/oembed?url=http://testserver/en/wirkung/strom-licht/").content)
        assert 'src="http://testserver/en/einbetten/wirkung/strom-licht/"' in told["html"]
        block, page = (get(f"/en{path}wirkung/strom-licht/").content.decode() for path in ("/einbetten/", "/"))
        standing = re.findall(r"<dt>(?:State|Now|Baseline|Target)</dt><dd>.*?</dd>", block, re.DOTALL)
        assert len(standing) >= 3
        assert all(one in page for one in standing)
        assert "58.4" in block
        assert "58,4" not in get("/einbetten/wirkung/strom-licht/?stand=2024-01-31").content.decode()
        assert Client().get("/einbetten/wirkung/gibt-es-nicht/").status_code == 404

    def test_the_pages_say_it_in_both_languages_and_as_of_a_day(self) -> None:
        assert "Hier wäre ein Preis nicht ehrlich" in get("/wirkung/kosten/").content.decode()
        assert "would not be honest" in get("/en/wirkung/kosten/").content.decode()
        assert 'href="/wirkung/kosten/"' in get("/wirkung/").content.decode()
        assert "je Einheit" in get("/wirkung/strom-licht/").content.decode()
        early = get("/wirkung/strom-licht/?stand=2024-06-30").content.decode()
        assert "Ein Preis je Einheit wäre hier nicht ehrlich" in early
        assert "viele Ursachen" in get("/wirkung/radunfaelle/").content.decode()

    def test_a_price_of_a_project_that_is_not_known_on_the_day_is_no_trouble(self) -> None:
        ProjectEvent.objects.filter(project__slug="licht").delete()
        page = get("/wirkung/kosten/").content.decode()
        assert "17.482,24\u00a0€" in page
        assert "Licht nach Bedarf" not in page
