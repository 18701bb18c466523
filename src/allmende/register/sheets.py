"""Writes of the data uses: each step of their life is an event, and the gate is told in the same act."""

import datetime as dt

import msgspec
from django.db import transaction

from allmende.accounts.changes import RowForm, save_form
from allmende.accounts.models import Person
from allmende.accounts.services import Actor, record
from allmende.ethics.sheets import CARRIED_OVER, State
from allmende.gate.door import Ask, Asker, Gate
from allmende.kernel.clock import today, utc_now
from allmende.kernel.errors import ErrorCode, Invalid
from allmende.kernel.text import Text
from allmende.register.content import DataUseEntry, DataUsesContent
from allmende.register.models import Category, DataUse, DataUseEvent, Purpose, RecipientClass
from allmende.register.queries import draft_of, sheets_from_tables
from allmende.register.rules import CARRIED, CARRIED_FOR, Move, require_step

NO_PURPOSE = ErrorCode(
    "register.unknown_reference",
    Text("Datennutzung {slug}: „{name}“ ist nicht erklärt.", "Data use {slug}: “{name}” is not declared."),
    Text(
        "Legen Sie den Zweck, die Kategorie oder den Empfängerkreis zuerst an.",
        "Add the purpose, category or class of recipients first.",
    ),
)
NO_END = ErrorCode(
    "register.no_end",
    Text("Datennutzung {slug}: aktiv, aber ohne letzten Tag.", "Data use {slug}: active, but without a last day."),
    Text("Nennen Sie until oder demonstration_days.", "Name until or demonstration_days."),
)
FOUNDED = Text(
    "Mit dem Stadtpaket eingetragen; ein Beschluss ist nicht bekannt.",
    "Entered with the city's pack; no decision is known.",
)
UNKNOWN = Text("Unbekannt.", "Unknown.")
CARRIED_TITLE = Text("Ohne Datenblatt übernommen: {slug}", "Carried over without a data sheet: {slug}")
TEXTS = (
    *("title", "what", "how", "technology", "personal", "responsible", "provider", "legal_basis"),
    *("retention", "location", "contact", "note", "risk"),
)


def columns_of(name: str, text: Text | None) -> dict[str, str]:
    """Give a text as the pair of columns that holds it; None is unknown, and empty."""
    return {f"{name}_de": text.de if text else "", f"{name}_en": text.en if text else ""}


def name_of(actor: Actor) -> str:
    """Name who acts, as the gate keeps it."""
    return actor.email if isinstance(actor, Person) else actor.name


def publish_sheets(actor: Actor, *, gate: Gate) -> int:
    """Tell the gate the state of every data use; all processes follow within a second."""
    return gate.publish_sheets(sheets_from_tables(), name_of(actor))


@transaction.atomic
def load_data_uses(actor: Actor, *, content: DataUsesContent) -> int:
    """Add the data sheets that are not there yet; give their number. The gate knows them once they are published."""
    added = 0
    for entry in content.data_uses:
        if DataUse.objects.filter(slug=entry.slug).exists():
            continue
        use = _data_use(entry)
        record(actor, "register.data_use_created", use, after={"slug": entry.slug, "state": entry.state})
        added += 1
    return added


@transaction.atomic
def add_idea(actor: Actor, *, entry: DataUseEntry, reason: Text) -> DataUse:
    """Add a data sheet that somebody else wrote as an idea; what was decided there is not decided here."""
    idea = msgspec.structs.replace(entry, state="idea", decision="", until=None, since=None, demonstration_days=None)
    use = _data_use(idea, reason)
    record(actor, "register.data_use_created", use, after={"slug": entry.slug, "state": "idea"})
    return use


def _data_use(entry: DataUseEntry, reason: Text = FOUNDED) -> DataUse:
    purpose = Purpose.objects.filter(slug=entry.why).first()
    category = Category.objects.filter(slug=entry.category).first()
    recipients = list(RecipientClass.objects.filter(slug__in=entry.recipients))
    missing = set(entry.recipients) - {recipient.slug for recipient in recipients}
    if purpose is None or category is None or missing:
        name = entry.why if purpose is None else entry.category if category is None else ", ".join(missing)
        raise Invalid(NO_PURPOSE, slug=entry.slug, name=name)
    until = entry.until
    if until is None and entry.demonstration_days is not None:
        until = today() + dt.timedelta(days=entry.demonstration_days)
    if entry.state == "active" and until is None:
        raise Invalid(NO_END, slug=entry.slug)
    texts: dict[str, str] = {}
    for name in TEXTS:
        texts |= columns_of(name, getattr(entry, name))
    use = DataUse.objects.create(
        slug=entry.slug,
        state=entry.state,
        purpose=purpose,
        category=category,
        retention_days=entry.retention_days,
        since=entry.since,
        until=until,
        demonstration=entry.until is None and until is not None,
        screening=entry.screening,
        assessment=entry.assessment,
        source=entry.source,
        source_url=entry.source_url,
        **texts,
    )
    use.recipients.set(recipients)
    _event(use, before="", reason=reason, decision=entry.decision)
    return use


