"""Rules are edited as drafts, published by a second person, and then decide and stand in the register."""

import datetime as dt

import msgspec
import pytest

from allmende.accounts.models import AuditEntry
from allmende.gate.door import PUBLIC, Ask, Asker, Gate
from allmende.gate.query import Query
from allmende.kernel.clock import today
from allmende.kernel.errors import Conflict, Denied, Invalid
from allmende.register import queries, services, sheets
from allmende.register.content import DataUsesContent, EthicsContent
from allmende.register.models import Category, DataUse, Principle, Purpose, Rule, RulebookPublication
from tests.register.conftest import ACTOR, steward
from tests.register.town import build_station

OPEN = Ask(PUBLIC, "publish", "open-data", "public")
READ = Ask(Asker("system:test"), "use", "research", "administration")
PUBLISHING = "umwelt-veroeffentlichen"


def _newest(slug: str) -> Rule:
    return next(rule for rule in queries.newest_rules() if rule.slug == slug)


def _rules_of_the_entry(gate: Gate, on: dt.date | None = None) -> set[str]:
    (entry,) = queries.register_entries(gate, READ, on or today())
    return {rule.slug for rule in entry.rules}


def test_loading_the_register_twice_changes_nothing(
    register: Gate, ethics: EthicsContent, uses: DataUsesContent
) -> None:
    models = (Principle, Purpose, Category, Rule, DataUse, RulebookPublication, AuditEntry)
    before = [model.objects.count() for model in models]
    assert not services.load_ethics(ACTOR, content=ethics)
    assert sheets.load_data_uses(ACTOR, content=uses) == 0
    assert [model.objects.count() for model in models] == before
    assert register.rulebook().version == 1


def test_what_was_loaded_is_what_the_pack_says(register: Gate, ethics: EthicsContent) -> None:
    book = register.rulebook()
    assert {rule.slug: rule for rule in book.rules} == {rule.slug: rule for rule in ethics.rules}
    assert [rule.slug for rule in book.rules] == [rule.slug for rule in ethics.rules]
    assert {purpose.slug: purpose.parent for purpose in book.purposes} == {
        purpose.slug: purpose.parent for purpose in ethics.purposes
    }


def test_staff_s_edits_survive_loading_the_pack_again(register: Gate, ethics: EthicsContent) -> None:
    rule = _newest(PUBLISHING)
    rule.title_de = "Unser Titel"
    services.edit_rule(steward("rita"), rule=rule)
    services.load_ethics(ACTOR, content=ethics)
    assert _newest(PUBLISHING).title_de == "Unser Titel"


def test_an_editor_cannot_publish_and_a_second_person_can(register: Gate) -> None:
    rita, tom = steward("rita"), steward("tom")
    rule = _newest(PUBLISHING)
    rule.until = today() - dt.timedelta(days=1)
    services.edit_rule(rita, rule=rule)
    assert "weather" in register.grant(OPEN).categories
    entries = AuditEntry.objects.count()
    with pytest.raises(Denied, match=rf"Who edited something may not publish it: {PUBLISHING}\. Ask"):
        services.publish_rulebook(rita, decision="Ethikbeirat", gate=register)
    assert (register.rulebook().version, RulebookPublication.objects.count()) == (1, 1)
    assert AuditEntry.objects.count() == entries
    assert "weather" in register.grant(OPEN).categories
    publication = services.publish_rulebook(tom, decision="Ethikbeirat", gate=register)
    assert (publication.version, publication.published_by, register.rulebook().version) == (2, tom, 2)
    assert "weather" not in register.grant(OPEN).categories
    entry = AuditEntry.objects.order_by("pk").last()
    assert entry is not None
    assert (AuditEntry.objects.count(), entry.verb, entry.actor) == (
        entries + 1,
        "register.rulebook_published",
        "tom@example.org",
    )


def test_whoever_had_a_hand_in_a_draft_may_not_publish_it(register: Gate) -> None:
    rita, tom = steward("rita"), steward("tom")
    services.edit_rule(rita, rule=_newest(PUBLISHING))
    services.edit_rule(tom, rule=_newest(PUBLISHING))
    for editor in (rita, tom):
        with pytest.raises(Denied):
            services.publish_rulebook(editor, decision="x", gate=register)
    assert services.publish_rulebook(steward("mia"), decision="x", gate=register).version == 2
    assert [rule.version for rule in queries.versions(PUBLISHING)] == [2, 1]
    assert services.publish_rulebook(rita, decision="again", gate=register).version == 3, "what is in force is nobody's"


def test_what_is_approved_is_what_was_seen(register: Gate) -> None:
    rita, tom, mia = steward("rita"), steward("tom"), steward("mia")
    services.edit_rule(rita, rule=_newest(PUBLISHING))
    seen = queries.digest_of(queries.rulebook_from_tables())
    moved = _newest(PUBLISHING)
    moved.title_de = "Hinterher geändert"
    services.edit_rule(tom, rule=moved)
    with pytest.raises(Conflict, match=r"The draft has changed since you saw it; nothing was published\."):
        services.publish_rulebook(mia, decision="x", gate=register, seen=seen)
    assert register.rulebook().version == 1
    seen = queries.digest_of(queries.rulebook_from_tables())
    assert services.publish_rulebook(mia, decision="x", gate=register, seen=seen).version == 2


