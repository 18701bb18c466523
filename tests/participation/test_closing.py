"""A process closes itself on the day that it declared, unless something waits; who works on it hears so before."""

import datetime as dt
from typing import Any

from django.test import Client
from django.utils.formats import date_format as date
from django.utils.timezone import localtime

from allmende.accounts.models import AuditEntry
from allmende.kernel.clock import utc_now
from allmende.kernel.text import Text
from allmende.participation.models import Process
from allmende.participation.services import processes
from allmende.portal.office.tasks import reminders_of
from allmende.programme.services.reminders import send_digests
from tests.participation.conftest import ACTOR, Make, handed_in, staff
from tests.participation.test_journey import answered

TASKS = "/intern/aufgaben/"


def over_since(process: Process, days: int) -> None:
    """Let its last phase have ended so many days ago."""
    ended = utc_now() - dt.timedelta(days=days)
    process.phases.update(since=ended - dt.timedelta(days=1), until=ended)


def test_it_closes_on_its_day_and_is_forgotten_after_its_days(make: Make) -> None:
    process, now = make(close_days=30, keep_days=90), utc_now()
    over_since(process, 10)
    assert processes.close_ended(now + dt.timedelta(days=19)) == []
    then = now + dt.timedelta(days=20, minutes=1)
    assert (processes.close_ended(then), processes.close_ended(then)) == (["ideas"], [])
    process.refresh_from_db()
    assert (process.state, process.closed) == ("closed", then)
    entry = AuditEntry.objects.get(verb="participation.process_closed")
    assert (entry.actor, entry.person) == ("system:participation", None)
    assert processes.forget_ended(then + dt.timedelta(days=89)) == []
    assert processes.forget_ended(then + dt.timedelta(days=90)) == ["ideas"]


def test_it_says_to_everybody_when_it_closes_and_when_it_deletes(make: Make) -> None:
    process = make(close_days=30, keep_days=90)
    ends = max(phase.until for phase in process.phases.all())
    closes, forgets = (date(localtime(ends + dt.timedelta(days=days)), "DATE_FORMAT") for days in (30, 120))
    page = Client().get("/mitmachen/ideas/").content.decode()
    assert (f"Am {closes} schließt es sich von selbst" in page, f"Am {forgets}:" in page) == (True, True)
    assert "It closes by itself on" in Client().get("/en/mitmachen/ideas/").content.decode()
    Process.objects.update(close_days=None)
    assert "Ein Tag dafür steht nicht fest" in Client().get("/mitmachen/ideas/").content.decode()


def test_what_waits_for_an_answer_or_for_moderation_keeps_it_open(make: Make) -> None:
    process = make(close_days=3)
    one, _ = handed_in(Client(), process)
    held, _ = handed_in(Client(), process, proven=False, title="Liegt noch ungelesen da")
    over_since(process, 4)
    now, (desk, _) = utc_now(), staff("office")
    assert processes.close_ended(now) == []
    here = desk.get("/intern/beteiligung/ideas/").content.decode()
    assert ("und kann es nicht" in here, "ohne Antwort 1, in Moderation 1" in here) == (True, True)
    assert "kann sich nicht schließen (ohne Antwort: 1, in Moderation: 1)" in desk.get(TASKS).content.decode()
    assert "sobald alles beantwortet ist" in Client().get("/mitmachen/ideas/").content.decode()
    answered(one)
    assert processes.close_ended(now) == []
    desk.post("/intern/beteiligung/moderation/", {"case": str(held.cases.get().pk), "deed": "hide", "reason": "insult"})
    assert processes.close_ended(now) == ["ideas"]


def test_a_format_without_answers_waits_for_none(make: Make) -> None:
    process = make("ranking", close_days=0)
    over_since(process, 1)
    assert processes.close_ended(utc_now()) == ["ranking"]


def test_the_office_is_told_two_weeks_before_and_in_the_weekly_mail(make: Make, mailoutbox: list[Any]) -> None:
    process, now = make(close_days=30), utc_now()
    desk, _ = staff("office")
    over_since(process, 15)
    assert "Verfahren schließt sich" not in desk.get(TASKS).content.decode()
    over_since(process, 17)
    assert "Verfahren schließt sich" in desk.get(TASKS).content.decode()
    assert send_digests(now.date(), base="https://stadt.example", lines_of=reminders_of) == 1
    assert "- Verfahren schließt sich: Verfahren, " in mailoutbox[0].body
    assert "- Process closes: Process, " in mailoutbox[0].body
    assert "Verfahren schließt sich" not in staff("steward")[0].get(TASKS).content.decode()


def test_switched_off_it_stays_open_and_is_marked_and_a_task(make: Make) -> None:
    process = make()
    desk, _ = staff("office")
    over_since(process, 400)
    fields = {
        **{
            f"{name}_{language}": "Text"
            for name in ("title", "purpose", "audience", "office")
            for language in ("de", "en")
        },
        **{"weight": "mood", "level": "open", "writing": "open", "answer_days": "30", "keep_days": "90"},
        "purpose_slug": "participation",
    }
    where = "/intern/beteiligung/ideas/"
    bad = desk.post(where, {**fields, "deed": "declare", "close_days": "-1"})
    assert (bad.status_code, Process.objects.get().close_days) == (200, 30)
    assert desk.post(where, {**fields, "deed": "declare", "close_days": ""}).status_code == 302
    assert processes.close_ended(utc_now()) == []
    assert "Schließen Sie das Verfahren ab" in desk.get(where).content.decode()
    assert "nicht abgeschlossen" in desk.get("/intern/beteiligung/").content.decode()
    assert "Verfahren abschließen" in desk.get(TASKS).content.decode()


def test_who_opens_it_again_after_its_day_closes_it_by_hand(make: Make) -> None:
    process = make(close_days=1)
    over_since(process, 9)
    assert processes.close_ended(utc_now()) == ["ideas"]
    desk, _ = staff("office")
    said = desk.post("/intern/beteiligung/ideas/", {"deed": "move", "to": "open"}, follow=True).content.decode()
    assert "Jetzt schließt es jemand ab" in said
    assert processes.close_ended(utc_now()) == []
    process.refresh_from_db()
    assert (process.state, process.close_days) == ("open", None)


def test_a_copy_declares_the_same(make: Make) -> None:
    process = make(close_days=45)
    copy = processes.clone(ACTOR, process, slug="copy", title=Text("Neu", "New"), first_day=utc_now())
    assert copy.close_days == 45
