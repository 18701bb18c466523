"""Data uses without a page: the rules of their life, running cities taken over, and what retention leaves behind."""

import datetime as dt
import importlib

import msgspec
import pytest
from django.apps import apps

from allmende.ethics.sheets import CARRIED_OVER
from allmende.gate.door import Ask, Asker, Gate
from allmende.gate.ledger import Ledger
from allmende.gate.query import Arrival, Datastream, ObservedProperty, Query, Sensor, Thing
from allmende.kernel.clock import micros_from_instant, today, utc_now
from allmende.kernel.errors import AllmendeError, Denied
from allmende.kernel.text import Text
from allmende.ledger.note import LOG, Signer
from allmende.register.content import DataUsesContent, EthicsContent
from allmende.register.models import DataUse
from allmende.register.rules import CARRIED_FOR, SCREENING, STEPS, Draft, Move, require_step, screening_need
from allmende.register.services import load_ethics
from allmende.register.sheets import carry_over, load_data_uses, move_data_use
from allmende.serve.retention import delete_overdue
from tests.register.conftest import ACTOR

COLLECT = Ask(Asker("system:test"), "collect", "climate-adaptation", "administration")
DAY = dt.date(2026, 6, 1)
NOS = dict.fromkeys(SCREENING, "no")
READY = Draft(
    title=Text("Lärm", "noise"),
    state="checked",
    announced=None,
    until=DAY,
    answers=NOS,
    assessment="",
    risk=Text("Keine.", "None."),
    legal_basis=None,
    about_persons=False,
)


@pytest.mark.parametrize(
    ("marks", "unknown", "need"),
    [
        (0, 0, "not_needed"),
        (1, 0, "not_needed"),
        (2, 0, "needed"),
        (2, 7, "needed"),
        (1, 1, "unknown"),
        (0, 9, "unknown"),
    ],
)
def test_two_marks_of_a_high_risk_call_for_an_assessment(marks: int, unknown: int, need: str) -> None:
    values = ["yes"] * marks + ["unknown"] * unknown
    answers = {**NOS, **dict(zip(SCREENING, values, strict=False))}
    assert screening_need(answers) == need


def test_a_sheet_moves_only_along_its_life() -> None:
    for state, steps in STEPS.items():
        for to in STEPS:
            draft = msgspec.structs.replace(READY, state=state, announced=DAY - dt.timedelta(days=9))
            move = Move(to=to, today=DAY, decision="Rat")
            try:
                require_step(draft, move)
            except AllmendeError as error:
                assert error.code.code == "register.no_such_step", (state, to)
                assert to not in steps or to == state
            else:
                assert to in steps


@pytest.mark.parametrize(
    ("values", "what"),
    [
        ({"risk": None}, "risks and protection"),
        ({"about_persons": True}, "the legal basis (data about persons)"),
        ({"answers": {**NOS, "scoring": "unknown"}}, "1 of 9 answers are unknown"),
        ({"answers": {**NOS, "scoring": "yes", "prevents": "yes"}}, "the assessment it calls for"),
        ({"workers": frozenset({7})}, "may not decide about it"),
    ],
)
def test_what_is_missing_before_a_decision_is_named(values: dict[str, object], what: str) -> None:
    with pytest.raises(AllmendeError) as caught:
        require_step(msgspec.structs.replace(READY, **values), Move(to="decided", today=DAY, person=7, decision="Rat"))
    assert what in str(caught.value)


def _stream(gate: Gate, use: str) -> int:
    grant = gate.grant(COLLECT)
    seen = ObservedProperty(name="T", definition="https://x.example/t", description="")
    return gate.create(
        grant,
        "Datastreams",
        Datastream(
            name="T",
            description="",
            thing_id=gate.create(grant, "Things", Thing(name="Platz", description="", properties={})),
            sensor_id=gate.create(grant, "Sensors", Sensor(name="S", description="")),
            observed_property_id=gate.create(grant, "ObservedProperties", seen),
            unit="Cel",
            category="weather",
            data_use=use,
        ),
    )


def _observe(gate: Gate, stream: int, days_ago: int = 0) -> None:
    at = micros_from_instant(utc_now() - dt.timedelta(days=days_ago))
    gate.append(gate.grant(COLLECT), [Arrival(datastream_id=stream, phenomenon_start=at, result=1.0)])


def test_a_running_city_goes_on_for_half_a_year_after_the_change(
    db: None, gate: Gate, ethics: EthicsContent, uses: DataUsesContent
) -> None:
    load_ethics(ACTOR, content=ethics)
    gate.publish(ethics.book, actor="before")
    streams = [_stream(gate, use) for use in ("stadtklima-messnetz", "alt", "")]
    for stream in streams:
        _observe(gate, stream)
    load_data_uses(ACTOR, content=uses)
    DataUse.objects.update(state="idea", until=None)
    importlib.import_module("allmende.register.migrations.0002_data_uses_live").carry_over(apps, None)
    assert carry_over(ACTOR, gate=gate) == 2
    for stream in streams:
        _observe(gate, stream)
    found = {use.slug: use.until for use in DataUse.objects.all()}
    assert found["alt"] == found[CARRIED_OVER] == today() + CARRIED_FOR
    assert found["stadtklima-messnetz"] == today() + CARRIED_FOR
    assert carry_over(ACTOR, gate=gate) == 0
    with pytest.raises(Denied, match="no data sheet “neu”"):
        _observe(gate, _stream(gate, "neu"))


def test_what_a_sheet_keeps_no_longer_goes_by_itself_and_leaves_a_proof(register: Gate) -> None:
    DataUse.objects.filter(slug="stadtklima-messnetz").update(retention_days=30)
    stream = _stream(register, "stadtklima-messnetz")
    for days in (31, 1):
        _observe(register, stream, days)
    reason = Text("Vorbei.", "Over.")
    move_data_use(ACTOR, gate=register, slug="stadtklima-messnetz", to="ended", reason=reason)
    assert delete_overdue(register, utc_now()) == 1
    grant = register.grant(msgspec.structs.replace(COLLECT, verb="use"))
    assert len(register.page(grant, Query(kind="Observations", top=9)).records) == 1
    ledger = Ledger(register)
    ledger.sequence(Signer.made("city.example", LOG))
    entries = [msgspec.json.decode(entry) for entry in ledger.entries(0, ledger.size)]
    assert [(entry["category"], entry["amount"]) for entry in entries if entry["kind"] == "deleted"] == [("weather", 1)]
