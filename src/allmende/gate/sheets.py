"""Why a data sheet closes a datastream, in words for whoever is refused."""

import datetime as dt

from allmende.ethics.sheets import STATES, Sheet, Sheets
from allmende.kernel.errors import Denied, ErrorCode
from allmende.kernel.text import Text

NO_SHEET = ErrorCode(
    "gate.no_sheet",
    Text(
        "Es gibt kein Datenblatt „{name}“; ohne Datenblatt werden keine neuen Daten angenommen.",
        "There is no data sheet “{name}”; without a data sheet no new data is taken.",
    ),
    Text(
        "Nennen Sie im Datenstrom (dataUse) oder in der Zuordnung (data_use) ein Datenblatt; angelegt werden sie "
        "unter /intern/datennutzungen/.",
        "Name a data sheet in the datastream (dataUse) or the mapping (data_use); they are added at "
        "/intern/datennutzungen/.",
    ),
)
NOT_ACTIVE = ErrorCode(
    "gate.sheet_not_active",
    Text(
        "Das Datenblatt „{title}“ ({name}) ist {state}, nicht aktiv; neue Daten werden nicht angenommen.",
        "The data sheet “{title}” ({name}) is {state}, not active; no new data is taken.",
    ),
    Text(
        "Die Datenverantwortlichen führen es unter /intern/datennutzungen/ weiter: prüfen, beschließen, ankündigen, "
        "beginnen.",
        "The data stewards take it on at /intern/datennutzungen/: check, decide, announce, begin.",
    ),
)
EXPIRED = ErrorCode(
    "gate.sheet_expired",
    Text(
        "Das Datenblatt „{title}“ ({name}) galt bis {until}; neue Daten werden nicht mehr angenommen.",
        "The data sheet “{title}” ({name}) held until {until}; no new data is taken any more.",
    ),
    Text(
        "Eine Verlängerung braucht einen neuen Beschluss, einzutragen unter /intern/datennutzungen/.",
        "To prolong it needs a new decision, to be entered at /intern/datennutzungen/.",
    ),
)
SUSPENDED = ErrorCode(
    "gate.sheet_suspended",
    Text(
        "„{title}“ ({name}) ist ausgesetzt seit {since}{because}: {reason}",
        "“{title}” ({name}) has been suspended since {since}{because}: {reason}",
    ),
    Text(
        "Bis die Aussetzung aufgehoben ist, werden diese Daten weder angenommen noch gezeigt; der Stand steht unter "
        "/datenethik/register/.",
        "Until the suspension is lifted this data is neither taken nor shown; its state stands at "
        "/en/datenethik/register/.",
    ),
)
NO_REASON = Text("ein Grund ist nicht genannt", "no reason is given")
UNNAMED = Text("(keines genannt)", "(none named)")


def suspension(sheet: Sheet) -> Denied:
    """Say since when a data use is suspended, because of which objection, and why."""
    because = Text("\u200b", "\u200b")
    if sheet.objection:
        because = Text(f" wegen Einwand {sheet.objection}", f" because of objection {sheet.objection}")
    reason = sheet.reason or NO_REASON
    words = {"title": sheet.title, "name": sheet.slug, "since": sheet.since.isoformat()}
    return Denied(SUSPENDED, **words, because=because, reason=reason)


def shut(sheets: Sheets, name: str, day: dt.date) -> Denied:
    """Say why a data use takes no new data on a day."""
    sheet = sheets.find(name)
    if sheet is None:
        return Denied(NO_SHEET, name=name or UNNAMED)
    if sheet.state == "suspended":
        return suspension(sheet)
    if sheet.state == "active" and sheet.until is not None and sheet.until < day:
        return Denied(EXPIRED, title=sheet.title, name=sheet.slug, until=sheet.until.isoformat())
    return Denied(NOT_ACTIVE, title=sheet.title, name=sheet.slug, state=STATES[sheet.state])
