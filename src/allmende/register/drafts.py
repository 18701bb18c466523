"""Rules and data sheets that another city's package brings: drafts and ideas, until they are decided here."""

import msgspec
from django.db import transaction

from allmende.accounts.services import Actor, record
from allmende.ethics.model import Rule as PlainRule
from allmende.gate.door import Gate
from allmende.kernel.errors import Conflict, ErrorCode
from allmende.kernel.text import Text
from allmende.register.content import DataUseEntry
from allmende.register.models import DataUse, Principle, Rule
from allmende.register.services import edit_rule
from allmende.register.sheets import add_idea, columns_of, publish_sheets

DECIDED = ErrorCode(
    "register.already_decided",
    Text("Über „{name}“ wurde schon entschieden.", "Something was decided about “{name}” already."),
    Text("Ziehen Sie die Regel zurück, oder beenden Sie die Datennutzung.", "Withdraw the rule, or end the data use."),
)


@transaction.atomic
def propose_rule(actor: Actor, *, rule: PlainRule, source: str) -> Rule:
    """Enter a rule as a draft, behind all others; decision and validity are this city's own matter."""
    known = set(Principle.objects.values_list("slug", flat=True))
    plain = msgspec.to_builtins(rule)
    row = Rule(
        slug=rule.slug,
        position=Rule.objects.count(),
        effect=rule.effect,
        duties={name: value for name, value in plain["duties"].items() if value},
        source=source,
        source_url=rule.source_url,
        principles=[name for name in rule.principles if name in known],
        **{name: list(getattr(rule, name)) for name in ("verbs", "categories", "purposes", "recipients")},
        **columns_of("title", rule.title),
        **columns_of("reason", rule.reason),
        **columns_of("legal_basis", rule.legal_basis),
    )
    return edit_rule(actor, rule=row)


@transaction.atomic
def propose_data_use(actor: Actor, *, entry: DataUseEntry, reason: Text) -> DataUse:
    """Enter a data sheet as an idea; the gate is told by who publishes the sheets."""
    return add_idea(actor, entry=entry, reason=reason)


@transaction.atomic
def drop_proposals(actor: Actor, *, rules: list[str], sheets: list[str], gate: Gate) -> None:
    """Remove drafts and ideas that nobody has decided about."""
    for slug in rules:
        versions = list(Rule.objects.filter(slug=slug))
        if [row.version for row in versions] != [1] or versions[0].published_in_id is not None:
            raise Conflict(DECIDED, name=slug)
        record(actor, "register.rule_deleted", versions[0], before={"slug": slug})
        versions[0].delete()
    for slug in sheets:
        use = DataUse.objects.get(slug=slug)
        if use.state != "idea" or use.events.count() != 1:
            raise Conflict(DECIDED, name=slug)
        record(actor, "register.data_use_deleted", use, before={"slug": slug})
        use.events.all().delete()
        use.delete()
    if sheets:
        publish_sheets(actor, gate=gate)
