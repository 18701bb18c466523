"""What a report to the funder says, from what a proof of use of each award freezes."""

import datetime as dt
from functools import partial
from typing import Any

import msgspec

from allmende.kernel.text import Text
from allmende.money import queries
from allmende.money.rules import digest_of, summed
from allmende.money.services.proofs import bytes_on
from allmende.programme.models import Project
from allmende.reports.models import EXPENDITURE
from allmende.reports.rules import Cell, Part, Table
from allmende.reports.tables import PROJECT, column, table
from allmende.ui.bilingual import both
from allmende.ui.templatetags.allmende import day as written_day

KIND = column("Kostenart", "Kind of cost")
PLANNED, PAID = column("geplant", "planned", "money"), column("bezahlt", "paid", "money")
ELIGIBLE, FEDERAL = column("förderfähig", "eligible", "money"), column("Bund", "federal", "money")
NOT_BY_PROJECT = Text(
    "Plan und Finanzierung nach Mittelgebern gelten für das Ganze; je Projekt sind sie nicht festgelegt.",
    "Plan and financing by source hold for the whole; they are not laid down for each project.",
)
NO_AWARD = Text(
    "An diesem Tag war keine Zuwendung bekannt. Ausgaben und Nachweis sind darum unbekannt, nicht null.",
    "No award was known on this day. So expenditure and proof are unknown, not zero.",
)


class Receipt(msgspec.Struct, frozen=True, array_like=True):
    """A booking as the proof writes it."""

    booking: int
    supplier: str
    invoice: str
    invoice_day: str
    paid: str
    project: int
    cost_type: int
    year: int
    own_source: int
    cents: int
    eligible: int
    reason: str
    reverses: int | None
    draw_down: int | None


class Sheet(msgspec.Struct, frozen=True):
    """The figures of an award, of all projects or of one, with the names of what they speak of."""

    title: Text
    content: dict[str, Any]
    receipts: tuple[Receipt, ...]
    project: Project | None
    names: dict[str, dict[str, Text]]

    def name(self, kind: str, key: object) -> Text | str:
        """Name a kind of cost, a source or a project."""
        return self.names[kind].get(str(key), str(key))


def parts(kind: str, day: dt.date, project: Project | None) -> list[Part]:
    """Give a chapter for each award that was known on a day."""
    names = {
        "cost": {str(row.pk): row.title for row in queries.cost_types()},
        "source": {str(key): row.title for key, row in queries.sources().items()},
        "project": {str(row.pk): row.title for row in Project.objects.all()},
    }
    found = [_part(kind, day, project, view, names) for view in queries.awards_on(day)]
    return found or [Part("awards", Text("Zuwendungen", "Awards"), (NO_AWARD,))]


def _part(
    kind: str, day: dt.date, project: Project | None, view: queries.AwardView, names: dict[str, dict[str, Text]]
) -> Part:
    raw = bytes_on(view.award, day)
    content = msgspec.json.decode(raw)
    receipts = msgspec.convert(content["bookings"], tuple[Receipt, ...])
    own = tuple(row for row in receipts if project is None or row.project == project.pk)
    sheet = Sheet(view.award.title, content, own, project, names)
    digest = digest_of(raw)
    words = [
        Text(
            f"Prüfsumme (SHA-256) des Nachweises, der aus den Buchungen dieses Tages entsteht: {digest}",
            f"Hash (SHA-256) of the proof that the bookings of this day give: {digest}",
        )
    ]
    tables = [_award(sheet), _sums(sheet), _expenditure(sheet), _projects(sheet)]
    if project is not None:
        words.append(NOT_BY_PROJECT)
    else:
        tables += [_financing(sheet), _draw_downs(sheet), _payments(sheet)]
    if kind == EXPENDITURE:
        tables.append(_receipts(sheet))
    return Part(view.award.slug, view.award.title, tuple(words), tuple(tables))


def _award(sheet: Sheet) -> Table:
    award = sheet.content["award"]
    days = {name: _day(award[name]) for name in ("awarded", "from", "until", "proof_due")}
    facts: tuple[tuple[str, Text, Cell], ...] = (
        ("funder", Text("Zuwendungsgeber", "Funder"), award["funder"]),
        ("reference", Text("Aktenzeichen", "Reference"), award["reference"] or None),
        ("awarded", Text("Tag der Zusage", "Day of the award"), days["awarded"]),
        ("from", Text("Bewilligungszeitraum von", "Grant period from"), days["from"]),
        ("until", Text("Bewilligungszeitraum bis", "Grant period until"), days["until"]),
        ("due", Text("Verwendungsnachweis fällig", "Proof of use due"), days["proof_due"]),
        ("rate", Text("Förderquote", "Funding rate"), "/".join(str(one) for one in award["rate"])),
        ("receipts", Text("Zahl der Belege", "Number of receipts"), str(len(sheet.receipts))),
    )
    rows = [(key, (title, word)) for key, title, word in facts]
    columns = (column("Angabe", "Statement"), column("Inhalt", "Content"))
    return table("award", Text("Angaben zur Zuwendung", "About the award"), columns, rows)


