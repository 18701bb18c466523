"""Does the portal's database have the form of this version?"""

from collections.abc import Iterable
from typing import Any

from allmende.kernel.errors import Broken, ErrorCode
from allmende.kernel.text import Text
from allmende.serve.web import set_up_django

NEWER = ErrorCode(
    "serve.portal_newer",
    Text(
        "Die Datenbank des Portals stammt von einer neueren Version ({names}).",
        "The portal's database comes from a newer version ({names}).",
    ),
    Text(
        "Starten Sie die neuere Version des Programms; nichts wurde geändert.",
        "Start the newer version of the program; nothing was changed.",
    ),
)
OLDER = ErrorCode(
    "serve.portal_older",
    Text(
        "Der Datenbank des Portals fehlen Änderungen dieser Version.",
        "The portal's database lacks changes of this version.",
    ),
    Text("Führen Sie aus: allmende migrate", "Run: allmende migrate"),
)
UNREACHABLE = ErrorCode(
    "serve.portal_unreachable",
    Text("Die Datenbank des Portals ist nicht erreichbar: {why}", "The portal's database cannot be reached: {why}"),
    Text(
        "Prüfen Sie ALLMENDE_DATABASE_URL, und ob die Datenbank läuft und heil ist.",
        "Check ALLMENDE_DATABASE_URL, and that the database runs and is sound.",
    ),
)


def _executor() -> Any:
    set_up_django()
    from django.db import DatabaseError, connection
    from django.db.migrations.executor import MigrationExecutor

    try:
        return MigrationExecutor(connection)
    except DatabaseError as error:
        raise Broken(UNREACHABLE, why=str(error).splitlines()[0]) from error


def _own_labels() -> set[str]:
    from django.apps import apps

    return {config.label for config in apps.get_app_configs() if config.name.startswith("allmende.")}


def _our_own(names: Iterable[tuple[str, str]]) -> list[str]:
    own = _own_labels()
    return sorted(f"{label}.{name}" for label, name in names if label in own)


def bring_up_to_date() -> None:
    """Apply what is missing, the libraries' tables first: each of their many steps costs more with ours there."""
    from django.core.management import call_command

    executor, own = _executor(), _own_labels()
    executor.migrate([leaf for leaf in executor.loader.graph.leaf_nodes() if leaf[0] not in own])
    call_command("migrate", verbosity=0, interactive=False)


def portal_changes() -> list[str]:
    """Name the changes of this program that the portal's database has."""
    return _our_own(_executor().loader.applied_migrations)


def refuse_strange_changes(names: Iterable[str]) -> None:
    """Refuse changes of a portal's database that this version does not know."""
    set_up_django()
    from django.db.migrations.loader import MigrationLoader

    _refuse_strange(names, MigrationLoader(None))


def _refuse_strange(names: Iterable[str], loader: Any) -> None:
    strange = sorted(set(names) - set(_our_own(loader.disk_migrations)))
    if strange:
        raise Broken(NEWER, names=", ".join(strange))


def _refuse_newer(executor: Any) -> None:
    _refuse_strange(_our_own(executor.loader.applied_migrations), executor.loader)


def refuse_newer_portal() -> None:
    """Refuse a database in which a newer version made changes."""
    _refuse_newer(_executor())


def require_portal() -> None:
    """Refuse a database that has not exactly this version's form."""
    executor = _executor()
    _refuse_newer(executor)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise Broken(OLDER)