@transaction.atomic
def carry_over(actor: Actor, *, gate: Gate) -> int:
    """Give the datastreams of a running city sheets of half a year; give how many. Nothing where sheets are in force.

    Without a category or purpose in the register the rules refuse their data anyway.
    """
    if gate.sheets().version:
        return 0
    made = 0
    for name, categories in sorted(gate.data_uses().items()):
        slug = name or CARRIED_OVER
        category = Category.objects.filter(slug__in=categories).order_by("slug").first()
        purpose = _collecting_purpose(gate, category) if category else None
        if DataUse.objects.filter(slug=slug).exists() or category is None or purpose is None:
            continue
        _carried(actor, slug, category, purpose)
        made += 1
    if DataUse.objects.exists():
        publish_sheets(actor, gate=gate)
    return made


def _collecting_purpose(gate: Gate, category: Category) -> Purpose | None:
    """Find a purpose for which the rules let a category be collected."""
    book = gate.rulebook()
    for purpose in book.purposes:
        for recipient in book.recipients:
            ask = Ask(Asker("system:migrate"), "collect", purpose.slug, recipient.slug)
            if gate.decide(ask, category.slug).allowed:
                return Purpose.objects.filter(slug=purpose.slug).first()
    return None


def _carried(actor: Actor, slug: str, category: Category, purpose: Purpose) -> None:
    texts: dict[str, str] = {}
    for name in ("what", "how", "technology", "personal", "responsible"):
        texts |= columns_of(name, UNKNOWN)
    use = DataUse.objects.create(
        slug=slug,
        state="active",
        category=category,
        purpose=purpose,
        until=today() + CARRIED_FOR,
        **texts,
        **columns_of("title", CARRIED_TITLE.filled(slug=slug)),
        **columns_of("note", CARRIED),
    )
    _event(use, before="", reason=CARRIED)
    record(actor, "register.data_use_created", use, after={"slug": slug, "state": "active"})


@transaction.atomic
def save_sheet(actor: Actor, *, gate: Gate, form: RowForm) -> DataUse:
    """Save an edited data sheet; the gate is told its title, its end and how long its data is kept."""
    use: DataUse = save_form(actor, form=form)  # type: ignore[assignment]
    publish_sheets(actor, gate=gate)
    return use


def _event(
    use: DataUse,
    *,
    before: str,
    reason: Text,
    decision: str = "",
    objection: str = "",
    person: Person | None = None,
) -> DataUseEvent:
    return DataUseEvent.objects.create(
        data_use=use,
        at=utc_now(),
        before=before,
        state=use.state,
        until=use.until,
        decision=decision,
        objection=objection,
        person=person,
        **columns_of("reason", reason),
    )


@transaction.atomic
def move_data_use(
    actor: Actor,
    *,
    gate: Gate,
    slug: str,
    to: State,
    reason: Text,
    decision: str = "",
    until: dt.date | None = None,
    objection: str = "",
) -> DataUseEvent:
    """Take a data use one step on in its life, and tell the gate; refuses what its life does not know.

    ``until`` sets another last day, which needs a decision and a second person like the use itself.
    """
    use = DataUse.objects.select_for_update().select_related("category").get(slug=slug)
    person = actor if isinstance(actor, Person) else None
    move = Move(to=to, today=today(), person=person.pk if person else None, decision=decision, until=until)
    require_step(draft_of(use), move)
    before, last = use.state, use.until
    use.state, use.until = to, until or use.until
    if to == "announced":
        use.announced = move.today
    elif to == "idea":
        use.announced = None
    use.save(update_fields=["state", "until", "announced"])
    event = _event(use, before=before, reason=reason, decision=decision, objection=objection, person=person)
    record(
        actor,
        "register.data_use_moved",
        use,
        before={"state": before, "until": last.isoformat() if last else None},
        after={
            **{"state": to, "until": use.until.isoformat() if use.until else None, "reason": reason.de},
            **{name: value for name, value in (("decision", decision), ("objection", objection)) if value},
        },
    )
    publish_sheets(actor, gate=gate)
    return event
