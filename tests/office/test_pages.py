"""Pages of our own: stations, tokens, people, audit trail, decisions, the first page."""

from typing import Any

import pytest
from django.test import Client

from allmende.accounts.models import AuditEntry, Person
from allmende.accounts.rules import ROLES, may_read, may_write
from allmende.gate.door import PUBLIC, Ask, Gate
from allmende.gate.query import Query
from allmende.gate.tokens import authenticate
from allmende.kernel.errors import Denied, Unknown
from tests.office.conftest import PASSWORD, SignIn, entries_since, person

PAGES = {"stationen": "stations", "personen": "accounts", "zugangsmarken": "tokens", "protokoll": "trail"}
STATION = {"name": "Platz", "description": "Ein Platz", "latitude": "47.66", "longitude": "9.17"}
TOKEN = {"name": "gateway", "scopes": ["observations:write"], "purposes": ["research"], "connectors": ""}


def text(client: Client, address: str) -> str:
    """Read a page or a file."""
    response: Any = client.get(address)
    assert response.status_code == 200, address
    return (b"".join(response.streaming_content) if response.streaming else response.content).decode()


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("page", PAGES)
def test_pages_and_their_files_open_to_the_roles_that_read_them(sign_in: SignIn, role: str, page: str) -> None:
    client = sign_in(role)
    for address in (f"/intern/{page}/", f"/intern/{page}.csv"):
        assert client.get(address).status_code == (200 if may_read({role}, PAGES[page]) else 302)
    menu = text(client, "/intern/")
    assert (f"/intern/{page}/" in menu) == may_read({role}, PAGES[page])


def test_a_station_is_corrected_through_the_gate_with_an_entry(city: Gate, sign_in: SignIn) -> None:
    client = sign_in("steward")
    number = city.find("Things", "platz")
    count = AuditEntry.objects.count()
    sent = {**STATION, "name": "Marktplatz", "latitude": "47.6601", "position": "measured"}
    assert client.post(f"/intern/stationen/{number}/", sent).status_code == 302
    (entry,) = entries_since(count)
    assert entry.before == {"name": "Platz", "latitude": 47.66, "position": "approximate"}
    assert entry.after == {"name": "Marktplatz", "latitude": 47.6601, "position": "measured"}
    grant = city.grant(Ask(PUBLIC, "publish", "open-data", "public"))
    (thing,) = city.page(grant, Query(kind="Things", top=10)).records
    assert thing.value.name == "Marktplatz"
    assert thing.value.properties["slug"] == "platz"
    (place,) = city.related(grant, "Things", "Locations", [thing.id])[thing.id]
    assert place.value.location["coordinates"] == [9.17, 47.6601]
    assert "<del>Platz</del> → <ins>Marktplatz</ins>" in text(client, f"/intern/stationen/{number}/")
    assert "Marktplatz" in text(client, "/intern/stationen.csv")
    client.post(f"/intern/stationen/{number}/", sent)
    assert AuditEntry.objects.count() == count + 1, "nothing differed"


@pytest.mark.parametrize("role", [role for role in ROLES if not may_write({role}, "stations")])
def test_others_do_not_change_stations(city: Gate, sign_in: SignIn, role: str) -> None:
    number = city.find("Things", "platz")
    client, count = sign_in(role), AuditEntry.objects.count()
    sent = {**STATION, "name": "Anders", "position": "measured"}
    assert client.post(f"/intern/stationen/{number}/", sent)["Location"] == "/intern/"
    assert AuditEntry.objects.count() == count