def _day(written: str) -> Text:
    return both(partial(written_day, dt.date.fromisoformat(written)))


def _sums(sheet: Sheet) -> Table:
    totals, project = sheet.content["totals"], sheet.project
    federal = sheet.content["projects"].get(str(project.pk), [0, 0, 0])[2] if project else totals["federal_cents"]
    sums = {
        "spent": (Text("Ausgaben im Zeitraum", "Expenditure in the period"), sum(r.cents for r in sheet.receipts)),
        "eligible": (Text("davon förderfähig", "of it eligible"), sum(r.eligible for r in sheet.receipts)),
        "federal": (Text("Zuwendung danach", "Grant by that"), federal),
    }
    if not project:
        sums["ceiling"] = (Text("Höchstbetrag", "Ceiling"), sheet.content["award"]["ceiling_cents"])
        sums["paid-out"] = (Text("ausgezahlt", "paid out"), totals["paid_out_cents"])
    columns = (column("Angabe", "Statement"), column("Betrag", "Amount", "money"))
    return table("sums", Text("Beträge", "Amounts"), columns, sums.items())


def _expenditure(sheet: Sheet) -> Table:
    paid = summed((row.cost_type, row.cents) for row in sheet.receipts)
    eligible = summed((row.cost_type, row.eligible) for row in sheet.receipts)
    planned = {} if sheet.project else {key: row[0] for key, row in sheet.content["expenditure"].items()}
    kinds = sorted({*(int(key) for key in planned), *paid})
    rows = [
        (str(key), (sheet.name("cost", key), planned.get(str(key)), paid.get(key, 0), eligible.get(key, 0)))
        for key in kinds
    ]
    title = Text("Ausgaben nach Kostenart", "Expenditure by kind of cost")
    return table("expenditure", title, (KIND, PLANNED, PAID, ELIGIBLE), rows)


def _projects(sheet: Sheet) -> Table:
    own = str(sheet.project.pk) if sheet.project else None
    rows = [
        (key, (sheet.name("project", key), *values))
        for key, values in sheet.content["projects"].items()
        if own in (None, key)
    ]
    return table("projects", Text("Nach Projekt", "By project"), (PROJECT, PAID, ELIGIBLE, FEDERAL), rows)


def _financing(sheet: Sheet) -> Table:
    rows = [(key, (sheet.name("source", key), *values)) for key, values in sheet.content["financing"].items()]
    columns = (column("Mittelgeber", "Source"), PLANNED, PAID)
    return table("financing", Text("Finanzierung", "Financing"), columns, rows)


def _draw_downs(sheet: Sheet) -> Table:
    rows = [(str(row[0]), (str(row[0]), row[1], row[3], row[4])) for row in sheet.content["draw_downs"]]
    columns = (
        *(column("Nummer", "Number"), column("Zahlungen bis", "payments until", "day")),
        *(ELIGIBLE, column("abgerufen", "claimed", "money")),
    )
    return table("draw-downs", Text("Mittelabrufe", "Draw-downs"), columns, rows)


def _payments(sheet: Sheet) -> Table:
    rows = [(str(row[0]), (str(row[0]), row[1], row[2])) for row in sheet.content["payments"]]
    columns = (
        *(column("Abruf", "Draw-down"), column("ausgezahlt am", "paid out on", "day")),
        column("Betrag", "Amount", "money"),
    )
    return table("payments", Text("Auszahlungen", "Payments"), columns, rows)


def _receipts(sheet: Sheet) -> Table:
    rows = []
    for row in sheet.receipts:
        cells: tuple[Cell, ...] = (
            *(row.invoice, row.supplier, row.invoice_day, row.paid, sheet.name("project", row.project)),
            *(sheet.name("cost", row.cost_type), row.cents, row.eligible, row.reason or "", row.draw_down),
        )
        rows.append((str(row.booking), cells))
    columns = (
        *(column("Rechnung", "Invoice"), column("Aussteller", "Supplier"), column("vom", "dated", "day")),
        *(column("bezahlt am", "paid on", "day"), PROJECT, KIND, PAID, ELIGIBLE),
        *(column("Grund, wenn nicht förderfähig", "Reason if not eligible"), column("Abruf", "Draw-down", "count")),
    )
    return table("receipts", Text("Belegliste", "List of receipts"), columns, rows)
