"""The rules of the Konstanz pack: every principle, every prohibition, every documented case."""

import datetime as dt

import msgspec
import pytest

from allmende.ethics.cases import wrong_cases
from allmende.ethics.decide import compile_rulebook
from allmende.ethics.findings import findings
from allmende.ethics.model import Purpose
from allmende.ethics.publication import hindrances
from allmende.ethics.space import leaves_of
from allmende.ethics.vocabulary import terms_of
from allmende.kernel.text import Text
from allmende.packs.read import read_parts
from allmende.register.content import EthicsContent

DAY = dt.date(2026, 6, 1)
# What no rule about access to data can carry out; the register, the ledger and the licence of the program do.
ELSEWHERE = ("nachvollziehbar", "souveraen", "ueberdenken")


@pytest.fixture(scope="module")
def content() -> EthicsContent:
    """Read the pack."""
    return read_parts("konstanz", ("ethics.yaml",), EthicsContent)


def test_nothing_stands_against_the_rules_and_little_is_odd(content: EthicsContent) -> None:
    assert hindrances(content.book, DAY) == []
    assert [(one.kind, one.text.en) for one in findings(content.book, DAY)] == [
        ("unruled", "nothing is permitted with movement-profiles"),
        ("limited", "keine-ueberwachung, keine-bewertung: takes a part from rule umwelt-nutzen"),
        ("limited", "keine-ueberwachung, keine-bewertung: takes a part from rule umwelt-weitergeben"),
        (
            "limited",
            "kein-verkauf, keine-ueberwachung, keine-bewertung: takes a part from rule umwelt-veroeffentlichen",
        ),
        ("limited", "keine-ueberwachung, keine-bewertung, nicht-verknuepfen: takes a part from rule verkehr-nutzen"),
        ("limited", "nicht-verknuepfen, bleibt-im-rathaus: takes a part from rule beitraege"),
    ]


def test_the_documented_cases_are_answered_as_documented(content: EthicsContent) -> None:
    assert len(content.cases) >= 14
    assert wrong_cases(content.book, content.cases, DAY) == []


def test_no_prohibition_can_be_taken_away_unnoticed(content: EthicsContent) -> None:
    bans = [rule for rule in content.rules if rule.effect == "prohibit"]
    assert bans
    for ban in bans:
        rules = tuple(rule for rule in content.rules if rule != ban)
        compiled = compile_rulebook(msgspec.structs.replace(content.book, rules=rules))
        flipped = [
            case.slug
            for case in content.cases
            if compiled.decide(case.verb, case.purpose, case.category, case.recipient, DAY).allowed != case.allowed
        ]
        assert flipped, f"nothing is answered otherwise without {ban.slug}"


def test_every_rule_names_its_clause_and_every_principle_is_carried_out(content: EthicsContent) -> None:
    assert [rule.slug for rule in content.rules if not rule.principles] == []
    served = {slug for rule in content.rules for slug in rule.principles}
    assert {principle.slug for principle in content.principles} - served == set(ELSEWHERE)
    assert all(principle.source for principle in content.principles)
    assert {principle.slug for principle in content.principles if principle.kept_by} == set(ELSEWHERE)


def test_counts_are_told_by_the_hour_changed_and_never_of_few(content: EthicsContent) -> None:
    (rule,) = (rule for rule in content.rules if rule.slug == "verkehr-nutzen")
    told = rule.duties
    assert (told.time_grid_seconds, told.minimum_persons, told.dominance_percent, told.count_noise) == (3600, 10, 85, 5)
    assert told.delay_seconds > 0, "what comes late by minutes still belongs to its hour"
    (profiles,) = (category for category in content.categories if category.arises_from)
    assert (profiles.slug, profiles.arises_from) == ("movement-profiles", ("traffic-counts", "contributions"))


def test_every_purpose_of_the_city_has_its_term_in_dpv(content: EthicsContent) -> None:
    assert [slug for slug in leaves_of(content.book) if not terms_of(slug, content.book)[0]] == []


def test_data_without_persons_is_open_by_publishing_and_passed_on_for_declared_purposes_only(
    content: EthicsContent,
) -> None:
    """Whatever purpose is declared one day: nobody is given data for it without a decision."""
    new = Purpose("versicherung", Text("Versicherung", "Insurance"), Text("–", "–"))
    book = msgspec.structs.replace(content.book, purposes=(*content.book.purposes, new))
    compiled = compile_rulebook(book)
    for verb, recipient in (
        ("use", "administration"),
        ("use", "partner"),
        ("pass_on", "partner"),
        ("pass_on", "public"),
    ):
        assert not compiled.decide(verb, "versicherung", "weather", recipient, DAY).allowed
    assert not compiled.decide("pass_on", "open-data", "weather", "public", DAY).allowed
    assert compiled.decide("publish", "open-data", "weather", "public", DAY).allowed
