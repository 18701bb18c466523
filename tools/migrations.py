"""Check that every model has its migration."""

import os
import subprocess
import sys
import tempfile


def main() -> int:
    """Ask Django whether a migration is missing, with an empty home folder."""
    with tempfile.TemporaryDirectory() as home:
        environment = {
            **os.environ,
            "ALLMENDE_HOME": home,
            "DJANGO_SETTINGS_MODULE": "allmende.serve.django_settings",
        }
        return subprocess.run(
            [sys.executable, "-m", "django", "makemigrations", "--check", "--dry-run"],
            env=environment,
            check=False,
        ).returncode


if __name__ == "__main__":
    sys.exit(main())
