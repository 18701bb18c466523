"""A new version of the strategy begins with all that an old one says."""

from django.db import transaction
from django.db.models import Max

from allmende.accounts.services import Actor, record
from allmende.kernel.errors import Conflict, ErrorCode
from allmende.kernel.text import Text
from allmende.programme.models import StrategySection, StrategyStatement, StrategyVersion

DRAFT_THERE = ErrorCode(
    "programme.strategy_draft_there",
    Text("An Fassung {number} wird schon gearbeitet.", "Version {number} is being worked on already."),
    Text("Ändern Sie diese, oder löschen Sie sie.", "Change that one, or delete it."),
)
LINKS = ("goals", "projects", "decisions")


@transaction.atomic
def draft_version(actor: Actor, *, base: StrategyVersion) -> StrategyVersion:
    """Begin a new version with the sections and statements of an old one; one at a time is worked on."""
    waiting = StrategyVersion.objects.select_for_update().filter(adopted=None).first()
    if waiting is not None:
        raise Conflict(DRAFT_THERE, number=waiting.number)
    highest = StrategyVersion.objects.aggregate(Max("number"))["number__max"]
    version = StrategyVersion.objects.create(
        number=highest + 1,
        title_de=base.title_de,
        title_en=base.title_en,
        summary_de=base.summary_de,
        summary_en=base.summary_en,
        source=base.source,
    )
    for section in base.sections.prefetch_related("statements__goals", "statements__projects", "statements__decisions"):
        _copy(section, version)
    record(actor, "programme.strategy_drafted", version, after={"number": version.number, "base": base.number})
    return version


def _copy(section: StrategySection, version: StrategyVersion) -> None:
    copy = version.sections.create(
        key=section.key,
        number=section.number,
        position=section.position,
        title_de=section.title_de,
        title_en=section.title_en,
    )
    for one in section.statements.all():
        statement: StrategyStatement = copy.statements.create(
            position=one.position, indicators=one.indicators, text_de=one.text_de, text_en=one.text_en
        )
        for name in LINKS:
            getattr(statement, name).set(getattr(one, name).all())
