"""Tables of the staff room: who sees and writes what, and that every write leaves its one entry."""

from typing import Any

import pytest
from django.test import Client

from allmende.accounts.models import AuditEntry
from allmende.accounts.rules import ROLES, may_write
from allmende.catalog.models import Licence
from allmende.gate.door import Gate
from allmende.programme.models import Gap, PlanVersion, Project
from allmende.register.models import Category
from tests.office.conftest import SignIn, entries_since, person, values_of

AREAS = {"projekte": "programme", "zwecke": "register", "lizenzen": "catalog", "regeln": "register"}
GAP = {"title_de": "Lücke", "title_en": "Gap", "text_de": "Das fehlt.", "text_en": "This is missing.", "position": "0"}


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("table", AREAS)
def test_every_role_reads_and_only_the_roles_of_the_area_add(sign_in: SignIn, role: str, table: str) -> None:
    client = sign_in(role)
    assert client.get(f"/intern/{table}/").status_code == 200
    status = client.get(f"/intern/{table}/new/").status_code
    assert status == (200 if may_write({role}, AREAS[table]) else 302)


@pytest.mark.parametrize(
    "table",
    [
        *("projekte", "projektereignisse", "beitraege", "beteiligte", "meilensteine", "meilensteindaten"),
        *("planfassungen", "beschluesse", "veranstaltungen", "zielbilder", "programm", "foerderregeln", "gremien"),
        *("straenge", "quellen", "projektzahlen", "abweichungen", "luecken"),
        *("grundsaetze", "zwecke", "datenkategorien", "empfaengerkreise", "datennutzungen", "regeln"),
    ],
)
def test_every_table_lists_searches_exports_and_shows_a_row(programme: Gate, sign_in: SignIn, table: str) -> None:
    client = sign_in("administrator")
    page = client.get(f"/intern/{table}/")
    assert page.status_code == 200
    assert 'class="office-purpose"' in page.content.decode()
    row = page.context["object_list"][0]
    assert client.get(f"/intern/{table}/?q=zzzz-nothing").context["object_list"].count() == 0
    export: Any = client.get(f"/intern/{table}/?export=csv")
    assert len(b"".join(export.streaming_content).splitlines()) > page.context["object_list"].count()
    assert client.get(f"/intern/{table}/inspect/{row.pk}/").status_code == 200
    assert client.get(f"/intern/{table}/history/{row.pk}/").status_code == 200
    edit = client.get(f"/intern/{table}/edit/{row.pk}/")
    assert edit.status_code == (404 if table in ("planfassungen", "meilensteindaten", "projektzahlen") else 200)


def test_adding_changing_and_deleting_leave_one_entry_each(sign_in: SignIn) -> None:
    client = sign_in("office")
    count = AuditEntry.objects.count()
    assert client.post("/intern/luecken/new/", GAP).status_code == 302
    gap = Gap.objects.get(title_de="Lücke")
    (created,) = entries_since(count)
    assert (created.verb, created.actor, created.before) == ("programme.gap_created", "office@example.org", None)
    assert created.after is not None
    assert created.after["text_de"] == "Das fehlt."

    client.post(f"/intern/luecken/edit/{gap.pk}/", {**GAP, "text_de": "Das fehlte."})
    (changed,) = entries_since(count + 1)
    assert changed.verb == "programme.gap_changed"
    assert changed.before == {"text_de": "Das fehlt."}
    assert changed.after == {"text_de": "Das fehlte."}

    history = client.get(f"/intern/luecken/history/{gap.pk}/").content.decode()
    assert "office@example.org" in history
    assert "<del>Das fehlt.</del>" in history
    assert "<ins>Das fehlte.</ins>" in history

    client.post(f"/intern/luecken/edit/{gap.pk}/", {**GAP, "text_de": "Das fehlte."})
    assert AuditEntry.objects.count() == count + 2, "saving without a change writes nothing"

    assert client.post(f"/intern/luecken/delete/{gap.pk}/").status_code == 302
    (deleted,) = entries_since(count + 2)
    assert deleted.verb == "programme.gap_deleted"
    assert deleted.before is not None
    assert deleted.before["text_de"] == "Das fehlte."
    assert not Gap.objects.exists()


@pytest.mark.parametrize("role", [role for role in ROLES if not may_write({role}, "programme")])
def test_who_does_not_write_in_the_area_is_refused(sign_in: SignIn, role: str) -> None:
    gap = Gap.objects.create(**{name: value for name, value in GAP.items() if name != "position"})
    client = sign_in(role)
    count = AuditEntry.objects.count()
    changed = {**GAP, "title_de": "Anders"}
    for address in ("new/", f"edit/{gap.pk}/", f"delete/{gap.pk}/"):
        assert client.post(f"/intern/luecken/{address}", changed)["Location"] == "/intern/"
    assert [row.title_de for row in Gap.objects.all()] == ["Lücke"]
    assert AuditEntry.objects.count() == count


