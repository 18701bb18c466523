"""A report's content put together from what was known on its day."""

from typing import Any

import msgspec

from allmende.kernel.text import Text
from allmende.programme import queries as programme
from allmende.reports import figures, funder, steering
from allmende.reports.models import COUNCIL, EXPENDITURE, PROOF, YEARLY, Report
from allmende.reports.rules import Content, Part

TITLES = {
    COUNCIL: Text("Bericht an den Rat", "Report to the council"),
    YEARLY: Text("Jahresbericht", "Yearly report"),
    EXPENDITURE: Text("Ausgabenerklärung", "Statement of expenditure"),
    PROOF: Text("Verwendungsnachweis", "Proof of use"),
}


class Free(msgspec.Struct, frozen=True):
    """A text that people write: its title, and what belongs in it."""

    key: str
    title: Text
    help: Text


SUMMARY = Free(
    "summary",
    Text("Zusammenfassung", "Summary"),
    Text(
        "Das Wichtigste in fünf Sätzen: was geschafft ist, was sich verschiebt, was zu entscheiden ist.",
        "The main points in five sentences: what is achieved, what moves, what is to be decided.",
    ),
)
DEVIATIONS = Free(
    "deviations",
    Text("Erläuterung der Abweichungen", "Why things differ from the plan"),
    Text(
        "Warum Termine, Ausgaben oder Wirkungen vom Plan abweichen und was dagegen geschieht.",
        "Why dates, expenditure or effects differ from the plan, and what is done about it.",
    ),
)
OUTLOOK = Free(
    "outlook",
    Text("Ausblick", "Outlook"),
    Text("Was bis zum nächsten Bericht ansteht.", "What comes up until the next report."),
)
PROPOSAL = Free(
    "proposal",
    Text("Beschlussvorschlag", "Proposed decision"),
    Text("Was der Rat beschließen soll, im Wortlaut.", "What the council is to decide, word for word."),
)
NARRATIVE = Free(
    "narrative",
    Text("Sachbericht", "Narrative report"),
    Text(
        "Verwendung der Zuwendung, Ergebnisse im Vergleich zu den Zielen, Notwendigkeit und Angemessenheit der Arbeit.",
        "Use of the grant, results against the goals, why the work was needed and adequate.",
    ),
)
REMARKS = Free(
    "remarks",
    Text("Anmerkungen", "Remarks"),
    Text("Was der Zuwendungsgeber zu den Belegen wissen muss.", "What the funder must know about the receipts."),
)
FREE: dict[str, tuple[Free, ...]] = {
    COUNCIL: (SUMMARY, PROPOSAL, DEVIATIONS, OUTLOOK),
    YEARLY: (SUMMARY, DEVIATIONS, OUTLOOK),
    EXPENDITURE: (REMARKS,),
    PROOF: (NARRATIVE, DEVIATIONS),
}

NOT_HERE = Text("Was dieser Bericht weglässt", "What this report leaves out")


def content_of(report: Report) -> Content:
    """Put a report together from what was known on its day, with its free texts first."""
    project, found = report.project, programme.programme()
    about = project.title if project else None
    title = TITLES[report.kind]
    if about:
        title = Text(f"{title.de}: {about.de}", f"{title.en}: {about.en}")
    return Content(
        kind=report.kind,
        title=title,
        place=found.title if found else Text("Allmende", "Allmende"),
        day=report.day,
        since=report.since,
        project=project.slug if project else None,
        parts=(*_written(report), *_known(report)),
    )


def _written(report: Report) -> list[Part]:
    texts: dict[str, Any] = report.texts
    parts = []
    for free in FREE[report.kind]:
        text = texts.get(free.key, {})
        if text.get("de") and text.get("en"):
            parts.append(Part(free.key, free.title, (Text(text["de"], text["en"]),)))
    return parts


def _known(report: Report) -> list[Part]:
    day, project = report.day, report.project
    if report.kind in (EXPENDITURE, PROOF):
        return funder.parts(report.kind, day, project)
    found = [
        *steering.parts(day, report.since, project),
        figures.money_part(day, project),
        figures.effects_part(day, project),
        *([] if project else [steering.gaps()]),
    ]
    left = [part.title for part in found if part.key in report.left_out]
    kept = [part for part in found if part.key not in report.left_out]
    return [*kept, Part("left-out", NOT_HERE, tuple(left))] if left else kept
