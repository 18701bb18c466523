"""The city's tables can go back step by step, and forward again, without losing what the older form knows."""

import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from django.db.migrations.loader import MigrationLoader

from tests.program import environment, migrated_home

BACK_AND_FORWARD = """
import django
django.setup()
from django.core.management import call_command
for step in (("alerts", "0001"), ("money", "0003"), ("money", "0002"), ("money", "0001"), ()):
    call_command("migrate", *step, verbosity=0)
"""
KIND = "INSERT INTO money_costtype (slug, position, title_de, title_en) VALUES ('personal', 1, 'Personal', 'Staff')"


def test_every_step_of_our_tables_can_be_undone() -> None:
    stuck = [
        f"{migration.app_label}.{migration.name}: {operation.describe()}"
        for migration in MigrationLoader(None).disk_migrations.values()
        if type(migration).__module__.startswith("allmende.")
        for operation in migration.operations
        if not operation.reversible
    ]
    assert stuck == []


def test_money_and_alerts_go_back_and_forward_with_their_rows(tmp_path: Path) -> None:
    home = tmp_path / "var"
    shutil.copytree(migrated_home(), home)
    with closing(sqlite3.connect(home / "city.sqlite3")) as database, database:
        database.execute(KIND)
    settings = environment(home, DJANGO_SETTINGS_MODULE="allmende.serve.django_settings")
    command = [sys.executable, "-c", BACK_AND_FORWARD]
    done = subprocess.run(command, env=settings, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    with closing(sqlite3.connect(home / "city.sqlite3")) as database:
        assert database.execute("SELECT title_en FROM money_costtype").fetchall() == [("Staff",)]
        assert database.execute("SELECT count(*) FROM money_prepareddrawdown").fetchone() == (0,)
