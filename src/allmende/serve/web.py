"""The web process: portal and staff room, Django under WSGI on granian (ADR 0003)."""

import os
from pathlib import Path

from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server import Server

THREADS = 4


def set_up_django() -> None:
    """Load Django's settings and apps; called by whoever needs tables outside the web process too."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "allmende.serve.django_settings")
    import django

    django.setup()


def run(*, socket_path: Path | None, host: str, port: int) -> None:
    """Serve on a Unix socket when one is named, on host and port otherwise, until told to stop."""
    if socket_path is not None:
        # A process that was killed leaves its socket behind, on which nobody can listen again.
        socket_path.unlink(missing_ok=True)
    Server(
        "allmende.serve.wsgi:app",
        address=host,
        port=port,
        uds=socket_path,
        uds_permissions=0o600 if socket_path else None,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=THREADS,
        respawn_failed_workers=True,
        respawn_interval=0.5,
        workers_kill_timeout=8,
        log_level=LogLevels.warning,
        process_name=None,
    ).serve()
