"""The staff room: found, preview, publish, take up what came on paper, clone, close, publish the result."""

import datetime as dt
import re

from django.test import Client
from wagtail.users.models import UserProfile

from allmende.gate.door import Gate
from allmende.kernel.clock import today
from allmende.participation.models import Contribution, Process, RankingBallot, Statement
from tests.participation.conftest import Make, staff

HOME = "/intern/beteiligung/"
DECLARED = {
    "title_de": "Neue Ideen",
    "title_en": "New ideas",
    "purpose_de": "Wozu",
    "purpose_en": "What for",
    "audience_de": "Alle",
    "audience_en": "All",
    "office_de": "Amt",
    "office_en": "Office",
    "weight": "mood",
    "level": "open",
    "writing": "open",
    "answer_days": "30",
    "keep_days": "90",
    "purpose_slug": "participation",
}


def test_a_process_goes_from_format_to_archive(gate: Gate) -> None:
    desk, _ = staff("office")
    sent = desk.post(f"{HOME}neu/", {**DECLARED, "format": "charter", "slug": "neu-hier", "first_day": str(today())})
    assert sent.status_code == 302, sent.content.decode()
    process = Process.objects.get()
    assert (process.state, process.phases.count()) == ("draft", 4)
    here = f"{HOME}neu-hier/"
    assert process.preview in desk.get(here).content.decode()
    assert Client().get("/mitmachen/neu-hier/").status_code == 404
    for to in ("archived", "open"):
        desk.post(here, {"deed": "move", "to": to, "sure": "on"})
    assert Client().get("/mitmachen/neu-hier/").status_code == 200
    desk.post(here, {"deed": "entry", "title": "Vom Aufsteller", "channel": "paper", "tag": "idea", "place": ""})
    one = Contribution.objects.get()
    assert (one.channel, one.visibility, one.kind) == ("paper", "shown", "need")
    desk.post(here, {"deed": "statement", "text_de": "Mehr Bäume.", "text_en": "More trees.", "number": one.number})
    assert Statement.objects.get().contribution == one
    desk.post(here, {"deed": "result", "result_de": "So kam es.", "result_en": "It came so."})
    assert "It came so." in Client().get("/en/mitmachen/neu-hier/").content.decode()
    needs = process.phases.get(slug="needs")
    needs.until -= dt.timedelta(days=7)
    needs.save()
    desk.post(here, {"deed": "clone", "slug": "noch-eins", "title_de": "A", "title_en": "A", "first_day": str(today())})
    copy = Process.objects.get(slug="noch-eins")
    assert (copy.state, copy.contributions.count(), copy.result_de) == ("draft", 0, "")
    like = copy.phases.get(slug="needs")
    assert like.until - like.since == dt.timedelta(days=21)
    assert bytes(copy.key or b"") != bytes(process.key or b"")
    for to in ("closed", "archived"):
        desk.post(here, {"deed": "move", "to": to, "sure": "on"})
    process.refresh_from_db()
    assert process.state == "archived"


def test_what_is_not_declared_is_not_published(make: Make) -> None:
    process = make()
    Process.objects.filter(pk=process.pk).update(state="draft", purpose_de="")
    desk, _ = staff("office")
    desk.post(f"{HOME}{process.slug}/", {"deed": "move", "to": "open"})
    process.refresh_from_db()
    assert process.state == "draft"


def test_the_portal_keeps_its_own_names(db: None) -> None:
    desk, _ = staff("office")
    sent = desk.post(f"{HOME}neu/", {**DECLARED, "format": "ideas", "slug": "moderation", "first_day": str(today())})
    assert (sent.status_code, Process.objects.count()) == (200, 0)


def test_who_has_no_role_for_it_changes_nothing(make: Make) -> None:
    process = make()
    desk, _ = staff("steward")
    desk.post(f"{HOME}{process.slug}/", {"deed": "move", "to": "closed"})
    process.refresh_from_db()
    assert process.state == "open"


def form_of(page: str, deed: str) -> str:
    return page.partition(f'value="{deed}"')[2].partition("</form>")[0]


def test_each_form_of_the_page_is_read_under_the_names_that_it_sends(make: Make) -> None:
    (desk, _), here = staff("office"), f"{HOME}{make().slug}/"
    page = desk.get(here).content.decode()
    names = dict.fromkeys(re.findall(r'name="(\w[\w-]*)"', form_of(page, "topic")), "neu")
    desk.post(here, {**names, "deed": "topic", "kind": "group", "people": "120"})
    assert Process.objects.get().topics.filter(slug="neu", title_de="neu").count() == 1
    ids = re.findall(r'<(?:input|select|textarea)[^>]* id="([^"]+)"', page)
    assert len(ids) == len(set(ids))


def test_what_is_refused_stays_in_the_form(make: Make) -> None:
    process, (desk, _) = make("ranking"), staff("office")
    here = f"{HOME}{process.slug}/"
    for fields, said in (
        ({"deed": "statement", "text_de": "Ein langer Satz", "text_en": ""}, "Dieses Feld muss ausgefüllt werden."),
        ({"deed": "result", "result_de": "Ein langer Satz", "result_en": ""}, "Dieses Feld muss ausgefüllt werden."),
        ({"deed": "declare", **DECLARED, "purpose_de": "Ein langer Satz", "keep_days": "99999"}, "kleiner"),
    ):
        answer = desk.post(here, fields).content.decode()
        assert ("Noch nicht gespeichert." in answer, said in answer, "Ein langer Satz" in answer) == (True, True, True)
    RankingBallot.objects.create(process=process, pseudonym="x", order=[])
    late = desk.post(here, {"deed": "statement", "text_de": "Zu spät", "text_en": "Too late"}).content.decode()
    assert "Es wurde schon geordnet" in late
    assert process.statements.count() == 0


def test_the_office_works_in_english(make: Make) -> None:
    process, (desk, person) = make("charter"), staff("office")
    UserProfile.objects.create(user=person, preferred_language="en")
    for path in (f"{HOME}neu/", f"{HOME}{process.slug}/"):
        page = desk.get(path).content.decode()
        for german in ("(deutsch)", "Stimmungsbild", "ohne Anmeldung"):
            assert german not in page, path
    assert "Process" in page and "Result (German)" in page