def test_a_row_in_use_is_kept_and_the_users_are_named(sign_in: SignIn) -> None:
    client = sign_in("steward")
    used = Category.objects.filter(data_uses__isnull=False)[0]
    count = AuditEntry.objects.count()
    page = client.post(f"/intern/datenkategorien/delete/{used.pk}/", follow=True).content.decode()
    assert "wird noch gebraucht" in page
    assert Category.objects.filter(pk=used.pk).exists()
    assert AuditEntry.objects.count() == count


def test_a_category_arises_from_several_others(sign_in: SignIn) -> None:
    client, parts = sign_in("steward"), ["traffic-counts", "contributions"]
    sent = {"slug": "profile", "title_de": "Bewegungsbilder", "title_en": "Profiles", "personal": "personal"}
    alone = client.post("/intern/datenkategorien/new/", {**sent, "arises_from": parts[:1]})
    assert "Eine Kategorie entsteht aus mindestens zwei anderen." in alone.content.decode()
    assert client.post("/intern/datenkategorien/new/", {**sent, "arises_from": parts}).status_code == 302
    made = Category.objects.get(slug="profile")
    assert sorted(made.arises_from) == sorted(parts)
    assert client.post(f"/intern/datenkategorien/edit/{made.pk}/", sent).status_code == 302
    made.refresh_from_db()
    assert made.arises_from == []


def test_plan_versions_are_never_changed(programme: Gate, sign_in: SignIn) -> None:
    client, plan = sign_in("administrator"), PlanVersion.objects.all()[0]
    for address in ("edit", "delete"):
        assert client.get(f"/intern/planfassungen/{address}/{plan.pk}/").status_code == 404
        assert client.post(f"/intern/planfassungen/{address}/{plan.pk}/").status_code == 404


def test_a_lead_changes_the_projects_they_lead_and_no_others(programme: Gate, sign_in: SignIn) -> None:
    client, lead = sign_in("lead"), person("lead")
    own, other = Project.objects.all()[:2]
    assert client.get(f"/intern/projekte/edit/{own.pk}/").status_code == 302
    own.leads.add(lead)
    client = sign_in("lead")
    page = client.get(f"/intern/projekte/edit/{own.pk}/")
    assert page.status_code == 200
    assert "leads" not in page.context["form"].fields
    sent = {**values_of(page), "contact_de": "Zimmer 5", "leads": [person("office").pk]}
    count = AuditEntry.objects.count()
    assert client.post(f"/intern/projekte/edit/{own.pk}/", sent).status_code == 302
    (entry,) = entries_since(count)
    assert entry.after == {"contact_de": "Zimmer 5"}
    assert list(own.leads.all()) == [lead]
    assert client.get(f"/intern/projekte/edit/{other.pk}/").status_code == 302
    client.post(f"/intern/projekte/edit/{other.pk}/", {**sent, "slug": other.slug})
    assert AuditEntry.objects.count() == count + 1


def test_links_of_a_project_are_saved_and_recorded(programme: Gate, sign_in: SignIn) -> None:
    client, project = sign_in("office"), Project.objects.all()[0]
    page = client.get(f"/intern/projekte/edit/{project.pk}/")
    lead, count = person("lead"), AuditEntry.objects.count()
    client.post(f"/intern/projekte/edit/{project.pk}/", {**values_of(page), "leads": [lead.pk]})
    (entry,) = entries_since(count)
    assert entry.before == {"leads": []}
    assert entry.after == {"leads": [f"lead@example.org [{lead.pk}]"]}


def test_unused_parts_of_the_frame_are_closed(sign_in: SignIn) -> None:
    client = sign_in("administrator")
    for part in ("users", "groups", "sites", "pages", "images", "snippets", "reports/site-history", "collections"):
        assert client.get(f"/intern/{part}/").status_code == 404, part


def test_licences_belong_to_the_steward(sign_in: SignIn) -> None:
    values = {"slug": "cc0", "title": "CC0 1.0", "url": "https://creativecommons.org/publicdomain/zero/1.0/"}
    sign_in("office").post("/intern/lizenzen/new/", values)
    assert not Licence.objects.exists()
    sign_in("steward").post("/intern/lizenzen/new/", values)
    assert Licence.objects.get().title == "CC0 1.0"


def test_nobody_comes_in_without_signing_in(city: Gate) -> None:
    response = Client().get("/intern/projekte/")
    assert response.status_code == 302
    assert response["Location"] == "/intern/login/?next=/intern/projekte/"
