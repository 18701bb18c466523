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
from allmende.alerts.queries import active_rules, due_deliveries
from allmende.alerts.rules import MOST_ATTEMPTS, SECOND, TURNS, Standing, Turn, judge, judge_silence, pause_after
from allmende.gate.door import Ask, Asker, Gate, Grant
from allmende.gate.query import Datastream, Query
from allmende.kernel.clock import instant_from_micros, iso_from_micros, micros_from_instant
from allmende.kernel.errors import AllmendeError
from allmende.sources.fetch import pinned

log = structlog.get_logger("allmende.alerts")
RECIPIENT, FIRST_LOOK = "administration", 3_600
TIMEOUT = 10.0


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


def evaluate(gate: Gate, now: dt.datetime) -> int:
    """Judge all active rules on what is new; give the number of alerts that began or ended."""
    count = 0
    for rule in active_rules():
        try:
            grant = gate.grant(Ask(Asker(f"system:alert:{rule.slug}"), "use", rule.purpose, RECIPIENT))
        except AllmendeError as error:
            log.warning("an alert may not look", rule=rule.slug, error=str(error))
            continue
        for number, stream in _streams(gate, grant, rule):
            count += _judge(gate, grant, rule, (number, stream), now)
    return count


def _streams(gate: Gate, grant: Grant, rule: AlertRule) -> Iterator[tuple[int, Datastream]]:
    for one in gate.page(grant, Query(kind="Datastreams", top=10_000)).records:
        if not isinstance(one.value, Datastream):
            continue
        if one.id == rule.datastream or (rule.observed and one.value.properties.get("observed") == rule.observed):
            yield one.id, one.value


@transaction.atomic
def _judge(gate: Gate, grant: Grant, rule: AlertRule, stream: tuple[int, Datastream], now: dt.datetime) -> int:
    number, about = stream
    row, _ = AlertStanding.objects.get_or_create(rule=rule, datastream=number)
    moment = micros_from_instant(now)
    standing, turns = _judged(gate, grant, rule, row.value, number, moment)
    if standing != row.value:
        row.raised, row.beyond_since, row.seen = standing.raised, standing.beyond_since, standing.seen
        row.save()
    for turn in turns:
        _note(rule, turn, number, about, now)
    return len(turns)


def _judged(
    gate: Gate, grant: Grant, rule: AlertRule, standing: Standing, number: int, now: int
) -> tuple[Standing, list[Turn]]:
    condition = rule.condition
    if condition.kind == "silent":
        summary = gate.summary(grant, [number]).get(number)
        return judge_silence(condition, standing, summary.last if summary else None, now)
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
    for channel, target in targets:
        Delivery.objects.create(event=event, channel=channel, target=target, due=now)


def deliver(now: dt.datetime, allowed_hosts: tuple[str, ...]) -> int:
    """Send the messages that are due; give how many went out. One that fails is tried again later."""
    sent = 0
    for one in due_deliveries(now):
        one.attempts += 1
        try:
            _send(one, allowed_hosts)
            one.due, one.done, one.error = None, now, ""
            sent += 1
        except (OSError, SMTPException, httpx.HTTPError, AllmendeError) as error:
            one.error = str(error)[:300]
            given_up = one.attempts >= MOST_ATTEMPTS
            one.due = None if given_up else now + dt.timedelta(seconds=pause_after(one.attempts))
            log.warning("an alert was not delivered", rule=one.event.rule.slug, channel=one.channel, error=one.error)
        one.save()
    return sent


def _send(one: Delivery, allowed_hosts: tuple[str, ...]) -> None:
    if one.channel == "mail":
        subject, text = _words(one.event)
        EmailMessage(subject, text, to=[one.target]).send()
        return
    url = httpx.URL(one.target)
    headers = {"Host": url.netloc.decode()}
    extensions = {"sni_hostname": url.host}
    with httpx.Client(timeout=TIMEOUT, trust_env=False) as client:
        address = pinned(url, allowed_hosts)
        client.post(address, json=message(one.event), headers=headers, extensions=extensions).raise_for_status()


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
