"""Taking votes: one for each pseudonym and statement, whoever sends how often at once."""

import datetime as dt

from django.db import connection, transaction
from django.db.models import Max

from allmende.accounts.services import Actor, record
from allmende.kernel.errors import Conflict, ErrorCode, Invalid, NotFound
from allmende.kernel.text import Text
from allmende.participation import rules
from allmende.participation.ballot_queries import on_paper
from allmende.participation.methods.borders import MOST_OPTIONS
from allmende.participation.models import (
    Code,
    Contribution,
    PairJudgement,
    Process,
    RankingBallot,
    Statement,
    Topic,
    Vote,
    Voter,
)
from allmende.participation.services.contributions import require_open

NO_STATEMENT = ErrorCode(
    "participation.unknown_statement",
    Text("Diese Aussage gibt es in diesem Verfahren nicht.", "There is no such statement in this process."),
    Text("Laden Sie die Seite neu.", "Load the page anew."),
)
FORGOTTEN = ErrorCode(
    "participation.forgotten",
    Text("Dieses Verfahren hat seinen Schlüssel vernichtet.", "This process has destroyed its key."),
    Text("Es nimmt nichts mehr an; die Ergebnisse bleiben.", "It takes nothing any more; the results remain."),
)
ORDERED = ErrorCode(
    "participation.ranking_began",
    Text(
        "Es wurde schon geordnet oder verglichen; was zur Wahl steht, bleibt, wie es ist.",
        "People have ordered or compared already; the options stay as they are.",
    ),
    Text("Ändern Sie es im nächsten Verfahren.", "Change it in the next process."),
)
TOO_MANY_OPTIONS = ErrorCode(
    "participation.too_many_options",
    Text(
        "Mehr als {limit} Möglichkeiten lassen sich nicht vergleichen.", "More than {limit} options cannot be compared."
    ),
    Text(
        "Fassen Sie Ähnliches zusammen, oder nehmen Sie die Rangfolge.", "Put alike ones together, or take the ranking."
    ),
)
VOTED_ON_PAPER = ErrorCode(
    "participation.voted_on_paper",
    Text("Mit diesem Code wurde schon auf Papier abgestimmt.", "This code has been voted with on paper already."),
    Text("Der Stimmzettel auf Papier zählt.", "The ballot on paper counts."),
)
VALUES = {"agree": 1, "pass": 0, "disagree": -1}
MOST_CODES = 20_000
# One statement, one way to the database: looking the statement up first took most of a vote's time.
UPSERT = f"""
INSERT INTO {Vote._meta.db_table} (statement_id, pseudonym, value)
SELECT id, %s, %s FROM {Statement._meta.db_table}
WHERE process_id = %s AND number = %s AND visibility = 'shown' AND NOT EXISTS (
    SELECT 1 FROM {Voter._meta.db_table} WHERE process_id = %s AND pseudonym = %s AND channel <> 'online'
)
ON CONFLICT (statement_id, pseudonym) DO UPDATE SET value = excluded.value
"""  # noqa: S608


def pseudonym_of(process: Process, method: str, subject: str) -> str:
    """Give what stands for a person in this process alone."""
    if process.key is None:
        raise Invalid(FORGOTTEN)
    return rules.pseudonym(bytes(process.key), method, subject)


def vote(process: Process, number: int, pseudonym: str, choice: str, now: dt.datetime) -> None:
    """Take a vote; a second one of the same pseudonym changes the first, but none that came on paper or on site.

    No entry is kept of who voted and when.
    """
    require_open(process, "vote", now)
    if choice not in VALUES:
        raise NotFound(NO_STATEMENT)
    with connection.cursor() as cursor:
        cursor.execute(UPSERT, [pseudonym, VALUES[choice], process.pk, number, process.pk, pseudonym])
        if not cursor.rowcount:
            require_online(process, pseudonym)
            raise NotFound(NO_STATEMENT)


def require_online(process: Process, pseudonym: str) -> None:
    """Refuse who has voted on paper or on site with the same code."""
    if on_paper(process.voters.all(), pseudonym):
        raise Conflict(VOTED_ON_PAPER)


@transaction.atomic
def choose_group(process: Process, pseudonym: str, slug: str) -> None:
    """Keep the group that a pseudonym names for itself."""
    require_online(process, pseudonym)
    group = Topic.objects.filter(process=process, kind="group", slug=slug).first()
    Voter.objects.bulk_create(
        [Voter(process=process, pseudonym=pseudonym, group=group)],
        update_conflicts=True,
        update_fields=["group"],
        unique_fields=["process", "pseudonym"],
    )


@transaction.atomic
def add_statement(
    actor: Actor, process: Process, *, text_de: str, text_en: str, contribution: Contribution | None = None
) -> Statement:
    """Put a statement to be judged; its words are never changed, as people judged these."""
    Process.objects.select_for_update().get(pk=process.pk)
    if any(kind.objects.filter(process=process).exists() for kind in (RankingBallot, PairJudgement)):
        raise Conflict(ORDERED)
    if "pairs" in process.form.parts and process.statements.count() >= MOST_OPTIONS:
        raise Conflict(TOO_MANY_OPTIONS, limit=MOST_OPTIONS)
    last = process.statements.aggregate(last=Max("number"))["last"] or 0
    found = Statement.objects.create(
        process=process, number=last + 1, text_de=text_de, text_en=text_en, contribution=contribution
    )
    record(actor, "participation.statement_added", process, after={"number": found.number, "text": text_de})
    return found


@transaction.atomic
def make_codes(actor: Actor, process: Process, count: int) -> list[str]:
    """Make codes to be printed; they are shown this once, and kept as hashes."""
    codes = [rules.new_secret() for _ in range(min(count, MOST_CODES))]
    rows = [Code(process=process, digest=_code_digest(process, code)) for code in codes]
    Code.objects.bulk_create(rows, batch_size=2_000)
    record(actor, "participation.codes_made", process, after={"count": len(codes)})
    return codes


def _code_digest(process: Process, code: str) -> str:
    return pseudonym_of(process, "printed", code)


@transaction.atomic
def redeem(process: Process, text: str) -> str:
    """Give the pseudonym of a code; the same code gives the same one, so that using it twice counts once."""
    code = rules.plain_code(text)
    found = Code.objects.filter(process=process, digest=_code_digest(process, code))
    if not found.update(used=True):
        raise NotFound(rules.BAD_CODE)
    return pseudonym_of(process, "code", code)
