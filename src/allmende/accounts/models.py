"""Tables of people and of what they did."""

from typing import Any, ClassVar, NoReturn

from django.contrib.auth.models import AbstractUser, BaseUserManager
from django.db import models
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _


class PersonManager(BaseUserManager["Person"]):
    """Makes people, known by their e-mail."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "Person":
        """Add a person; the e-mail is kept in lower case."""
        person = self.model(email=email.lower(), username=email.lower(), **fields)
        person.set_password(password)
        person.save(using=self._db)
        return person

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "Person":
        """Add a person who may do everything in Django's own terms."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class Person(AbstractUser):
    """Somebody of the staff; signs in with the e-mail, and has roles (groups)."""

    email = models.EmailField(_("E-Mail"), unique=True)

    objects: ClassVar[PersonManager] = PersonManager()  # type: ignore[assignment]

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        """Names."""

        verbose_name = _("Person")
        verbose_name_plural = _("Personen")

    def __str__(self) -> str:
        """Give the name, or the e-mail where no name is known."""
        return self.get_full_name() or self.email

    @cached_property
    def roles(self) -> set[str]:
        """Give the names of the roles, read once for each request; who may all of Django administers."""
        if not self.is_active:
            return set()
        return {"administrator"} if self.is_superuser else set(self.groups.values_list("name", flat=True))


class AppendOnly(models.QuerySet["AuditEntry"]):
    """Rows that come and stay; many at once cannot be changed or deleted either."""

    def update(self, **_values: Any) -> NoReturn:
        """Refuse."""
        raise TypeError("audit entries cannot be changed")

    def delete(self) -> NoReturn:
        """Refuse."""
        raise TypeError("audit entries cannot be deleted")

    def bulk_update(self, *_args: Any, **_values: Any) -> NoReturn:
        """Refuse."""
        raise TypeError("audit entries cannot be changed")


class AuditEntry(models.Model):
    """One write: who, when, what, before and after; never changed, never deleted."""

    at = models.DateTimeField(_("Zeitpunkt"), auto_now_add=True, db_index=True)
    actor = models.CharField(_("Wer"), max_length=200)
    person = models.ForeignKey(
        Person, verbose_name=_("Person"), null=True, on_delete=models.PROTECT, related_name="audit_entries"
    )
    verb = models.CharField(_("Tätigkeit"), max_length=100, db_index=True)
    subject = models.CharField(_("Gegenstand"), max_length=200, db_index=True)
    label = models.CharField(_("Bezeichnung"), max_length=300, blank=True)
    before = models.JSONField(_("Vorher"), null=True)
    after = models.JSONField(_("Nachher"), null=True)
    note = models.TextField(_("Anmerkung"), blank=True)

    objects = AppendOnly.as_manager()

    class Meta:
        """Newest first."""

        ordering = ("-at", "-id")
        verbose_name = _("Protokolleintrag")
        verbose_name_plural = _("Protokoll")

    def __str__(self) -> str:
        """Say who did what."""
        return f"{self.actor}: {self.verb} {self.label or self.subject}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Add a new entry; refuse to change one."""
        if self.pk is not None:
            raise TypeError("an audit entry cannot be changed")
        super().save(*args, **kwargs)

    def delete(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        """Refuse."""
        raise TypeError("an audit entry cannot be deleted")
