"""What participation publishes about itself: the log of moderation, and everything public as files."""

from pathlib import Path

from django.conf import settings
from django.http import FileResponse, Http404, HttpRequest
from django.http.response import HttpResponseBase

from allmende.catalog.door import gate
from allmende.participation import hint_queries, permission, queries
from allmende.participation.rules import CAUSES, REASONS
from allmende.participation.services.snapshot import held_by, newest_snapshot, snapshot_facts
from allmende.portal.data_views import told
from allmende.portal.files import csv_stream
from allmende.portal.frame import page

SHOWN = 50
HEADER = ("opened", "closed", "process", "kind", "cause", "decision", "reason")
TYPES = {
    ".csv": "text/csv; charset=utf-8",
    ".jsonl": "application/jsonl",
    ".json": "application/json",
    ".geojson": "application/geo+json",
    ".txt": "text/plain; charset=utf-8",
}


@told
def moderation(request: HttpRequest) -> HttpResponseBase:
    """Show how often what was decided and why, and the last decisions, without words and names."""
    permission.show(gate(), permission.PURPOSE, permission.CONTRIBUTIONS)
    counts = [
        (CAUSES[str(row["cause"])], row["decision"], REASONS.get(str(row["reason"])), row["n"])
        for row in queries.moderation_counts()
    ]
    rows = queries.closed_cases()[:SHOWN]
    waiting = queries.waiting_cases().count()
    hint = hint_queries.standing()
    return page(request, "participation/moderation.html", counts=counts, rows=rows, waiting=waiting, hint=hint)


@told
def moderation_csv(_request: HttpRequest) -> HttpResponseBase:
    """Give the log of moderation."""
    permission.show(gate(), permission.PURPOSE, permission.CONTRIBUTIONS)
    rows = (
        (
            one.opened.date(),
            one.closed.date() if one.closed else None,
            one.process.slug,
            one.__dict__["kind"],
            one.cause,
            one.decision,
            one.reason,
        )
        for one in queries.closed_cases().iterator(2_000)
    )
    return csv_stream("moderation", HEADER, rows)


def open_data(request: HttpRequest) -> HttpResponseBase:
    """List the files of the newest generation."""
    folder = newest_snapshot(settings.ALLMENDE.home)
    facts = snapshot_facts(folder) if folder else None
    files = [(path.name, path.stat().st_size) for path in sorted(folder.iterdir())] if folder else []
    errors = (permission.shut(gate(), permission.OPEN_DATA, data) for data in permission.EVERY)
    shut = {error.what.de: error for error in errors if error is not None}.values()
    return page(request, "participation/open_data.html", facts=facts, files=files, shut=shut)


@told
def open_file(_request: HttpRequest, name: str) -> HttpResponseBase:
    """Give a file of the newest generation."""
    folder = newest_snapshot(settings.ALLMENDE.home)
    known = {path.name for path in folder.iterdir()} if folder else set()
    if folder is None or name not in known:
        raise Http404
    held = held_by(name)
    if held is not None:
        permission.show(gate(), permission.OPEN_DATA, held)
    path = folder / name
    answer = FileResponse(path.open("rb"), content_type=TYPES.get(Path(name).suffix, "application/octet-stream"))
    answer["X-Generation"] = folder.name
    return answer
