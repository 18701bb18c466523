"""People and the audit trail: every write leaves exactly one entry, and entries stay."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db.models import ProtectedError

from allmende.accounts import queries, services
from allmende.accounts.changes import delete_row, save_form
from allmende.accounts.models import AuditEntry, Person
from allmende.accounts.rules import ROLES, WRITES, SystemActor, may_enter, may_read, may_write
from allmende.catalog.models import Dataset, Licence
from allmende.kernel.errors import AllmendeError, Conflict, Invalid, NotFound

ACTOR = SystemActor("system:test")
PASSWORD = "kranich teller siebzehn regen"
RITA = "rita@example.org"


@pytest.fixture
def rita(db: None) -> Person:
    """Give the only administrator."""
    services.ensure_roles()
    return services.create_person(ACTOR, email=RITA, password=PASSWORD, roles=["administrator"])


def _licence_form(row: Licence, **values: str) -> Any:
    from django.forms import modelform_factory

    form = modelform_factory(Licence, fields=["slug", "title", "url"])({"url": "", **values}, instance=row)
    assert form.is_valid(), form.errors
    return form


WRITES_OF_SERVICES: dict[str, tuple[Callable[[Person], object], str]] = {
    "create_person": (
        lambda rita: services.create_person(rita, email="TOM@example.org", password=None, roles=["office", "lead"]),
        "accounts.person_created",
    ),
    "set_roles": (
        lambda rita: services.set_roles(rita, email=RITA, roles=["administrator", "steward"]),
        "accounts.roles_set",
    ),
    "set_active": (lambda rita: services.set_active(rita, email=RITA, active=True), "accounts.activity_set"),
    "reset_password": (
        lambda rita: services.reset_password(rita, email=RITA, password="vier andere lange Wörter"),
        "accounts.password_set",
    ),
    "save_form": (
        lambda rita: save_form(rita, form=_licence_form(Licence(), slug="cc0", title="CC0")),
        "catalog.licence_created",
    ),
}


@pytest.mark.parametrize("name", list(WRITES_OF_SERVICES))
def test_each_write_leaves_exactly_one_entry(rita: Person, name: str) -> None:
    write, verb = WRITES_OF_SERVICES[name]
    before = AuditEntry.objects.count()
    write(rita)
    assert AuditEntry.objects.count() == before + 1
    entry = AuditEntry.objects.order_by("pk").last()
    assert entry is not None
    assert (entry.verb, entry.actor, entry.person) == (verb, RITA, rita)
    assert PASSWORD not in f"{entry.before} {entry.after} {entry.note}"


def test_a_row_s_entries_tell_its_whole_history(rita: Person) -> None:
    licence = save_form(rita, form=_licence_form(Licence(), slug="cc0", title="CC0"))
    assert isinstance(licence, Licence)
    save_form(rita, form=_licence_form(licence, slug="cc0", title="CC0 1.0"))
    save_form(rita, form=_licence_form(licence, slug="cc0", title="CC0 1.0"))
    subject = queries.subject_of(licence)
    delete_row(rita, row=licence)
    history = AuditEntry.objects.filter(subject=subject).order_by("pk")
    assert [(entry.verb, entry.before, entry.after) for entry in history[1:2]] == [
        ("catalog.licence_changed", {"title": "CC0"}, {"title": "CC0 1.0"})
    ]
    assert [entry.verb.rpartition("_")[2] for entry in history] == ["created", "changed", "deleted"]
    assert history[2].before is not None
    assert history[2].before["title"] == "CC0 1.0"


def test_a_row_in_use_is_not_deleted_and_leaves_no_entry(rita: Person) -> None:
    licence = Licence.objects.create(slug="cc0", title="CC0")
    texts = {f"{name}_{language}": "x" for name in ("title", "description") for language in ("de", "en")}
    Dataset.objects.create(slug="wetter", licence=licence, publisher="x", **texts)
    before = AuditEntry.objects.count()
    with pytest.raises(Conflict, match=r"“CC0” is still in use: [Dd]ataset “x”\. Remove these links first\."):
        delete_row(rita, row=licence)
    assert AuditEntry.objects.count() == before
    assert Licence.objects.filter(pk=licence.pk).exists()


def test_an_entry_cannot_be_changed_or_deleted(rita: Person) -> None:
    entry = AuditEntry.objects.get()
    entry.note = "nothing happened"
    deeds: list[Callable[[], object]] = [
        entry.save,
        entry.delete,
        AuditEntry.objects.all().delete,
        lambda: AuditEntry.objects.update(note="nothing happened"),
        lambda: AuditEntry.objects.bulk_update([entry], ["note"]),
    ]
    for deed in deeds:
        with pytest.raises(TypeError, match="cannot be"):
            deed()
    services.create_person(rita, email="tom@example.org", password=None, roles=[])
    with pytest.raises(ProtectedError):
        rita.delete()
    assert list(AuditEntry.objects.values_list("note", flat=True)) == ["", ""]


def test_the_last_administrator_stays(rita: Person) -> None:
    deeds: list[Callable[[], None]] = [
        lambda: services.set_active(rita, email=RITA, active=False),
        lambda: services.set_roles(rita, email=RITA, roles=["auditor"]),
    ]
    for take_away in deeds:
        with pytest.raises(Conflict, match="last person who administers access"):
            take_away()
    services.create_person(ACTOR, email="tom@example.org", password=None, roles=["administrator"])
    services.set_active(rita, email="tom@example.org", active=False)
    with pytest.raises(Conflict):
        services.set_active(rita, email=RITA, active=False)
    services.set_active(rita, email="tom@example.org", active=True)
    services.set_active(rita, email=RITA, active=False)
    assert queries.list_people()[0] == queries.Listed(RITA, ("administrator",), False)
    assert Person.objects.get(email=RITA).roles == set()


@pytest.mark.parametrize("password", ["", "kurz", "123456789012345", "rita@example.org"])
def test_a_weak_password_is_refused_in_both_languages(rita: Person, password: str) -> None:
    before = AuditEntry.objects.count()
    with pytest.raises(Invalid, match=r"^The password is too weak: (This|The) password") as caught:
        services.reset_password(rita, email=RITA, password=password)
    assert caught.value.what.de.startswith("Das Passwort ist zu schwach: D")
    assert AuditEntry.objects.count() == before
    assert Person.objects.get(email=RITA).check_password(PASSWORD)


@pytest.mark.parametrize(
    ("values", "kind", "sentence"),
    [
        ({"email": RITA.upper()}, Conflict, "RITA@EXAMPLE.ORG is there already"),
        ({"email": "nobody"}, Invalid, "“nobody” is no e-mail address"),
        ({"password": "kurz"}, Invalid, "too weak"),
        ({"password": "new@example.org"}, Invalid, "too similar"),
        ({"roles": ["king"]}, Invalid, "There is no role “king”. Possible are: office, steward"),
    ],
)
def test_a_refused_person_leaves_nothing(
    rita: Person, values: dict[str, Any], kind: type[AllmendeError], sentence: str
) -> None:
    before = (Person.objects.count(), AuditEntry.objects.count())
    with pytest.raises(kind, match=sentence):
        services.create_person(rita, **{"email": "new@example.org", "password": PASSWORD, "roles": [], **values})
    assert (Person.objects.count(), AuditEntry.objects.count()) == before


def test_nobody_is_an_error_with_a_way_out(rita: Person) -> None:
    with pytest.raises(NotFound, match="All are shown by: allmende user list"):
        services.set_roles(rita, email="nobody@example.org", roles=[])


def test_the_auditor_reads_everything_and_writes_nothing() -> None:
    areas = {area for written in WRITES.values() for area in written} | {"trail"}
    assert all(may_read({"auditor"}, area) for area in areas)
    assert not any(may_write({"auditor"}, area) for area in areas)
    assert may_enter({"auditor"})


@pytest.mark.parametrize("roles", [set(), {"king"}])
def test_who_has_no_role_stays_outside(roles: set[str]) -> None:
    assert not may_enter(roles)
    assert not may_read(roles, "programme")
    assert not may_write(roles, "programme")


def test_only_the_administrator_lets_people_in_and_makes_tokens() -> None:
    for area in ("accounts", "tokens"):
        assert {role for role in ROLES if may_write({role}, area)} == {"administrator"}
    assert {role for role in ROLES if may_write({role}, "rulebook")} == {"ethics-board", "administrator"}
    assert {role for role in ROLES if may_read({role}, "trail")} == {
        *("steward", "ethics-board", "auditor", "administrator")
    }
