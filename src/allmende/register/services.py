"""Writes of the register; publishing compiles the rules and puts them in force at the gate."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db import transaction

from allmende.accounts.models import Person
from allmende.accounts.services import Actor, record
from allmende.gate.door import Gate
from allmende.kernel.errors import Conflict, ErrorCode, Invalid
from allmende.kernel.text import Text
from allmende.register.content import EthicsContent
from allmende.register.models import (
    Algorithm,
    Category,
    DataUse,
    Principle,
    Purpose,
    RecipientClass,
    Rule,
    RulebookPublication,
)
from allmende.register.queries import digest_of, drafts, newest_rules, pending_editors, rulebook_from_tables
from allmende.register.rules import require_second_person
from allmende.register.sheets import columns_of, publish_sheets

NO_DECISION = ErrorCode(
    "register.no_decision",
    Text("Zum Veröffentlichen fehlt der Beschluss.", "Publishing needs a decision."),
    Text("Nennen Sie Gremium und Tag des Beschlusses.", "Name the body and the day of the decision."),
)
DRAFT_MOVED = ErrorCode(
    "register.draft_moved",
    Text(
        "Der Entwurf hat sich geändert, seit Sie ihn gesehen haben; nichts wurde veröffentlicht.",
        "The draft has changed since you saw it; nothing was published.",
    ),
    Text("Lesen Sie den Unterschied noch einmal, und entscheiden Sie dann.", "Read the difference again, then decide."),
)
RULE_FIELDS = (
    *("position", "effect", "verbs", "categories", "purposes", "recipients", "duties", "since", "until"),
    *("title_de", "title_en", "reason_de", "reason_en", "source", "source_url", "decision", "withdrawn"),
    *("principles", "legal_basis_de", "legal_basis_en", "assessment"),
)


@transaction.atomic
def load_ethics(actor: Actor, *, content: EthicsContent) -> bool:
    """Bring a pack's data ethics into an empty register; a register with content is left as it is."""
    if Rule.objects.exists() or Purpose.objects.exists():
        return False
    for position, principle in enumerate(content.principles):
        Principle.objects.create(
            slug=principle.slug,
            position=position,
            source=principle.source,
            source_url=principle.source_url,
            **columns_of("title", principle.title),
            **columns_of("text", principle.text),
            **columns_of("kept_by", principle.kept_by),
        )
    _load_purposes(content)
    for category in content.categories:
        Category.objects.create(
            slug=category.slug,
            personal=category.personal,
            arises_from=list(category.arises_from),
            **columns_of("title", category.title),
        )
    for recipient in content.recipients:
        RecipientClass.objects.create(slug=recipient.slug, **columns_of("title", recipient.title))
    _load_rules(content)
    record(actor, "register.ethics_loaded", "register", after={"rules": len(content.rules)})
    return True


def _builtin(duties: Any) -> dict[str, Any]:
    values = {name: getattr(duties, name) for name in duties.__struct_fields__}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}


def _load_rules(content: EthicsContent) -> None:
    """Add rules in the order of the file."""
    for position, rule in enumerate(content.rules):
        Rule.objects.create(
            slug=rule.slug,
            position=position,
            effect=rule.effect,
            verbs=list(rule.verbs),
            categories=list(rule.categories),
            purposes=list(rule.purposes),
            recipients=list(rule.recipients),
            duties={name: value for name, value in _builtin(rule.duties).items() if value},
            since=rule.since,
            until=rule.until,
            source=rule.source,
            source_url=rule.source_url,
            decision=rule.decision,
            principles=list(rule.principles),
            assessment=rule.assessment,
            **columns_of("title", rule.title),
            **columns_of("reason", rule.reason),
            **columns_of("legal_basis", rule.legal_basis),
        )


def _load_purposes(content: EthicsContent) -> None:
    """Add purposes, parents first wherever they stand in the file."""
    made: dict[str, Purpose] = {}
    for purpose in content.purposes:
        made[purpose.slug] = Purpose.objects.create(
            slug=purpose.slug,
            dpv=purpose.dpv,
            dtpr=purpose.dtpr,
            **columns_of("title", purpose.title),
            **columns_of("description", purpose.description),
        )
    for purpose in content.purposes:
        if purpose.parent is not None and purpose.parent in made:
            made[purpose.slug].parent = made[purpose.parent]
            made[purpose.slug].save()


@transaction.atomic
def edit_rule(actor: Actor, *, rule: Rule) -> Rule:
    """Keep an edited rule: a draft in place, a published version as the next version."""
    person = actor if isinstance(actor, Person) else None
    newest = Rule.objects.filter(slug=rule.slug).order_by("-version").first()
    values = {name: getattr(rule, name) for name in RULE_FIELDS}
    if newest is not None and newest.published_in_id is None:
        Rule.objects.filter(pk=newest.pk).update(**values, edited_by=person)
        draft = Rule.objects.get(pk=newest.pk)
    else:
        version = 1 if newest is None else newest.version + 1
        draft = Rule.objects.create(slug=rule.slug, version=version, edited_by=person, **values)
    record(actor, "register.rule_edited", draft, before=_recorded(newest) if newest else None, after=_recorded(draft))
    return draft


def _recorded(rule: Rule) -> dict[str, Any]:
    values = {name: getattr(rule, name) for name in RULE_FIELDS}
    return {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in values.items()}


@transaction.atomic
def publish_rulebook(actor: Actor, *, decision: str, gate: Gate, seen: str | None = None) -> RulebookPublication:
    """Put the newest versions of all rules in force.

    Refuses unsound books, a publisher who edited them, and a draft that is not the one that was ``seen``.
    """
    if not decision.strip():
        raise Invalid(NO_DECISION)
    person = actor if isinstance(actor, Person) else None
    new, editors, book = drafts(), pending_editors(), rulebook_from_tables()
    require_second_person(person.pk if person else None, editors)
    if seen is not None and seen != digest_of(book):
        raise Conflict(DRAFT_MOVED)
    version = gate.publish(book, actor.email if isinstance(actor, Person) else actor.name)
    if not gate.sheets().version:
        publish_sheets(actor, gate=gate)
    publication = RulebookPublication.objects.create(version=version, decision=decision, published_by=person)
    Rule.objects.filter(pk__in=[rule.pk for rule in new]).update(published_in=publication)
    after = {"version": version, "decision": decision, "rules": [str(rule) for rule in newest_rules()]}
    record(actor, "register.rulebook_published", publication, after=after)
    return publication


@transaction.atomic
def enter_algorithm(actor: Actor, slug: str, words: Mapping[str, Text], *, source: str, use: str, day: dt.date) -> None:
    """Enter a helper that is part of the program into the register when it begins to help; what staff wrote stays."""
    columns = {name: value for part, text in words.items() for name, value in columns_of(part, text).items()}
    one, fresh = Algorithm.objects.get_or_create(
        slug=slug, defaults={"autonomy": "supports", "since": day, "source": source, **columns}
    )
    if fresh:
        one.data_uses.set(DataUse.objects.filter(slug=use))
    elif one.until is None:
        return
    else:
        one.until = None
        one.save(update_fields=["until"])
    record(actor, "register.algorithm_entered", one)


@transaction.atomic
def end_algorithm(actor: Actor, slug: str, day: dt.date) -> None:
    """Say in the register that a helper has been switched off."""
    one = Algorithm.objects.filter(slug=slug, until=None).first()
    if one is not None:
        one.until = day
        one.save(update_fields=["until"])
        record(actor, "register.algorithm_ended", one)
