"""Panels by lot: rules, the pool with its contacts apart, the published table, the draw, the answers, deletion."""

import datetime as dt
import secrets

import msgspec
from django.db import transaction

from allmende.accounts.rules import SystemActor
from allmende.accounts.services import Actor, record
from allmende.kernel.errors import Conflict, ErrorCode, NotFound
from allmende.kernel.text import Text
from allmende.participation import panel_queries as queries
from allmende.participation.methods.least import enough
from allmende.participation.methods.panels.ceremony import Succession, follower, held, seed_of, sha256
from allmende.participation.methods.panels.pool import Quota
from allmende.participation.models import Panel, PoolContact, PoolPerson, Process, Seat
from allmende.participation.pool_file import Willing

RETENTION = SystemActor("system:retention")
PUBLISHED = ErrorCode(
    "participation.lots_published",
    Text(
        "Die Lostabelle ist veröffentlicht; Vorgaben und Kreis bleiben, wie sie sind.",
        "The table of lots is published; quotas and pool stay as they are.",
    ),
    Text("Losen Sie, oder beginnen Sie ein neues Verfahren.", "Draw, or begin a new process."),
)
NOT_READY = ErrorCode(
    "participation.panel_not_ready",
    Text("Vorher fehlt: {missing}.", "Missing before that: {missing}."),
    Text("Gehen Sie die Seite von oben nach unten durch.", "Go through the page from top to bottom."),
)
NO_SEAT = ErrorCode(
    "participation.unknown_seat",
    Text("Nummer {number} wartet auf keine Antwort.", "Number {number} waits for no answer."),
    Text("Laden Sie die Seite neu.", "Load the page anew."),
)
POOL_SMALL = ErrorCode(
    "participation.pool_small",
    Text(
        "Im Kreis sind weniger als zehn Menschen: Aus der Lostabelle ließe sich auf einzelne schließen.",
        "Fewer than ten people are in the pool: the table of lots would tell of single ones.",
    ),
    Text("Laden Sie mehr Menschen ein, bevor Sie losen.", "Invite more people before you draw."),
)
_POOL, _CHANCE = Text("der Kreis", "the pool"), Text("der öffentliche Zufall", "the public chance")
_TABLE, _DAY = Text("die Lostabelle", "the table of lots"), Text("der Tag der Löschung", "the day of deletion")
_DRAW_ONCE = Text("nichts: es ist schon gelost", "nothing: it has been drawn already")


class PanelRules(msgspec.Struct, frozen=True):
    """How is drawn; all of it is shown before."""

    size: int
    quotas: list[Quota]
    lots: int
    chance: Text
    pool_until: dt.date


def _locked(process: Process) -> Panel:
    return Panel.objects.select_for_update().get(process=process)


def _before_lots(panel: Panel) -> None:
    if panel.lottery:
        raise Conflict(PUBLISHED)


@transaction.atomic
def set_rules(actor: Actor, process: Process, rules: PanelRules) -> Panel:
    """Keep size, quotas, the public chance, and the day on which the pool is deleted."""
    panel = _locked(process)
    _before_lots(panel)
    panel.size, panel.lots, panel.pool_until = rules.size, rules.lots, rules.pool_until
    panel.quotas = [msgspec.structs.asdict(quota) for quota in rules.quotas]
    panel.chance_de, panel.chance_en = rules.chance.de, rules.chance.en
    panel.save()
    record(actor, "participation.panel_set", process, after={"size": panel.size, "quotas": panel.quotas})
    return panel


@transaction.atomic
def fill_pool(actor: Actor, process: Process, people: list[Willing]) -> int:
    """Put a list in the place of the pool: numbers by lot, so that they tell nothing of the list; names apart."""
    panel = _locked(process)
    _before_lots(panel)
    if panel.pool_until is None:
        raise Conflict(NOT_READY, missing=_DAY)
    panel.pool.all().delete()
    numbers = secrets.SystemRandom().sample(range(1, len(people) + 1), len(people))
    households = {name: f"h{at}" for at, name in enumerate(sorted({one.household for one in people} - {""}), 1)}
    rows = [
        PoolPerson(
            panel=panel, number=f"{number:05}", features=one.features, household=households.get(one.household, "")
        )
        for number, one in zip(numbers, people, strict=True)
    ]
    PoolPerson.objects.bulk_create(rows, batch_size=2_000)
    contacts = [
        PoolContact(person=row, name=one.name, address=one.address, email=one.email)
        for row, one in zip(rows, people, strict=True)
    ]
    PoolContact.objects.bulk_create(contacts, batch_size=2_000)
    record(actor, "participation.pool_filled", process, after={"people": len(people)})
    return len(people)