def test_where_the_rules_refuse_the_change_is_taken_back(
    city: Gate, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("allmende.portal.office.services.PURPOSE", "open-data")
    number = city.find("Things", "platz")
    client, count = sign_in("steward"), AuditEntry.objects.count()
    client.post(f"/intern/stationen/{number}/", {**STATION, "name": "Anders", "position": "measured"})
    assert AuditEntry.objects.count() == count
    with pytest.raises(Denied):
        city.grant(Ask(PUBLIC, "collect", "open-data", "administration"))


def test_a_token_is_shown_once_works_and_ends(city: Gate, sign_in: SignIn) -> None:
    client = sign_in("administrator")
    count = AuditEntry.objects.count()
    shown = client.post("/intern/zugangsmarken/", TOKEN)
    plain = shown.context["plain"]
    assert plain in shown.content.decode()
    assert "no-store" in shown["Cache-Control"]
    assert authenticate(city, plain).scopes == ("observations:write", "read:research")
    later = text(client, "/intern/zugangsmarken/")
    assert "gateway" in later
    assert plain not in later
    (made,) = entries_since(count)
    assert (made.verb, made.subject) == ("gate.token_created", "token:gateway")
    assert plain not in str(made.after)
    client.post("/intern/zugangsmarken/widerrufen/", {"name": "gateway"})
    with pytest.raises(Unknown):
        authenticate(city, plain)
    assert [entry.verb for entry in entries_since(count)] == ["gate.token_created", "gate.token_revoked"]


def test_a_refused_token_leaves_no_entry(city: Gate, sign_in: SignIn) -> None:
    client, count = sign_in("administrator"), AuditEntry.objects.count()
    page = client.post("/intern/zugangsmarken/", {**TOKEN, "name": "Kein Name"}).content.decode()
    assert "ist kein Name für eine Zugangsmarke" in page
    page = client.post("/intern/zugangsmarken/", {"name": "leer", "connectors": ""}).content.decode()
    assert "Wählen Sie mindestens einen Umfang." in page
    page = client.post("/intern/zugangsmarken/widerrufen/", {"name": "fehlt"}, follow=True).content.decode()
    assert "fehlt" in page
    assert AuditEntry.objects.count() == count


def test_the_auditor_reads_tokens_and_people_and_writes_nothing(city: Gate, sign_in: SignIn) -> None:
    client, other = sign_in("auditor"), person("office")
    count = AuditEntry.objects.count()
    for address, sent in (
        ("zugangsmarken/", TOKEN),
        ("zugangsmarken/widerrufen/", {"name": "gateway"}),
        ("personen/neu/", {"email": "x@example.org", "roles": ["office"]}),
        (f"personen/{other.pk}/", {"deed": "active", "active": "0"}),
    ):
        assert client.post(f"/intern/{address}", sent)["Location"] == "/intern/"
    assert AuditEntry.objects.count() == count
    assert other.email in text(client, "/intern/personen/")


def test_people_are_added_given_roles_blocked_and_let_in_again(city: Gate, sign_in: SignIn) -> None:
    client = sign_in("administrator")
    count = AuditEntry.objects.count()
    client.post("/intern/personen/neu/", {"email": "neu@example.org", "roles": ["office"], "password": PASSWORD})
    new = Person.objects.get(email="neu@example.org")
    address = f"/intern/personen/{new.pk}/"
    assert Client().post("/intern/konto/login/", {"login": new.email, "password": PASSWORD}).status_code == 302
    client.post(address, {"deed": "roles", "roles": ["steward", "lead"]})
    client.post(address, {"deed": "active", "active": "0"})
    client.post(address, {"deed": "password", "password": "another long password"})
    verbs = [entry.verb for entry in entries_since(count)]
    assert verbs == ["accounts.person_created", "accounts.roles_set", "accounts.activity_set", "accounts.password_set"]
    new = Person.objects.get(pk=new.pk)
    assert (new.roles, new.is_active) == (set(), False)
    client.post(address, {"deed": "active", "active": "1"})
    assert Person.objects.get(pk=new.pk).roles == {"steward", "lead"}
    assert "<ins>Projektleitung, Datenverantwortliche</ins>" in text(client, address)


def test_the_last_administrator_stays(sign_in: SignIn) -> None:
    client, own = sign_in("administrator"), person("administrator")
    page = client.post(f"/intern/personen/{own.pk}/", {"deed": "active", "active": "0"}, follow=True)
    assert "letzte Person" in page.content.decode()
    assert Person.objects.get(pk=own.pk).is_active


def test_the_trail_is_searched_filtered_and_given_as_a_file(city: Gate, sign_in: SignIn) -> None:
    client = sign_in("auditor")
    person("office")
    assert "register.ethics_loaded" in text(client, "/intern/protokoll/")
    found = text(client, "/intern/protokoll.csv?q=office@example.org")
    assert found.splitlines()[0] == "at,actor,verb,subject,label,before,after,note"
    assert [line.split(",")[2] for line in found.splitlines()[1:]] == ["accounts.person_created"]
    filtered = text(client, "/intern/protokoll.csv?taetigkeit=register.rulebook_published")
    assert len(filtered.splitlines()) == 2


def test_decisions_are_filtered_and_given_as_a_file(city: Gate, sign_in: SignIn) -> None:
    with pytest.raises(Denied):
        city.grant(Ask(PUBLIC, "delete", "open-data", "public"))
    client = sign_in("auditor")
    assert "abgelehnt" in text(client, "/intern/entscheidungen/?allowed=0&verb=delete")
    lines = text(client, "/intern/entscheidungen.csv?allowed=0").splitlines()
    assert len(lines) == 2
    assert ",public,delete,open-data,public,*,0," in lines[1]
    assert "Keine Entscheidung gefunden." in text(client, "/intern/entscheidungen/?asker=nobody")
    assert sign_in("lead").get("/intern/entscheidungen/").status_code == 302


def test_the_first_page_shows_figures_and_the_last_writes(programme: Gate, sign_in: SignIn) -> None:
    page = text(sign_in("steward"), "/intern/")
    assert "Auf einen Blick" in page
    assert "system:test" in page
    assert "Messreihen ohne Neues" in page
    assert "Es gibt noch keine Messreihen." in page
    own = text(sign_in("lead"), "/intern/")
    assert "system:test" not in own
    for unused in ("/intern/images/", 'action="/intern/pages/', "/intern/reports/", "gravatar", "guide.wagtail.org"):
        assert unused not in page
