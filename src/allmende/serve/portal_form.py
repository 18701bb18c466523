"""Does the portal's database have the form of this version?"""

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


def _strange_and_pending() -> tuple[list[str], bool]:
    """Name our applied migrations that this version does not know; tell whether some are not applied yet."""
    set_up_django()
    from django.apps import apps
    from django.db import DatabaseError, connection
    from django.db.migrations.executor import MigrationExecutor

    try:
        executor = MigrationExecutor(connection)
    except DatabaseError as error:
        raise Broken(UNREACHABLE, why=str(error).splitlines()[0]) from error
    loader = executor.loader
    own = {config.label for config in apps.get_app_configs() if config.name.startswith("allmende.")}
    strange = [
        f"{label}.{name}"
        for label, name in loader.applied_migrations
        if label in own and (label, name) not in loader.disk_migrations
    ]
    return sorted(strange), bool(executor.migration_plan(loader.graph.leaf_nodes()))


def refuse_newer_portal() -> None:
    """Refuse a database in which a newer version made changes."""
    strange, _ = _strange_and_pending()
    if strange:
        raise Broken(NEWER, names=", ".join(strange))


def require_portal() -> None:
    """Refuse a database that has not exactly this version's form."""
    strange, pending = _strange_and_pending()
    if strange:
        raise Broken(NEWER, names=", ".join(strange))
    if pending:
        raise Broken(OLDER)