def test_each_day_has_the_rules_that_held_on_it(register: Gate) -> None:
    rita, tom = steward("rita"), steward("tom")
    rule = _newest(PUBLISHING)
    rule.title_de = "Zweiter"
    services.edit_rule(rita, rule=rule)
    services.publish_rulebook(tom, decision="x", gate=register)
    titles = [
        {one.slug: one.title.de for one in book.rules}[PUBLISHING]
        for book in (register.published(1), register.published(2), register.rulebook(today()), register.rulebook())
        if book
    ]
    assert titles == ["Wetter- und Umweltdaten veröffentlichen", "Zweiter", "Zweiter", "Zweiter"]
    yesterday = register.rulebook(today() - dt.timedelta(days=1))
    assert (yesterday.version, yesterday.rules) == (0, ())
    assert register.published(3) is None


def test_published_versions_stay_as_they_were(register: Gate) -> None:
    rita, tom = steward("rita"), steward("tom")
    first = _newest(PUBLISHING)
    for title in ("Zweiter", "Dritter"):
        rule = _newest(PUBLISHING)
        rule.title_de = title
        services.edit_rule(rita, rule=rule)
        services.publish_rulebook(tom, decision="x", gate=register)
    assert [rule.title_de for rule in queries.versions(PUBLISHING)] == ["Dritter", "Zweiter", first.title_de]
    assert [rule.published_in.version for rule in queries.versions(PUBLISHING) if rule.published_in] == [3, 2, 1]
    assert queries.drafts() == []


@pytest.mark.parametrize("decision", ["", "  "])
def test_publishing_needs_a_decision(register: Gate, decision: str) -> None:
    with pytest.raises(Invalid, match=r"Publishing needs a decision\. Name the body and the day"):
        services.publish_rulebook(steward("rita"), decision=decision, gate=register)


def test_an_unsound_book_is_refused_and_the_old_one_stays(register: Gate) -> None:
    rule = _newest(PUBLISHING)
    rule.purposes, rule.source = ["curiosity"], ""
    services.edit_rule(steward("rita"), rule=rule)
    with pytest.raises(Invalid, match=r"unknown purpose curiosity; rule umwelt-veroeffentlichen names no source"):
        services.publish_rulebook(steward("tom"), decision="x", gate=register)
    assert register.rulebook().version == 1
    assert [draft.slug for draft in queries.drafts()] == [PUBLISHING]


def test_the_register_shows_the_rules_that_run(register: Gate) -> None:
    build_station(register)
    running = _rules_of_the_entry(register)
    assert {PUBLISHING, "umwelt-erheben", "kein-verkauf"} <= running
    rita, tom = steward("rita"), steward("tom")
    closing = _newest(PUBLISHING)
    closing.until = today() - dt.timedelta(days=1)
    services.edit_rule(rita, rule=closing)
    assert _rules_of_the_entry(register) == running, "a draft does not run"
    services.publish_rulebook(tom, decision="x", gate=register)
    assert _rules_of_the_entry(register) == running - {PUBLISHING}
    assert _rules_of_the_entry(register, today() - dt.timedelta(days=1)) == set(), "no rule book held then"
    withdrawn = _newest("kein-verkauf")
    withdrawn.withdrawn = True
    services.edit_rule(rita, rule=withdrawn)
    services.publish_rulebook(tom, decision="x", gate=register)
    assert _rules_of_the_entry(register) == running - {PUBLISHING, "kein-verkauf"}


def test_an_entry_carries_its_data_sheet_and_what_it_measures(register: Gate) -> None:
    build_station(register)
    (entry,) = queries.register_entries(register, OPEN, today())
    assert (entry.slug, entry.name, entry.measures, entry.simulated) == ("platz", "Platz", ("air-temperature",), False)
    assert [use.slug for use in entry.data_uses] == ["stadtklima-messnetz"]


def test_a_sheet_that_names_the_undeclared_is_refused_whole(register: Gate, uses: DataUsesContent) -> None:
    before = DataUse.objects.count()
    good = msgspec.structs.replace(uses.data_uses[0], slug="neu")
    bad = msgspec.structs.replace(good, slug="schlecht", why="curiosity")
    with pytest.raises(Invalid, match="Data use schlecht: “curiosity” is not declared"):
        sheets.load_data_uses(ACTOR, content=DataUsesContent(data_uses=(good, bad)))
    assert DataUse.objects.count() == before


def test_purposes_are_shown_as_a_tree(register: Gate, ethics: EthicsContent) -> None:
    tree = queries.purpose_tree()
    assert len(tree) == len(ethics.purposes)
    above: dict[int, str] = {}
    for depth, purpose in tree:
        assert (purpose.parent.slug if purpose.parent else None) == (above[depth - 1] if depth else None)
        above[depth] = purpose.slug


def test_nothing_is_granted_before_the_first_publication(db: None, gate: Gate, ethics: EthicsContent) -> None:
    services.load_ethics(ACTOR, content=ethics)
    with pytest.raises(Denied):
        gate.grant(OPEN)
    services.publish_rulebook(ACTOR, decision="x", gate=gate)
    assert gate.page(gate.grant(OPEN), Query(kind="Things")).records == []