@transaction.atomic
def publish_lots(actor: Actor, process: Process, now: dt.datetime) -> Panel:
    """Make and publish the table of lots, and the hash of a secret; from now on nothing of it changes."""
    panel = _locked(process)
    _before_lots(panel)
    if panel.chance is None:
        raise Conflict(NOT_READY, missing=_CHANCE)
    if not panel.pool.exists():
        raise Conflict(NOT_READY, missing=_POOL)
    if not enough(panel.pool.count()):
        raise Conflict(POOL_SMALL)
    # Its solver takes memory in every process that only tells of panels.
    from allmende.participation.methods.panels.lottery import make_lottery

    lottery = make_lottery(queries.pool_of(panel), process.slug, panel.lots)
    panel.lottery = msgspec.json.encode(lottery).decode()
    panel.lottery_at, panel.secret = now, secrets.token_hex(16)
    panel.commitment = sha256(panel.secret.encode())
    panel.save()
    after = {"lottery": sha256(panel.lottery.encode()), "commitment": panel.commitment, "people": lottery.people}
    record(actor, "participation.lots_published", process, after=after)
    return panel


@transaction.atomic
def draw(actor: Actor, process: Process, public_word: str, now: dt.datetime) -> list[Seat]:
    """Draw with the public word, publish the secret, and invite who was drawn."""
    panel = _locked(process)
    if not panel.lottery or panel.draw:
        raise Conflict(NOT_READY, missing=_DRAW_ONCE if panel.draw else _TABLE)
    drawn = held(panel.lottery.encode(), panel.secret, public_word)
    panel.public_word, panel.drawn_at = public_word, now
    panel.draw = msgspec.json.encode(drawn).decode()
    panel.save()
    seats = Seat.objects.bulk_create([Seat(panel=panel, number=number) for number in drawn.panel])
    after = {"word": public_word, "lot": drawn.lot, "panel": list(drawn.panel)}
    record(actor, "participation.panel_drawn", process, after=after)
    return seats


@transaction.atomic
def answer(actor: Actor, process: Process, number: str, state: str) -> Seat | None:
    """Keep what somebody answered; who declines is followed by the next of the kind, who is given."""
    panel = _locked(process)
    seat = panel.seats.filter(number=number).exclude(state="declined").first()
    if seat is None or state not in ("accepted", "declined"):
        raise NotFound(NO_SEAT, number=number)
    seat.state = state
    seat.save(update_fields=["state"])
    record(actor, "participation.seat_answered", process, after={"number": number, "state": state})
    return _follow(panel, seat) if state == "declined" else None


def _follow(panel: Panel, seat: Seat) -> Seat | None:
    every = queries.seats_of(panel)
    seated = [one.number for one in every if one.state != "declined"]
    seed = seed_of(panel.secret, panel.public_word)
    number = follower(panel.lottery.encode(), seed, seat.number, [one.number for one in every], seated)
    told = queries.ceremony_of(panel)
    if told is not None:
        steps = (*told.successions, Succession(seat.number, number))
        panel.draw = msgspec.json.encode(msgspec.structs.replace(told, successions=steps)).decode()
        panel.save(update_fields=["draw"])
    return Seat.objects.create(panel=panel, number=number, follows=seat.number) if number else None


def letters(actor: Actor, process: Process) -> list[tuple[str, str, str, str]]:
    """Give number, name, address and mail of all who are invited and have not answered; the trail tells of it."""
    panel = Panel.objects.get(process=process)
    numbers = panel.seats.filter(state="invited").values_list("number", flat=True)
    rows = PoolContact.objects.filter(person__panel=panel, person__number__in=list(numbers))
    record(actor, "participation.letters_handed_out", process, after={"people": len(numbers)})
    return list(rows.order_by("person__number").values_list("person__number", "name", "address", "email"))


def forget_pools(now: dt.datetime) -> list[str]:
    """Delete the pools whose day has come, with names, addresses and features; published numbers stay."""
    due = Panel.objects.filter(pool_deleted__isnull=True, pool_until__lte=now.date()).select_related("process")
    return [forget_pool(panel, now) for panel in due]


@transaction.atomic
def forget_pool(panel: Panel, now: dt.datetime) -> str:
    """Delete a pool."""
    deleted, _ = panel.pool.all().delete()
    panel.pool_deleted = now
    panel.save(update_fields=["pool_deleted"])
    record(RETENTION, "participation.pool_deleted", panel.process, after={"rows": deleted})
    return panel.process.slug
