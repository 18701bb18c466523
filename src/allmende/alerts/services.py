"""Writes of the alerts: judging the rules, and telling those who want to know."""

import datetime as dt
from collections.abc import Iterator
from importlib.resources import files
from smtplib import SMTPException

import httpx
import msgspec
import structlog
import yaml
from django.core.mail import EmailMessage
from django.db import transaction

from allmende.accounts.services import Actor, record
from allmende.alerts.models import AlertEvent, AlertRule, AlertStanding, Delivery
from allmende.alerts.queries import active_rules, due_deliveries, overtaken
from allmende.alerts.rules import MOST_ATTEMPTS, SECOND, TURNS, Standing, Turn, judge, judge_silence, pause_after
from allmende.apis.sensorthings.mqtt.sending import send
from allmende.apis.sensorthings.mqtt.session import Broker, BrokerRefused
from allmende.apis.sensorthings.mqtt.topics import ALERTS, ALERTS_OF_STAFF
from allmende.gate.door import Ask, Asker, Gate, Grant
from allmende.gate.query import Datastream, Query
from allmende.kernel.clock import instant_from_micros, iso_from_micros, micros_from_instant
from allmende.kernel.errors import AllmendeError, ErrorCode, Invalid
from allmende.kernel.text import Text
from allmende.sources.fetch import directed

log = structlog.get_logger("allmende.alerts")
RECIPIENT, FIRST_LOOK = "administration", 3_600
TIMEOUT = 10.0
NO_BROKER = ErrorCode(
    "alerts.no_broker",
    Text("Die Stadt hat keinen MQTT-Broker.", "The city has no MQTT broker."),
    Text("Nennen Sie ihn in ALLMENDE_MQTT_URL.", "Name it in ALLMENDE_MQTT_URL."),
)


