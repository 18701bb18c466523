"""``allmende user`` and ``allmende token``: who may come in."""

import datetime as dt
from pathlib import Path

import click

from allmende.cli.speech import say, t
from allmende.serve import people
from allmende.serve.broker import add_account
from allmende.serve.readiness import require_ready
from allmende.serve.settings import Settings, settings


def _ready() -> Settings:
    """Give the settings of a city that is set up; say how to set one up otherwise."""
    current = settings()
    require_ready(current)
    return current


@click.group(
    help=t("Menschen und ihre Rollen.", "People and their roles."),
    epilog="\b\nallmende user create rita@example.org --role office",
)
def user() -> None:
    """Gather the commands for people."""


@user.command(
    help=t("Eine Person anlegen; fragt nach dem Passwort.", "Add a person; asks for the password."),
    epilog="\b\nallmende user create rita@example.org --role office --role steward",
)
@click.argument("email")
@click.option(
    "--role",
    "roles",
    multiple=True,
    required=True,
    type=click.Choice(people.ROLES),
    help=t("Rolle, mehrfach möglich", "role, may be repeated"),
)
@click.password_option(prompt=t("Passwort", "Password"), confirmation_prompt=t("Noch einmal", "Once more"))
def create(email: str, roles: tuple[str, ...], password: str) -> None:
    """Add a person with roles."""
    people.create(_ready(), email=email, roles=roles, password=password)
    say(f"{email} ist angelegt. Anmeldung unter /intern/", f"{email} has been added. Sign in at /intern/")


@user.command("list", help=t("Alle Personen zeigen.", "Show all people."), epilog="\b\nallmende user list")
def list_users() -> None:
    """Show all people with their roles."""
    for person in people.listed(_ready()):
        state = "" if person.active else t(" (gesperrt)", " (blocked)")
        click.echo(f"{person.email}\t{', '.join(person.roles)}{state}")


@user.command(
    help=t("Ein neues Passwort setzen.", "Set a new password."),
    epilog="\b\nallmende user password rita@example.org",
)
@click.argument("email")
@click.password_option(prompt=t("Passwort", "Password"), confirmation_prompt=t("Noch einmal", "Once more"))
def password(email: str, password: str) -> None:
    """Set a new password for a person."""
    people.reset_password(_ready(), email=email, password=password)
    say(f"Das Passwort von {email} ist neu gesetzt.", f"The password of {email} has been set.")


@user.command(
    help=t("Einer Person genau diese Rollen geben.", "Give a person exactly these roles."),
    epilog="\b\nallmende user roles rita@example.org --role steward",
)
@click.argument("email")
@click.option(
    "--role",
    "roles",
    multiple=True,
    required=True,
    type=click.Choice(people.ROLES),
    help=t("Rolle, mehrfach möglich", "role, may be repeated"),
)
def roles(email: str, roles: tuple[str, ...]) -> None:
    """Replace the roles of a person."""
    people.set_roles(_ready(), email=email, roles=roles)
    say(f"Rollen von {email}: {', '.join(roles)}", f"Roles of {email}: {', '.join(roles)}")


@user.command(
    help=t("Eine Person sperren; ihre Einträge im Protokoll bleiben.", "Block a person; the audit trail keeps them."),
    epilog="\b\nallmende user block rita@example.org",
)
@click.argument("email")
def block(email: str) -> None:
    """Let a person in no more."""
    people.set_active(_ready(), email=email, active=False)
    say(f"{email} ist gesperrt.", f"{email} has been blocked.")


@user.command(
    help=t("Eine gesperrte Person wieder einlassen.", "Let a blocked person in again."),
    epilog="\b\nallmende user unblock rita@example.org",
)
@click.argument("email")
def unblock(email: str) -> None:
    """Let a person in again."""
    people.set_active(_ready(), email=email, active=True)
    say(f"{email} kann sich wieder anmelden.", f"{email} can sign in again.")


@click.group(
    help=t("Zugangsmarken für Programme.", "Access tokens for programs."),
    epilog="\b\nallmende token create gateway --scope observations:write --until 2027-12-31",
)
def token() -> None:
    """Gather the commands for tokens."""


@token.command(
    "create",
    help=t(
        "Eine Zugangsmarke anlegen. Sie wird nur dieses eine Mal gezeigt, allein in der letzten Zeile.",
        "Create a token. It is shown this once only, alone on the last line.",
    ),
    epilog="\b\nallmende token create gateway --scope observations:write --until 2027-12-31",
)
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    required=True,
    help="sensorthings:write, observations:write, category:NAME, ingest:NAME, read:ZWECK, write:ZWECK, admin",
)
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help=t("letzter gültiger Tag", "last valid day"))
@click.option(
    "--mqtt-passwords",
    type=click.Path(path_type=Path, exists=True, dir_okay=False, writable=True),
    help=t("auch als Konto in diese Datei von Mosquitto", "also as an account into this file of Mosquitto"),
)
def create_token(name: str, scopes: tuple[str, ...], until: dt.datetime | None, mqtt_passwords: Path | None) -> None:
    """Create a token and print it once."""
    plain = people.create_token(_ready(), name=name, scopes=scopes, until=until.date() if until else None)
    if mqtt_passwords is not None:
        add_account(mqtt_passwords, name, plain)
    say(
        f"Zugangsmarke „{name}“ angelegt. Bewahren Sie sie sicher auf:",
        f"Token “{name}” created. Keep it safe:",
    )
    click.echo(plain)


@token.command(
    "list",
    help=t("Alle Zugangsmarken zeigen (ohne Geheimnis).", "Show all tokens (without the secret)."),
    epilog="\b\nallmende token list",
)
def list_tokens() -> None:
    """Show names, scopes and last days."""
    for entry in people.tokens(_ready()):
        until = entry.until.isoformat() if entry.until else t("unbegrenzt", "no end")
        click.echo(f"{entry.name}\t{', '.join(entry.scopes)}\t{until}")


@token.command(
    help=t("Eine Zugangsmarke ungültig machen.", "Revoke a token."),
    epilog="\b\nallmende token revoke gateway",
)
@click.argument("name")
def revoke(name: str) -> None:
    """Revoke a token at once."""
    people.revoke_token(_ready(), name=name)
    say(f"Zugangsmarke „{name}“ gilt nicht mehr.", f"Token “{name}” is no longer valid.")
