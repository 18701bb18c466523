"""Jobs of the work process that need the portal's tables: warnings, mails, papers, indicators, open data."""

from collections.abc import Callable
from functools import partial

import msgspec

from allmende.accounts.rules import SystemActor
from allmende.apis.sensorthings.mqtt.session import read_broker
from allmende.gate.door import Gate
from allmende.kernel.clock import today, utc_now
from allmende.serve.settings import Settings
from allmende.serve.web import set_up_django
from allmende.sources.fetch import asked
from allmende.sources.run import House

COUNCIL = SystemActor("system:council")
WORK = SystemActor("system:work")


class PortalJob(msgspec.Struct, frozen=True):
    """A job, how often it is done, and how long after the start for the first time."""

    name: str
    every_seconds: float
    after_seconds: float
    run: Callable[[], None]


def portal_jobs(settings: Settings, gate: Gate, house: House) -> list[PortalJob]:
    """Give the jobs; each connects anew, so that one that the database ended does not stay broken."""
    jobs: list[tuple[str, float, float, Callable[[], None]]] = [
        ("alerts", 15.0, 15.0, lambda: _warn(settings, gate)),
        ("mails", 15.0, 25.0, lambda: _write_to_people(settings, gate)),
        ("indicators", 600.0, 40.0, lambda: _determine(gate)),
        ("council", 60.0, 30.0, lambda: _ask_council(house)),
        ("defects", 30.0, 35.0, lambda: _hand_over(settings, gate)),
        ("procedures", 60.0, 50.0, lambda: _read_messages(settings)),
        ("federation", 60.0, 45.0, lambda: _meet_cities(settings, gate)),
        ("reminders", 3_600.0, 60.0, lambda: _remind(settings)),
        ("open data", 900.0, 60.0, lambda: _publish_and_forget(settings, gate)),
    ]
    return [PortalJob(name, every, after, _connected(run)) for name, every, after, run in jobs]


def _connected(run: Callable[[], None]) -> Callable[[], None]:
    def with_portal() -> None:
        set_up_django()
        from django.db import connections

        try:
            run()
        finally:
            connections.close_all()

    return with_portal


def _warn(settings: Settings, gate: Gate) -> None:
    """Judge the rules of alerts, and send the messages that are due."""
    from allmende.alerts.services import Ways, deliver, evaluate

    evaluate(gate, utc_now())
    broker = read_broker(settings.mqtt_url, settings.mqtt_ca) if settings.mqtt_url else None
    deliver(utc_now(), Ways(settings.source_hosts, broker))


def _ask_council(house: House) -> None:
    """Ask the council's systems that are due for papers."""
    from allmende.council.services import import_due

    import_due(COUNCIL, now=utc_now(), allowed_hosts=house.allowed_hosts, contact=house.contact)


def _read_messages(settings: Settings) -> None:
    """Take the messages about formal procedures that lie in their folder."""
    from allmende.serve.procedures import look_after

    look_after(settings)


def _meet_cities(settings: Settings, gate: Gate) -> None:
    """Sign what this city shows to others, and ask the cities that it follows."""
    from allmende.serve.federation import look_after

    look_after(settings, gate)


def _remind(settings: Settings) -> None:
    """Send the weekly mail about what is late or due soon, where a mail server is set."""
    from allmende.portal.office.tasks import reminders_of
    from allmende.programme.services.reminders import send_digests

    if settings.mail_url:
        send_digests(today(), base=settings.public_url.rstrip("/"), lines_of=reminders_of)


def _determine(gate: Gate) -> None:
    """Determine the values of the indicators that are due by their rhythm."""
    from allmende.effects.runs import run_due

    run_due(WORK, gate=gate, today=today())


def _write_to_people(settings: Settings, gate: Gate) -> None:
    """Send the mails that are due, and each follower's digest of the day."""
    from django.urls import reverse

    from allmende.participation.services.notices import send_digests, send_mails

    base = settings.public_url.rstrip("/") or f"http://{settings.host}:{settings.port}"
    send_mails(utc_now())
    send_digests(utc_now(), lambda name, word: base + reverse(name, args=[word]), gate)


def _hand_over(settings: Settings, gate: Gate) -> None:
    """Take to the service desk what is a defect and no idea."""
    from django.urls import reverse

    from allmende.participation.services.handover import desk_of, send_handovers

    base = settings.public_url.rstrip("/") or f"http://{settings.host}:{settings.port}"
    send_handovers(
        utc_now(),
        gate=gate,
        desk=desk_of(settings),
        link=lambda number: base + reverse("contribution", args=[number]),
        send=partial(asked, allowed_hosts=settings.source_hosts, most_bytes=100_000, timeout=15.0),
    )


def _publish_and_forget(settings: Settings, gate: Gate) -> None:
    """Write the open data of the participation once a day, tell what projects made of it, and forget what is due."""
    from allmende.participation.services import pairs, rankings, surveys
    from allmende.participation.services.following import go_along
    from allmende.participation.services.hints import learn_again
    from allmende.participation.services.opinions import look_again
    from allmende.participation.services.panels import forget_pools
    from allmende.participation.services.processes import close_ended, forget_ended
    from allmende.participation.services.snapshot import newest_snapshot, write_snapshot
    from allmende.participation.services.workshops import forget_registrations

    now = utc_now()
    go_along(now, gate)
    close_ended(now)
    forget_ended(now)
    forget_pools(now)
    forget_registrations(now)
    learn_again(now, gate)
    look_again(now, gate)
    rankings.count_ended(now, gate)
    pairs.count_ended(now, gate)
    surveys.count_ended(now, gate)
    newest = newest_snapshot(settings.home)
    if newest is None or newest.name[:8] < f"{now:%Y%m%d}":
        write_snapshot(settings.home, now, gate)