class Example(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A rule as the examples give it."""

    slug: str
    title_de: str
    title_en: str
    kind: str
    observed: str
    advice_de: str
    advice_en: str
    threshold: float | None = None
    release: float | None = None
    lasting_seconds: int = 0
    silent_seconds: int = 0


@transaction.atomic
def ensure_examples(actor: Actor) -> int:
    """Add the example rules where there is no rule yet, switched off; give their number."""
    if AlertRule.objects.exists():
        return 0
    tree = yaml.safe_load((files("allmende.alerts") / "examples.yaml").read_text(encoding="utf-8"))
    examples = msgspec.convert(tree, list[Example])
    for one in examples:
        AlertRule.objects.create(**msgspec.structs.asdict(one))
    record(actor, "alerts.loaded", "alerts", after={"rules": [one.slug for one in examples]})
    return len(examples)


class _Look:
    """What one round sees for one purpose: the datastreams that the rules show, read once, and their newest times."""

    def __init__(self, gate: Gate, grant: Grant) -> None:
        self.gate, self.grant = gate, grant
        records = gate.page(grant, Query(kind="Datastreams", top=10_000)).records
        self.streams = {one.id: one.value for one in records if isinstance(one.value, Datastream)}
        self.newest = {number: one.last for number, one in gate.summary(grant).items()}

    def of(self, rule: AlertRule) -> Iterator[tuple[int, Datastream]]:
        """Give the datastreams that a rule is about."""
        for number, stream in self.streams.items():
            if number == rule.datastream or (rule.observed and stream.properties.get("observed") == rule.observed):
                yield number, stream


def evaluate(gate: Gate, now: dt.datetime) -> int:
    """Judge all active rules on what is new; give the number of alerts that began or ended."""
    count = 0
    looks: dict[str, _Look] = {}
    for rule in active_rules():
        grant = _granted(gate, rule)
        if grant is not None:
            if rule.purpose not in looks:
                looks[rule.purpose] = _Look(gate, grant)
            count += _judge_all(looks[rule.purpose], grant, rule, now)
    return count


def _granted(gate: Gate, rule: AlertRule) -> Grant | None:
    try:
        return gate.grant(Ask(Asker(f"system:alert:{rule.slug}"), "use", rule.purpose, RECIPIENT))
    except AllmendeError as error:
        log.warning("an alert may not look", rule=rule.slug, error=str(error))
        return None


def _judge_all(look: _Look, grant: Grant, rule: AlertRule, now: dt.datetime) -> int:
    """Judge the datastreams of a rule; of what has nothing new only how silent it is."""
    rows = {one.datastream: one for one in rule.standings.all()}
    count = 0
    for number, stream in look.of(rule):
        row = rows.get(number) or AlertStanding(rule=rule, datastream=number)
        newest = look.newest.get(number)
        if rule.kind == "silent" or (newest is not None and (row.seen is None or newest > row.seen)):
            standing, turns = _judged(look.gate, grant, rule, row.value, (number, newest), micros_from_instant(now))
            if standing != row.value or row.pk is None:
                _keep(row, standing, turns, stream, now)
            count += len(turns)
    return count


@transaction.atomic
def _keep(row: AlertStanding, standing: Standing, turns: list[Turn], about: Datastream, now: dt.datetime) -> None:
    row.raised, row.beyond_since, row.seen = standing.raised, standing.beyond_since, standing.seen
    row.save()
    for turn in turns:
        _note(row.rule, turn, row.datastream, about, now)


def _judged(
    gate: Gate, grant: Grant, rule: AlertRule, standing: Standing, stream: tuple[int, int | None], now: int
) -> tuple[Standing, list[Turn]]:
    condition, (number, newest) = rule.condition, stream
    if condition.kind == "silent":
        return judge_silence(condition, standing, newest, now)
    begin = max(FIRST_LOOK, 2 * condition.lasting_seconds) * SECOND
    since = now - begin if standing.seen is None else standing.seen + 1
    series = gate.series(grant, number, since, now + 1)
    return judge(condition, standing, zip(series.times.tolist(), series.values.tolist(), strict=True))


def _note(rule: AlertRule, turn: Turn, number: int, about: Datastream, now: dt.datetime) -> None:
    """Keep what happened, with a message for everybody who is to be told."""
    event = AlertEvent.objects.create(
        rule=rule,
        datastream=number,
        series=about.name[:300],
        kind=turn.kind,
        at=turn.at,
        noted=now,
        result=turn.value,
        unit=about.unit,
    )
    targets = [("mail", address) for address in rule.addresses]
    targets += [("webhook", rule.webhook)] if rule.webhook else []
    targets += [("mqtt", topic_of(rule, number))] if rule.mqtt else []
    for channel, target in targets:
        Delivery.objects.create(event=event, channel=channel, target=target, due=now)


def topic_of(rule: AlertRule, number: int) -> str:
    """Give the topic at which the broker keeps how a rule stands for a datastream."""
    return f"{ALERTS if rule.public else ALERTS_OF_STAFF}/{rule.slug}/{number}"


class Ways(msgspec.Struct, frozen=True):
    """What messages need to go out: the hosts of the city's own network that may be reached, and the broker."""

    allowed_hosts: tuple[str, ...] = ()
    broker: Broker | None = None


def deliver(now: dt.datetime, ways: Ways) -> int:
    """Send the messages that are due; give how many went out. One that fails is tried again later."""
    sent = 0
    for one in due_deliveries(now):
        one.attempts += 1
        try:
            _send(one, ways)
            one.due, one.done, one.error = None, now, ""
            sent += 1
        except (OSError, SMTPException, httpx.HTTPError, BrokerRefused, AllmendeError) as error:
            one.error = (str(error) or type(error).__name__)[:300]
            given_up = one.attempts >= MOST_ATTEMPTS
            one.due = None if given_up else now + dt.timedelta(seconds=pause_after(one.attempts))
            log.warning("an alert was not delivered", rule=one.event.rule.slug, channel=one.channel, error=one.error)
        one.save()
    return sent


def _send(one: Delivery, ways: Ways) -> None:
    if one.channel == "mail":
        subject, text = _words(one.event)
        EmailMessage(subject, text, to=[one.target]).send()
    elif one.channel == "mqtt":
        _publish(one, ways.broker)
    else:
        with httpx.Client(timeout=TIMEOUT, trust_env=False) as client:
            request = directed(client, "POST", one.target, ways.allowed_hosts, json=message(one.event))
            client.send(request).raise_for_status()


def _publish(one: Delivery, broker: Broker | None) -> None:
    """Leave at the broker how things stand now; what came to pass since overtakes a message that had to wait."""
    if broker is None:
        raise Invalid(NO_BROKER)
    if not overtaken(one):
        send(broker, [(one.target, msgspec.json.encode(message(one.event)))], retained=True)


def message(event: AlertEvent) -> dict[str, object]:
    """Give an event as programs get it."""
    return {
        "rule": event.rule.slug,
        "event": event.kind,
        "time": iso_from_micros(event.at),
        "datastream": event.datastream,
        "name": event.series,
        "result": event.result,
        "unit": event.unit,
        "title": {"de": event.rule.title_de, "en": event.rule.title_en},
        "advice": {"de": event.rule.advice_de, "en": event.rule.advice_en},
    }


def _words(event: AlertEvent) -> tuple[str, str]:
    """Write a mail: German first, then English."""
    rule, kind = event.rule, TURNS[event.kind]
    at = f"{instant_from_micros(event.at):%Y-%m-%d %H:%M} UTC"
    fact = f"{event.series}{': ' if event.value else ''}{event.value} ({at})"
    languages = ((kind.de, rule.title_de, rule.advice_de), (kind.en, rule.title_en, rule.advice_en))
    parts = [f"{word.capitalize()}: {title}\n{fact}" for word, title, _ in languages]
    if event.kind == "raised":
        parts = [f"{part}\n{advice}" for part, (_, _, advice) in zip(parts, languages, strict=True)]
    return f"{kind.de.capitalize()}: {rule.title_de} – {event.series}", "\n\n".join(parts) + "\n"
