"""Rules: versions when edited, four eyes when published."""

import pytest

from allmende.accounts.models import AuditEntry
from allmende.gate.door import Gate
from allmende.register.models import Purpose, Rule
from tests.office.conftest import SignIn, draft_of, entries_since, person, values_of


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
    sent = {**values_of(page), "title_de": "Neuer Titel", "minimum_group": "3", "time_grid_seconds": "3600"}
    assert client.post(address, sent).status_code == 302
    draft = Rule.objects.get(slug=slug, version=2)
    assert (draft.title_de, draft.duties["minimum_group"], draft.edited_by) == ("Neuer Titel", 3, person("steward"))
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
    board.post("/intern/regelwerk/", {"decision": "Ethikbeirat, 1. April"})
    assert city.rulebook().version == version + 1
    assert "Neuer Titel" in [rule.title.de for rule in city.rulebook().rules]
    (entry,) = entries_since(count)
    assert (entry.verb, entry.actor) == ("register.rulebook_published", "ethics-board@example.org")
    assert "der Entwurf ist gleich dem, was gilt" in board.get("/intern/regelwerk/").content.decode()


def test_who_edited_last_may_not_publish_and_reads_why(city: Gate, sign_in: SignIn, slug: str) -> None:
    draft_of(slug, person("administrator"))
    client, version, count = sign_in("administrator"), city.rulebook().version, AuditEntry.objects.count()
    assert "darf es nicht selbst veröffentlichen" in client.get("/intern/regelwerk/").content.decode()
    page = client.post("/intern/regelwerk/", {"decision": "ich allein"}, follow=True).content.decode()
    assert "Bitten Sie eine zweite Person." in page
    assert city.rulebook().version == version
    assert AuditEntry.objects.count() == count


def test_four_eyes_hold_for_what_rules_are_made_of_too(city: Gate, sign_in: SignIn) -> None:
    client, version = sign_in("administrator"), city.rulebook().version
    purpose = Purpose.objects.get(slug="open-data")
    address = f"/intern/zwecke/edit/{purpose.pk}/"
    assert client.post(address, {**values_of(client.get(address)), "title_de": "Offenes"}).status_code == 302
    client.post("/intern/regelwerk/", {"decision": "ich allein"})
    assert city.rulebook().version == version
    sign_in("ethics-board").post("/intern/regelwerk/", {"decision": "Ethikbeirat, 2. April"})
    assert city.rulebook().version == version + 1
    assert "Offenes" in [entry.title.de for entry in city.rulebook().purposes]


@pytest.mark.parametrize("role", ["auditor", "steward", "office", "lead", "moderator"])
def test_others_see_the_page_and_cannot_publish(city: Gate, sign_in: SignIn, slug: str, role: str) -> None:
    draft_of(slug, person("administrator"))
    client, version = sign_in(role), city.rulebook().version
    assert client.get("/intern/regelwerk/").status_code == 200
    assert client.post("/intern/regelwerk/", {"decision": "nein"})["Location"] == "/intern/"
    assert city.rulebook().version == version


def test_publishing_needs_a_decision(city: Gate, sign_in: SignIn, slug: str) -> None:
    draft_of(slug, person("steward"))
    version = city.rulebook().version
    assert sign_in("ethics-board").post("/intern/regelwerk/", {"decision": ""}).status_code == 200
    assert city.rulebook().version == version
