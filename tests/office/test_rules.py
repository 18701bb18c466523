"""Rules: versions when edited, four eyes when published."""

from collections.abc import Callable

import pytest
from django.test import Client

from allmende.accounts.models import AuditEntry
from allmende.gate.door import Gate
from allmende.register.models import Purpose, Rule
from allmende.register.services import edit_rule
from tests.office.conftest import SignIn, draft_of, entries_since, person, values_of


def seen(client: Client) -> str:
    """Give the fingerprint of the draft that the page shows."""
    fingerprint: str = client.get("/intern/regelwerk/").context["form"].initial["seen"]
    return fingerprint


def ban(city: Gate, **changes: object) -> None:
    """Add a prohibition as a draft of the steward."""
    rule = Rule.objects.get(slug="kein-verkauf", version=1)
    values = {"slug": "neues-verbot", "title_de": "Neues Verbot", "title_en": "New prohibition", **changes}
    for name, value in values.items():
        setattr(rule, name, value)
    rule.pk = None
    edit_rule(person("steward"), rule=rule)


@pytest.fixture
def slug(city: Gate) -> str:
    """Give the short name of a rule that is in force."""
    return Rule.objects.order_by("position")[0].slug


def test_editing_a_published_rule_makes_a_draft_and_leaves_the_running_one(
    city: Gate, sign_in: SignIn, slug: str
) -> None:
    client, running = sign_in("steward"), Rule.objects.get(slug=slug)
    address = f"/intern/regeln/edit/{running.pk}/"
    page = client.get(address)
    count = AuditEntry.objects.count()
    sent = {
        **values_of(page),
        "title_de": "Neuer Titel",
        "minimum_group": "3",
        "count_noise": "5",
        "time_grid_seconds": "3600",
    }
    assert client.post(address, sent).status_code == 302
    draft = Rule.objects.get(slug=slug, version=2)
    assert (draft.title_de, draft.edited_by) == ("Neuer Titel", person("steward"))
    assert draft.duties == {"time_grid_seconds": 3600, "minimum_group": 3, "count_noise": 5}
    running.refresh_from_db()
    assert running.title_de != "Neuer Titel"
    (entry,) = entries_since(count)
    assert entry.verb == "register.rule_edited"
    assert entry.before is not None
    assert entry.after is not None
    assert (entry.before["title_de"], entry.after["title_de"]) == (running.title_de, "Neuer Titel")
    assert [rule.title.de for rule in city.rulebook().rules].count("Neuer Titel") == 0

    assert client.get(address).context["form"].initial["title_de"] == "Neuer Titel", "the newest version is edited"
    client.post(address, {**sent, "title_de": "Noch neuer"})
    assert Rule.objects.filter(slug=slug).count() == 2, "a draft is edited in place"
    history = client.get(f"/intern/regeln/history/{running.pk}/").content.decode()
    assert "Noch neuer" in history
    listed = client.get("/intern/regeln/").context["object_list"]
    assert [rule.version for rule in listed if rule.slug == slug] == [2]
    assert client.post(f"/intern/regeln/delete/{running.pk}/").status_code == 404


def test_a_rule_with_a_small_group_but_no_time_grid_is_refused(city: Gate, sign_in: SignIn, slug: str) -> None:
    client, rule = sign_in("steward"), Rule.objects.get(slug=slug)
    page = client.get(f"/intern/regeln/edit/{rule.pk}/")
    response = client.post(f"/intern/regeln/edit/{rule.pk}/", {**values_of(page), "minimum_group": "3"})
    assert "Eine Mindestgruppe braucht ein Zeitraster." in response.content.decode()
    sent = {**values_of(page), "time_grid_seconds": "3600", "count_noise": "2"}
    response = client.post(f"/intern/regeln/edit/{rule.pk}/", sent)
    assert "Ein Zählrauschen liegt zwischen 3 und 20." in response.content.decode()
    assert Rule.objects.filter(slug=slug).count() == 1


def test_a_new_rule_is_a_draft(city: Gate, sign_in: SignIn, slug: str) -> None:
    client, rule = sign_in("steward"), Rule.objects.get(slug=slug)
    sent = values_of(client.get(f"/intern/regeln/edit/{rule.pk}/"))
    taken = client.post("/intern/regeln/new/", {**sent, "slug": slug}).content.decode()
    assert "Diesen Kurznamen hat schon eine andere Regel." in taken
    assert client.post("/intern/regeln/new/", {**sent, "slug": "neu"}).status_code == 302
    made = Rule.objects.get(slug="neu")
    assert (made.version, made.published_in, made.edited_by) == (1, None, person("steward"))


def test_the_page_shows_the_difference_and_a_second_person_publishes(city: Gate, sign_in: SignIn, slug: str) -> None:
    draft_of(slug, person("steward"))
    board = sign_in("ethics-board")
    page = board.get("/intern/regelwerk/").content.decode()
    assert "<ins>Neuer Titel / " in page
    version, count = city.rulebook().version, AuditEntry.objects.count()
    board.post("/intern/regelwerk/", {"decision": "Ethikbeirat, 1. April", "seen": seen(board)})
    assert city.rulebook().version == version + 1
    assert "Neuer Titel" in [rule.title.de for rule in city.rulebook().rules]
    (entry,) = entries_since(count)
    assert (entry.verb, entry.actor) == ("register.rulebook_published", "ethics-board@example.org")
    assert "der Entwurf ist gleich dem, was gilt" in board.get("/intern/regelwerk/").content.decode()


def test_who_edited_last_may_not_publish_and_reads_why(city: Gate, sign_in: SignIn, slug: str) -> None:
    draft_of(slug, person("administrator"))
    client, version, count = sign_in("administrator"), city.rulebook().version, AuditEntry.objects.count()
    assert "darf es nicht selbst veröffentlichen" in client.get("/intern/regelwerk/").content.decode()
    sent = {"decision": "ich allein", "seen": seen(client)}
    page = client.post("/intern/regelwerk/", sent, follow=True).content.decode()
    assert "Bitten Sie eine zweite Person." in page
    assert city.rulebook().version == version
    assert AuditEntry.objects.count() == count


def test_four_eyes_hold_for_what_rules_are_made_of_too(city: Gate, sign_in: SignIn) -> None:
    client, version = sign_in("administrator"), city.rulebook().version
    purpose = Purpose.objects.get(slug="open-data")
    address = f"/intern/zwecke/edit/{purpose.pk}/"
    assert client.post(address, {**values_of(client.get(address)), "title_de": "Offenes"}).status_code == 302
    client.post("/intern/regelwerk/", {"decision": "ich allein", "seen": seen(client)})
    assert city.rulebook().version == version
    board = sign_in("ethics-board")
    board.post("/intern/regelwerk/", {"decision": "Ethikbeirat, 2. April", "seen": seen(board)})
    assert city.rulebook().version == version + 1
    assert "Offenes" in [entry.title.de for entry in city.rulebook().purposes]


@pytest.mark.parametrize("role", ["auditor", "steward", "office", "lead", "moderator"])
def test_others_see_the_page_and_cannot_publish(city: Gate, sign_in: SignIn, slug: str, role: str) -> None:
    draft_of(slug, person("administrator"))
    client, version = sign_in(role), city.rulebook().version
    assert client.get("/intern/regelwerk/").status_code == 200
    assert client.post("/intern/regelwerk/", {"decision": "nein", "seen": seen(client)})["Location"] == "/intern/"
    assert city.rulebook().version == version


def test_publishing_needs_a_decision(city: Gate, sign_in: SignIn, slug: str) -> None:
    draft_of(slug, person("steward"))
    version = city.rulebook().version
    board = sign_in("ethics-board")
    assert board.post("/intern/regelwerk/", {"decision": "", "seen": seen(board)}).status_code == 200
    assert city.rulebook().version == version


def test_the_page_says_in_plain_words_what_the_draft_would_change(city: Gate, sign_in: SignIn) -> None:
    ban(city, categories=["environment"], purposes=["research"], verbs=["use"])
    board = sign_in("ethics-board")
    page = board.get("/intern/regelwerk/").content.decode()
    assert "Diese Änderung erlaubt nicht mehr: nutzen. Daten: Luft, Wasser und Boden. Zweck: Forschung. Für: " in page
    assert "Grund: Verbot „Neues Verbot“." in page
    assert "neues-verbot" in page
    written = board.get("/intern/regelwerk/unterschied.txt").content.decode()
    assert "Diese Änderung erlaubt nicht mehr: nutzen." in written
    assert "This change no longer allows: use. Data: Air, water and soil. Purpose: Research." in written


def test_a_prohibition_that_shuts_the_portal_is_shown_and_refused(city: Gate, sign_in: SignIn) -> None:
    ban(city, purposes=["offenheit"])
    board, version = sign_in("ethics-board"), city.rulebook().version
    page = board.get("/intern/regelwerk/").content.decode()
    assert "wäre das Portal der offenen Daten geschlossen durch neues-verbot" in page
    assert 'type="submit" disabled' in page
    sent = {"decision": "Ethikbeirat, 3. April", "seen": seen(board)}
    assert "geschlossen durch neues-verbot" in board.post("/intern/regelwerk/", sent, follow=True).content.decode()
    assert city.rulebook().version == version


def test_an_unsound_draft_says_what_is_wrong(city: Gate, sign_in: SignIn) -> None:
    ban(city, purposes=["erfunden"])
    board = sign_in("ethics-board")
    assert "Zweck erfunden ist unbekannt" in board.get("/intern/regelwerk/").content.decode()
    asked = "recipient=public&verb=publish&category=weather&purpose=open-data&day=2026-06-01"
    assert "Zweck erfunden ist unbekannt" in board.get(f"/intern/regelprobe/?{asked}&book=draft").content.decode()
    assert "Ja, das ist erlaubt." in board.get(f"/intern/regelprobe/?{asked}&book=running").content.decode()


def _overlapping(city: Gate) -> None:
    ban(city)


def _looped(city: Gate) -> None:
    Purpose.objects.filter(slug="gemeinwohl").update(parent=Purpose.objects.get(slug="klima"))


def _unknown(city: Gate) -> None:
    ban(city, purposes=["erfunden"])


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        (_overlapping, "regeln dasselbe, und ihre Gültigkeit überschneidet sich"),
        (_looped, "Kreis"),
        (_unknown, "Zweck erfunden ist unbekannt"),
    ],
)
def test_a_faulty_draft_is_shown_and_never_comes_in_force(
    city: Gate, sign_in: SignIn, spoil: Callable[[Gate], None], fault: str
) -> None:
    spoil(city)
    board, version = sign_in("ethics-board"), city.rulebook().version
    assert fault in board.get("/intern/regelwerk/").content.decode()
    sent = {"decision": "Ethikbeirat, 3. April", "seen": seen(board)}
    assert fault in board.post("/intern/regelwerk/", sent, follow=True).content.decode()
    assert city.rulebook().version == version


def test_a_draft_that_moved_after_it_was_seen_is_not_published(city: Gate, sign_in: SignIn, slug: str) -> None:
    draft_of(slug, person("steward"))
    board, version = sign_in("ethics-board"), city.rulebook().version
    sent = {"decision": "Ethikbeirat, 4. April", "seen": seen(board)}
    ban(city)
    page = board.post("/intern/regelwerk/", sent, follow=True).content.decode()
    assert "Der Entwurf hat sich geändert, seit Sie ihn gesehen haben" in page
    assert city.rulebook().version == version


def test_rules_are_tried_out_with_the_rules_behind_the_answer(city: Gate, sign_in: SignIn) -> None:
    client, decisions = sign_in("steward"), len(city.decisions())
    form = client.get("/intern/regelprobe/").content.decode()
    assert "Überwachung" in form
    asked = "recipient=public&verb=publish&category=weather&purpose=sale&day=2026-06-01&book=running"
    page = client.get(f"/intern/regelprobe/?{asked}").content.decode()
    assert "Nein, das ist nicht erlaubt." in page
    assert "Kein Verkauf und keine Werbung" in page
    assert "weicht dem Verbot" in page
    asked = "recipient=partner&verb=use&category=traffic-counts&purpose=mobility&day=2026-06-01&book=running"
    page = client.get(f"/intern/regelprobe/?{asked}").content.decode()
    assert "wer es tut: Stadtverwaltung, Hochschulen und Forschung" in page
    asked = "recipient=administration&verb=use&category=traffic-counts&purpose=mobility&day=2026-06-01&book=running"
    page = client.get(f"/intern/regelprobe/?{asked}").content.decode()
    assert "nur ab 10 gezählten Personen; kein Wert macht über 85 % der Summe aus" in page
    assert len(city.decisions()) == decisions, "a trial is no access"
    assert client.get("/intern/regelprobe/?verb=fly").status_code == 200


def test_the_draft_is_tried_out_before_it_holds(city: Gate, sign_in: SignIn) -> None:
    ban(city, purposes=["research"], verbs=["use"])
    asked = "recipient=research&verb=use&category=weather&purpose=research&day=2026-06-01"
    client = sign_in("auditor")
    assert "Nein, das ist nicht erlaubt." in client.get(f"/intern/regelprobe/?{asked}&book=draft").content.decode()
    assert "Ja, das ist erlaubt." in client.get(f"/intern/regelprobe/?{asked}&book=running").content.decode()


def test_a_rule_keeps_its_clauses_legal_basis_and_duties_through_the_form(city: Gate, sign_in: SignIn) -> None:
    client, rule = sign_in("steward"), Rule.objects.get(slug="verkehr-nutzen")
    address = f"/intern/regeln/edit/{rule.pk}/"
    sent = {**values_of(client.get(address)), "legal_basis_de": "§ 4 LDSG", "legal_basis_en": "section 4 LDSG"}
    assert client.post(address, sent).status_code == 302
    draft = Rule.objects.get(slug="verkehr-nutzen", version=2)
    assert (draft.principles, draft.duties, draft.legal_basis_de) == (rule.principles, rule.duties, "§ 4 LDSG")


def test_every_version_stays_readable_with_what_it_changed_in_both_languages(city: Gate, sign_in: SignIn) -> None:
    ban(city, categories=["environment"], purposes=["research"], verbs=["use"])
    board = sign_in("ethics-board")
    board.post("/intern/regelwerk/", {"decision": "Ethikbeirat, 5. April", "seen": seen(board)})
    reader = Client()
    listed = reader.get("/datenethik/fassungen/").content.decode()
    assert "/datenethik/fassungen/1/" in listed
    assert "Ethikbeirat, 5. April" in listed
    first = reader.get("/datenethik/fassungen/1/").content.decode()
    assert "Diese Änderung erlaubt neu: erheben, löschen. Daten: " in first
    assert "Neues Verbot" not in first
    second = reader.get("/en/datenethik/fassungen/2/").content.decode()
    assert "This change no longer allows: use. Data: Air, water and soil. Purpose: Research." in second
    assert "Art. 6(1)(a) GDPR" in second
    assert "https://w3id.org/dpv#ScientificResearch" in second
    assert "ethics-board@example.org" not in second + listed, "the public does not read who of the staff it was"
    book = reader.get("/datenethik/fassungen/2.json").json()
    assert (book["version"], book["rules"][0]["slug"]) == (2, "kein-verkauf")
    assert reader.get("/datenethik/fassungen/3/").status_code == 404
    assert reader.get("/datenethik/fassungen/3.json").status_code == 404


def test_the_rules_of_a_past_day_are_those_that_held_on_it(city: Gate) -> None:
    reader = Client()
    assert "Kein Verkauf und keine Werbung</a>" in reader.get("/datenethik/").content.decode()
    past = reader.get("/datenethik/?stand=2020-01-01").content.decode()
    assert "Regeln, die am 1. Januar 2020 galten" in past
    assert "An diesem Tag galt keine Regel" in past
    assert "Kein Verkauf und keine Werbung</a>" not in past
