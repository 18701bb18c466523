"""Reads of the alerts."""

import datetime as dt

from django.db.models import QuerySet

from allmende.alerts.models import AlertEvent, AlertRule, AlertStanding, Delivery


def active_rules() -> list[AlertRule]:
    """Give the rules that are judged."""
    return list(AlertRule.objects.filter(active=True).prefetch_related("standings"))


def events(*, public: bool) -> QuerySet[AlertEvent]:
    """Give what happened, newest first; in public that of public rules only."""
    found = AlertEvent.objects.select_related("rule").prefetch_related("deliveries")
    return found.filter(rule__public=True, rule__active=True) if public else found


def raised(*, public: bool) -> list[AlertEvent]:
    """Give the alerts that hold now, by the event with which each began."""
    standings = AlertStanding.objects.filter(raised=True, rule__active=True)
    now = {(one.rule_id, one.datastream) for one in standings}
    last: dict[tuple[int, int], AlertEvent] = {}
    for event in events(public=public).filter(kind="raised", rule__standings__raised=True).distinct():
        last.setdefault((event.rule_id, event.datastream), event)
    return [event for key, event in last.items() if key in now]


def due_deliveries(now: dt.datetime) -> list[Delivery]:
    """Give the messages that are to be sent now."""
    return list(Delivery.objects.filter(due__lte=now).select_related("event__rule"))


def overtaken(one: Delivery) -> bool:
    """Tell whether something came to pass since for the same rule and datastream."""
    event = one.event
    later = AlertEvent.objects.filter(rule=event.rule_id, datastream=event.datastream, pk__gt=event.pk)
    return later.exists()
