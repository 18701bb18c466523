"""Databases and processes of the tests' own on PostgreSQL: what one service uses, no other test can empty."""

import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

SCHEMAS = ("observations", "city")


class Databases:
    """Makes empty databases beside the one of an address, named after it and the process that tests."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._name = urlsplit(url).path.lstrip("/")
        self._made = 0
        self._sweep()

    def new(self, template: str = "template0") -> str:
        """Make a database, empty or as the one that is named, which nobody may use meanwhile; give its address."""
        self._made += 1
        name = f"{self._name}_{os.getpid()}_{self._made}"
        model = urlsplit(template).path.lstrip("/") or template
        self._run(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(model)))
        return urlunsplit(urlsplit(self._url)._replace(path=f"/{name}"))

    def drop(self) -> None:
        """Drop all that were made, whoever is still connected."""
        for number in range(1, self._made + 1):
            self._drop(f"{self._name}_{os.getpid()}_{number}")

    def _sweep(self) -> None:
        """Drop what test runs left that were killed."""
        pattern = rf"^{re.escape(self._name)}_(\d+)_\d+$"
        for (name,) in self._run(sql.SQL("SELECT datname FROM pg_database")):
            found = re.match(pattern, name)
            if found and not Path("/proc", found[1]).exists():
                self._drop(name)

    def _drop(self, name: str) -> None:
        self._run(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def _run(self, statement: sql.SQL | sql.Composed) -> list[tuple[str]]:
        with psycopg.connect(self._url, autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []


def emptied(url: str) -> str:
    """Empty a database that nobody uses now; give its address."""
    with psycopg.connect(url) as connection:
        for schema in SCHEMAS:
            connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(schema)))
    return url


def told_by(databases: Databases, code: str) -> str:
    """Run code with the portal on an empty database, in a process of its own; give what it prints.

    Django speaks to one database in the life of a process.
    """
    url = databases.new()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA city")
    settings = {"ALLMENDE_PORTAL_DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "allmende.serve.django_settings"}
    environment = {**os.environ, **settings}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout
