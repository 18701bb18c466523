"""The strategy in its versions, and what differs between two."""

import datetime as dt

import msgspec
from django.db.models import Prefetch, QuerySet

from allmende.programme.models import Project, StrategySection, StrategyStatement, StrategyVersion
from allmende.programme.rules.steering import Passage, word_difference


def strategies_until(on: dt.date) -> QuerySet[StrategyVersion]:
    """Give the versions adopted up to a day, oldest first."""
    return StrategyVersion.objects.filter(adopted__lte=on).select_related("decision", "source")


def _whole(rows: QuerySet[StrategyVersion]) -> QuerySet[StrategyVersion]:
    statements = StrategyStatement.objects.prefetch_related("goals", "projects", "decisions")
    sections = StrategySection.objects.prefetch_related(Prefetch("statements", statements))
    return rows.prefetch_related(Prefetch("sections", sections))


def strategy(number: int, on: dt.date) -> StrategyVersion | None:
    """Give one version whole, if it was adopted by a day."""
    return _whole(strategies_until(on)).filter(number=number).first()


def versions() -> QuerySet[StrategyVersion]:
    """Give all versions whole for staff, also one that is being worked on, newest first."""
    return _whole(StrategyVersion.objects.select_related("decision", "source")).order_by("-number")


class SectionDifference(msgspec.Struct, frozen=True):
    """A section in two versions; None where one has it not."""

    before: StrategySection | None
    after: StrategySection | None
    passages: tuple[Passage, ...]

    @property
    def same(self) -> bool:
        """Tell whether nothing changed."""
        return all(passage.kind == "same" for passage in self.passages)


def _words(section: StrategySection | None, language: str, *, titled: bool) -> str:
    if section is None:
        return ""
    texts = [statement.text.within(language) for statement in section.statements.all()]
    return "\n\n".join([section.title.within(language), *texts] if titled else texts)


def difference(before: StrategyVersion, after: StrategyVersion, language: str) -> list[SectionDifference]:
    """Compare two versions section by section, word by word, in the order of the newer; what is gone comes last."""
    old = {section.key: section for section in before.sections.all()}
    new = {section.key: section for section in after.sections.all()}
    found = []
    for key in [*new, *(key for key in old if key not in new)]:
        was, now = old.get(key), new.get(key)
        titled = bool(was and now and was.title != now.title)
        words = [_words(section, language, titled=titled) for section in (was, now)]
        found.append(SectionDifference(was, now, tuple(word_difference(*words))))
    return found


def statements_about(project: Project, on: dt.date) -> list[StrategyStatement]:
    """Give what the strategy in force says about a project."""
    newest = strategies_until(on).last()
    if newest is None:
        return []
    rows = StrategyStatement.objects.filter(section__version=newest, projects=project)
    return list(rows.select_related("section__version"))
