"""Writes of people and of the audit trail."""

from collections.abc import Collection, Iterable
from typing import Any

from django.contrib.auth.models import Group, Permission
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import Model
from django.utils.translation import override

from allmende.accounts.models import AuditEntry, Person
from allmende.accounts.queries import subject_of
from allmende.accounts.rules import ROLES, SystemActor
from allmende.kernel.errors import Conflict, ErrorCode, Invalid, NotFound
from allmende.kernel.text import Text

Actor = Person | SystemActor

BAD_EMAIL = ErrorCode(
    "accounts.bad_email",
    Text("„{email}“ ist keine E-Mail-Adresse.", "“{email}” is no e-mail address."),
    Text("Berichtigen Sie die Adresse.", "Correct the address."),
)
EMAIL_TAKEN = ErrorCode(
    "accounts.email_taken",
    Text("{email} gibt es schon.", "{email} is there already."),
    Text("Ändern Sie die vorhandene Person.", "Change the person that is there."),
)
WEAK_PASSWORD = ErrorCode(
    "accounts.weak_password",
    Text("Das Passwort ist zu schwach: {why}", "The password is too weak: {why}"),
    Text(
        "Nehmen Sie ein längeres, zum Beispiel vier zufällige Wörter.",
        "Take a longer one, for example four random words.",
    ),
)
NO_PERSON = ErrorCode(
    "accounts.unknown_person",
    Text("Eine Person {email} gibt es nicht.", "There is no person {email}."),
    Text("Alle zeigt: allmende user list", "All are shown by: allmende user list"),
)
LAST_ADMINISTRATOR = ErrorCode(
    "accounts.last_administrator",
    Text("{email} ist die letzte Person, die Zugänge verwaltet.", "{email} is the last person who administers access."),
    Text("Geben Sie diese Rolle zuerst einer anderen Person.", "Give that role to another person first."),
)
NO_ROLE = ErrorCode(
    "accounts.unknown_role",
    Text("Eine Rolle „{role}“ gibt es nicht.", "There is no role “{role}”."),
    Text("Möglich sind: {known}.", "Possible are: {known}."),
)


def record(
    actor: Actor,
    verb: str,
    subject: Model | str,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    note: str = "",
) -> AuditEntry:
    """Add the entry of one write to the audit trail, inside the write's own transaction; names stand in German."""
    person = actor if isinstance(actor, Person) else None
    with override("de"):
        label = "" if isinstance(subject, str) else str(subject)[:300]
    return AuditEntry.objects.create(
        actor=actor.name if isinstance(actor, SystemActor) else actor.email,
        person=person,
        verb=verb,
        subject=subject_of(subject),
        label=label,
        before=before,
        after=after,
        note=note,
    )


@transaction.atomic
def ensure_roles() -> None:
    """Make the groups that stand for roles; all open the staff room, what each does there stands in the rules."""
    entrance = Permission.objects.filter(content_type__app_label="wagtailadmin", codename="access_admin")
    for role in ROLES:
        group, _ = Group.objects.get_or_create(name=role)
        group.permissions.set(entrance)


def _groups(roles: Collection[str]) -> list[Group]:
    for role in roles:
        if role not in ROLES:
            raise Invalid(NO_ROLE, role=role, known=", ".join(ROLES))
    return list(Group.objects.filter(name__in=list(roles)))


def _names(groups: Iterable[Group]) -> list[str]:
    return sorted(group.name for group in groups)


def _keep_an_administrator(person: Person, *, stays: bool) -> None:
    """Refuse to take the last active administrator away, after whom nobody could let anybody in."""
    others = Person.objects.filter(groups__name="administrator", is_active=True).exclude(pk=person.pk)
    is_one = person.is_active and person.groups.filter(name="administrator").exists()
    if is_one and not stays and not others.exists():
        raise Conflict(LAST_ADMINISTRATOR, email=person.email)


def _complaints(password: str, person: Person, language: str) -> str:
    with override(language):
        try:
            validate_password(password, person)
        except ValidationError as error:
            return " ".join(error.messages)
    return ""


def _check_password(password: str, person: Person) -> None:
    if german := _complaints(password, person, "de"):
        raise Invalid(WEAK_PASSWORD, why=Text(german, _complaints(password, person, "en")))


def _person(email: str) -> Person:
    person = Person.objects.filter(email=email.lower()).first()
    if person is None:
        raise NotFound(NO_PERSON, email=email)
    return person


@transaction.atomic
def create_person(actor: Actor, *, email: str, password: str | None, roles: Collection[str]) -> Person:
    """Add a person with roles; without a password they can come in by single sign-on only."""
    try:
        validate_email(email)
    except ValidationError as error:
        raise Invalid(BAD_EMAIL, email=email[:100]) from error
    if Person.objects.filter(email=email.lower()).exists():
        raise Conflict(EMAIL_TAKEN, email=email)
    if password is not None:
        _check_password(password, Person(email=email.lower()))
    chosen = _groups(roles)
    person = Person.objects.create_user(email, password)
    person.groups.set(chosen)
    record(actor, "accounts.person_created", person, after={"email": person.email, "roles": _names(chosen)})
    return person


@transaction.atomic
def set_roles(actor: Actor, *, email: str, roles: Collection[str]) -> None:
    """Give a person exactly these roles."""
    person = _person(email)
    before, chosen = _names(person.groups.all()), _groups(roles)
    _keep_an_administrator(person, stays="administrator" in roles)
    person.groups.set(chosen)
    record(actor, "accounts.roles_set", person, before={"roles": before}, after={"roles": _names(chosen)})


@transaction.atomic
def set_active(actor: Actor, *, email: str, active: bool) -> None:
    """Block a person, or let them in again; nobody is deleted, so that the audit trail stays readable."""
    person = _person(email)
    before = person.is_active
    _keep_an_administrator(person, stays=active)
    person.is_active = active
    person.save(update_fields=["is_active"])
    record(actor, "accounts.activity_set", person, before={"active": before}, after={"active": active})


@transaction.atomic
def reset_password(actor: Actor, *, email: str, password: str) -> None:
    """Set a new password; the audit trail tells that, never the password."""
    person = _person(email)
    _check_password(password, person)
    person.set_password(password)
    person.save(update_fields=["password"])
    record(actor, "accounts.password_set", person)
