"""The record of processing activities (GDPR, article 30, paragraph 1) as a workbook, made from the data sheets."""

import io
from collections.abc import Callable

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.worksheet.worksheet import Worksheet

from allmende.ethics.model import EVERY
from allmende.ethics.wording import duty_words
from allmende.register.exports.content import Register
from allmende.register.exports.dpv import OF_PERSONS
from allmende.register.models import DataUse

UNKNOWN = "unbekannt"
NOT_IN_SHEET = "nicht erfasst"
HEAD, MISSING = PatternFill("solid", fgColor="FF123A6B"), PatternFill("solid", fgColor="FFFFF2CC")
LIMIT = 32_000
EMPTY = "Kein Datenblatt betrifft Daten von Personen."
NOTES = (
    ("Verzeichnis von Verarbeitungstätigkeiten (Art. 30 Abs. 1 DSGVO)", ""),
    ("Programm", "{programme}"),
    ("Stand", "{day}"),
    ("Erzeugt", "{made}"),
    (
        "Woher",
        "Aus den Datenblättern des Registers und den geltenden Regeln, Fassung {version}: {base}/datenethik/register/",
    ),
    ("Was fehlt", "Gelb heißt: unbekannt oder im Datenblatt nicht erfasst. Ergänzen Sie es dort, nicht hier."),
    ("Was nicht darin steht", "Verarbeitungen ohne Datenblatt, zum Beispiel die Konten des Arbeitsraums und Einwände."),
    (
        "Record of processing (GDPR Art. 30)",
        "Made from the register's data sheets; yellow is unknown. In German for the supervisory authority.",
    ),
)
Read = Callable[[Register, DataUse], str]


def _part(name: str) -> Read:
    def read(_register: Register, use: DataUse) -> str:
        text = use.part(name)
        return text.de if text else UNKNOWN

    return read


def _persons(_register: Register, use: DataUse) -> str:
    text = use.part("personal")
    return text.de if text else UNKNOWN


def _retention(_register: Register, use: DataUse) -> str:
    days = f" ({use.retention_days} Tage, vom Programm durchgesetzt)" if use.retention_days else ""
    text = use.part("retention")
    return f"{text.de}{days}" if text else f"{UNKNOWN}{days}"


def _measures(register: Register, use: DataUse) -> str:
    """Name what the rules demand before anybody reads the data: computed, not claimed."""
    category = use.category.slug
    speaking = [rule for rule in register.book.rules if category in rule.categories or EVERY in rule.categories]
    found = [
        f"{rule.title.de} (verboten)" if rule.effect == "prohibit" else f"{rule.title.de}: {duty_words(rule.duties).de}"
        for rule in speaking
        if rule.in_force(register.day)
    ]
    return "; ".join(found) or UNKNOWN


def _purpose(_register: Register, use: DataUse) -> str:
    return f"{use.purpose.title_de}: {use.purpose.description_de}"


def _kind(_register: Register, use: DataUse) -> str:
    return (
        f"{use.category.title_de} ({dict(use.category._meta.get_field('personal').flatchoices)[use.category.personal]})"
    )


def _recipients(_register: Register, use: DataUse) -> str:
    return ", ".join(one.title_de for one in use.recipients.all()) or "keine"


def _time(_register: Register, use: DataUse) -> str:
    first = use.since.isoformat() if use.since else UNKNOWN
    return f"{first} bis {use.until.isoformat() if use.until else UNKNOWN}"


COLUMNS: tuple[tuple[str, Read], ...] = (
    ("Kurzname", lambda _register, use: use.slug),
    ("Verarbeitungstätigkeit", lambda _register, use: use.title_de),
    ("Verantwortlicher, Kontakt (Abs. 1 a)", _part("responsible")),
    ("Ansprechstelle", _part("contact")),
    ("Auftragsverarbeiter", _part("provider")),
    ("Zwecke (b)", _purpose),
    ("Betroffene Personen (c)", _persons),
    ("Kategorien der Daten (c)", _kind),
    ("Was erhoben wird", _part("what")),
    ("Empfänger (d)", _recipients),
    ("Drittländer (e)", lambda _register, _use: NOT_IN_SHEET),
    ("Löschfristen (f)", _retention),
    ("Technische und organisatorische Maßnahmen (g)", _measures),
    ("Risiken und Schutz", _part("risk")),
    ("Folgenabschätzung", lambda _register, use: use.assessment or UNKNOWN),
    ("Rechtsgrundlage", _part("legal_basis")),
    ("Stand", lambda _register, use: use.state_text.de),
    ("Von bis", _time),
    ("Quelle", lambda _register, use: use.source or UNKNOWN),
)


def _put(page: Worksheet, row: int, column: int, value: str) -> None:
    """Write a cell as text: what looks like a formula stays words, in every program that opens the file."""
    cell = page.cell(row=row, column=column)
    cell.value = "".join(sign for sign in value[:LIMIT] if sign >= " " or sign in "\n\t")
    cell.data_type = "s"
    cell.quotePrefix = value.startswith(("=", "+", "-", "@", "\t", "\r"))
    cell.alignment = Alignment(wrap_text=True, vertical="top")
    if UNKNOWN in value or value == NOT_IN_SHEET:
        cell.fill = MISSING


def _table(page: Worksheet, register: Register, uses: list[DataUse]) -> None:
    for column, (title, read) in enumerate(COLUMNS, 1):
        head = page.cell(row=1, column=column, value=title)
        head.font, head.fill = Font(bold=True, color="FFFFFFFF"), HEAD
        head.alignment = Alignment(wrap_text=True, vertical="top")
        page.column_dimensions[head.column_letter].width = 18 if column in (1, 18) else 34
        for row, use in enumerate(uses, 2):
            _put(page, row, column, read(register, use))
    if not uses:
        _put(page, 2, 1, EMPTY)
    page.freeze_panes = "C2"
    page.page_setup.orientation = "landscape"
    page.print_title_rows = "1:1"


def record(register: Register) -> bytes:
    """Write the workbook: data of persons, other data, and what to know about it."""
    book = Workbook()
    book.remove(book.active)
    book.properties.title = NOTES[0][0]
    book.properties.creator = register.programme
    persons = [use for use in register.uses if use.category.personal in OF_PERSONS]
    others = [use for use in register.uses if use.category.personal not in OF_PERSONS]
    _table(book.create_sheet("Art. 30"), register, persons)
    _table(book.create_sheet("Ohne Personenbezug"), register, others)
    notes = book.create_sheet("Hinweise")
    notes.column_dimensions["A"].width, notes.column_dimensions["B"].width = 34, 90
    known = {
        "programme": register.programme,
        "day": register.day.isoformat(),
        "made": register.made.strftime("%Y-%m-%d %H:%M UTC"),
        "version": register.book.version,
        "base": register.base,
    }
    for row, (title, text) in enumerate(NOTES, 1):
        _put(notes, row, 1, title)
        _put(notes, row, 2, text.format(**known))
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()
