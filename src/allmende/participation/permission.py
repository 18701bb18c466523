"""Which data of the register a process takes and shows, and what the gate is asked about it."""

import msgspec

from allmende.gate.door import PUBLIC, Ask, Asker, Gate, Grant
from allmende.kernel.errors import AllmendeError
from allmende.participation.models import Process


class Data(msgspec.Struct, frozen=True):
    """A kind of data: its categories as it comes in and as it is shown, and the data sheet that covers both."""

    raw: str
    shown: str
    data_use: str


CONTRIBUTIONS = Data("contributions", "published-contributions", "participation-contributions")
VOTES = Data("votes", "vote-results", "participation-votes")
# Who is willing to be drawn, and who wants to come: one category, as rules judge both alike; a sheet each, so that an
# objection against one does not stop the other.
PANELS = Data("participants", "participant-counts", "participation-panels")
WORKSHOPS = Data("participants", "participant-counts", "participation-workshops")
EVERY = (CONTRIBUTIONS, VOTES, PANELS, WORKSHOPS)
# The purpose of what is told of all processes together, and that of the files for everybody.
PURPOSE, OPEN_DATA = "participation", "open-data"
SYSTEM = Asker("system:participation")


def take(gate: Gate, process: Process, data: Data) -> Grant:
    """Ask whether data may be collected; no decision is kept of a vote, as its time could tell whose it is."""
    ask = Ask(PUBLIC, "collect", process.purpose_slug, "administration", data.raw)
    return gate.permit(ask, data.data_use, silent=data is VOTES)


def show(gate: Gate, purpose: str, data: Data, asker: Asker = PUBLIC) -> Grant:
    """Ask whether data may be published for a purpose."""
    return gate.permit(Ask(asker, "publish", purpose, "public", data.shown), data.data_use)


def pass_on(gate: Gate, purpose: str, data: Data) -> Grant:
    """Ask whether what is public may be handed to another body of the administration."""
    return gate.permit(Ask(SYSTEM, "pass_on", purpose, "administration", data.shown), data.data_use)


def use(gate: Gate, purpose: str, data: Data, asker: Asker = SYSTEM) -> Grant:
    """Ask whether the administration may work with data as it came in."""
    return gate.permit(Ask(asker, "use", purpose, "administration", data.raw), data.data_use)


def barred(gate: Gate, purpose: str, data: Data, asker: Asker = SYSTEM) -> AllmendeError | None:
    """Give why the administration may not work with data for a purpose; None where it may, which is on record."""
    try:
        use(gate, purpose, data, asker)
    except AllmendeError as error:
        return error
    return None


def shut(gate: Gate, purpose: str, data: Data) -> AllmendeError | None:
    """Give why data may not be published for a purpose; None where it may, which is on record."""
    try:
        show(gate, purpose, data)
    except AllmendeError as error:
        return error
    return None
