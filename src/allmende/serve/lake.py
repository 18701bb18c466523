"""What the command line does with the lake."""

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from allmende.gate.door import Ask, Asker, open_gate
from allmende.kernel.clock import utc_now
from allmende.kernel.errors import Busy, ErrorCode
from allmende.kernel.text import Text
from allmende.lake.place import Access, Place, place_of
from allmende.lake.writing import Order, Outcome, write_lake
from allmende.serve.settings import Settings

ACTOR = Asker("system:lake")
PUBLIC_RECIPIENT, PUBLIC_PURPOSE = "public", "open-data"

RUNNING = ErrorCode(
    "lake.running",
    Text("Der See wird gerade geschrieben.", "The lake is being written right now."),
    Text("Warten Sie, bis der andere Lauf fertig ist.", "Wait until the other run is done."),
)


def access_of(settings: Settings) -> Access:
    """Give how to reach a service that speaks S3."""
    return Access(settings.s3_endpoint, settings.s3_region, settings.s3_access_key, settings.s3_secret_key)


def place(settings: Settings, address: str | None = None) -> Place:
    """Give the place of a lake; without an address, of this city's own."""
    return place_of(address or settings.lake or str(settings.home / "lake"), access_of(settings))


def ask_for(purpose: str, recipient: str) -> Ask:
    """Give the request under which a lake is written: the public is told, others are handed something."""
    return Ask(ACTOR, "publish" if recipient == PUBLIC_RECIPIENT else "pass_on", purpose, recipient)


def write(settings: Settings, where: Place, ask: Ask, *, anew: bool, advance: Callable[[int, int], None]) -> Outcome:
    """Write a lake up to the end of yesterday (UTC)."""
    until = utc_now().replace(hour=0, minute=0, second=0, microsecond=0)
    order = Order(city=settings.pack, address=settings.public_url, ask=ask, until=until, anew=anew)
    gate = open_gate(settings.store_url)
    try:
        with _alone(settings):
            return write_lake(gate, where, order, advance)
    finally:
        gate.close()


@contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    """Let one run write at a time: another's new files look like what was left behind."""
    with (settings.home / "lake.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Busy(RUNNING) from error
        yield
