"""Deletes observations that are older than their datastream's ``retentionDays``."""

import datetime as dt

import msgspec
import structlog

from allmende.gate.door import Ask, Asker, Gate
from allmende.gate.query import Overdue
from allmende.kernel.errors import AllmendeError

log = structlog.get_logger("allmende.retention")
ASKER = Asker("system:retention")
RECIPIENT = "administration"


def delete_overdue(gate: Gate, now: dt.datetime) -> int:
    """Delete what is to be kept no longer, where the rules permit it; give the number of observations.

    Each deletion leaves its decision; one that the rules refuse is logged and stops no other.
    """
    return sum(_delete(gate, one) for one in gate.overdue(now))


def _delete(gate: Gate, one: Overdue) -> int:
    try:
        grant = gate.grant(_ask(gate, one.category))
        gate.require_open(grant, one.category)
        count = gate.remove(grant, one.datastream_id, until=one.until)
    except AllmendeError as error:
        log.warning("not deleted", datastream=one.datastream_id, category=one.category, error=str(error))
        return 0
    log.info("deleted", datastream=one.datastream_id, observations=count)
    return count


def _ask(gate: Gate, category: str) -> Ask:
    """Ask for a purpose for which the rules let the category be deleted, otherwise one for which it is collected."""
    book = gate.rulebook()
    recipients = sorted({recipient.slug for recipient in book.recipients}, key=lambda slug: slug != RECIPIENT)
    asks = [Ask(ASKER, "delete", purpose.slug, recipient) for recipient in recipients for purpose in book.purposes]
    for verb in ("delete", "collect"):
        for ask in asks:
            if gate.decide(msgspec.structs.replace(ask, verb=verb), category).allowed:
                return ask
    return Ask(ASKER, "delete", "", RECIPIENT)
