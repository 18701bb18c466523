"""A city that tests share because what is tried on it must change nothing."""

import re
import shutil
import sqlite3
import subprocess
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.postgres import Databases
from tests.program import founded_home, run

HERE = Path(__file__).parent
PROBE = HERE / "probe.yaml"
GOOD = "name,time,temperature\nDöbele,2024-05-01 07:00,12.5\nDöbele,2024-05-01 08:00,13.0\n"
MEASURED = 3_000


class City:
    """A founded city with measured values, on either database."""

    def __init__(self, home: Path, url: str, suffix: str = "") -> None:
        self.home = home
        self.url = url
        self.suffix = suffix
        self.settings: dict[str, Any] = {"ALLMENDE_DATABASE_URL": url} if url else {}

    def run(self, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run a command in this city."""
        return run(self.home, *words, **{**self.settings, **more})

    def sql(self, statement: str, *values: Any, part: str = "observations") -> list[Any]:
        """Run a statement past the program."""
        if self.url:
            with psycopg.connect(self.url, options=f"-c search_path={part}{self.suffix}") as connection:
                cursor: Any = connection.execute(statement.replace("?", "%s").encode(), values)
                return cursor.fetchall() if cursor.description else []
        database = sqlite3.connect(self.home / f"{part}.sqlite3")
        found = database.execute(statement, values).fetchall()
        database.commit()
        database.close()
        return found

    def portal(self, statement: str) -> list[Any]:
        """Run a statement in the portal's database."""
        return self.sql(statement, part="city")

    def aside_names(self) -> list[str]:
        """Name what was put aside."""
        if self.url:
            names = self.sql("SELECT nspname FROM pg_namespace WHERE nspname ~ '_before_' ORDER BY nspname")
            return [str(row[0]) for row in names]
        return sorted(str(path) for path in self.home.glob("before-*/*"))

    def aside(self) -> "City":
        """Give the city as it was put aside."""
        if self.url:
            return City(self.home, self.url, "_before_" + self.aside_names()[0].rpartition("_")[2])
        return City(next(self.home.glob("before-*")), "")


def _measure(city: City, folder: Path) -> City:
    """Load values of two days, one a minute."""
    lines = [
        f"Döbele,2024-05-{1 + n // 1440:02} {n // 60 % 24:02}:{n % 60:02},{n % 300 / 10}\n" for n in range(MEASURED)
    ]
    (folder / "values.csv").write_text("name,time,temperature\n" + "".join(lines), encoding="utf-8")
    done = city.run("load", "observations", str(folder / "values.csv"), "--mapping", str(PROBE))
    assert done.returncode == 0, done.stderr
    return city


@pytest.fixture(scope="session")
def measured_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Found and measure once in SQLite; copies of the folder are cities of their own."""
    folder = tmp_path_factory.mktemp("measured")
    shutil.copytree(founded_home(), folder / "var")
    return _measure(City(folder / "var", ""), folder).home


@pytest.fixture(scope="session")
def measured_database(postgres: Databases, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Found and measure once in PostgreSQL; databases made by this template are cities of their own."""
    folder = tmp_path_factory.mktemp("measured")
    city = City(folder / "var", postgres.new())
    done = city.run("init", "--pack", "konstanz")
    assert done.returncode == 0, done.stderr
    return _measure(city, folder).url


@pytest.fixture
def measured_copy(measured_home: Path, tmp_path: Path) -> City:
    """Give a city with values of one datastream, in SQLite."""
    shutil.copytree(measured_home, tmp_path / "var")
    return City(tmp_path / "var", "")


@pytest.fixture
def measured_in_postgres(postgres: Databases, measured_database: str, tmp_path: Path) -> City:
    """Give a city with values of one datastream, in PostgreSQL."""
    return City(tmp_path / "var", postgres.new(measured_database))


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.xdist_group("postgres"))])
def measured(request: pytest.FixtureRequest) -> City:
    """Give a city with values of one datastream, on either database."""
    city: City = request.getfixturevalue("measured_copy" if request.param == "sqlite" else "measured_in_postgres")
    return city


@pytest.fixture
def elsewhere(measured: City, request: pytest.FixtureRequest, tmp_path: Path) -> City:
    """Give the place for another city, on the same kind of database."""
    return City(tmp_path / "elsewhere", request.getfixturevalue("postgres").new() if measured.url else "")


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a city with two measured values, which tests of refusals share."""
    folder = tmp_path_factory.mktemp("town")
    shutil.copytree(founded_home(), folder / "var")
    (folder / "good.csv").write_text(GOOD, encoding="utf-8")
    done = run(folder / "var", "load", "observations", str(folder / "good.csv"), "--mapping", str(PROBE))
    assert done.returncode == 0, done.stderr
    return folder / "var"


def told(error: str) -> str:
    """Give the one line that says what went wrong; fail on more than one, and on a traceback."""
    lines = [line for line in error.splitlines() if line and not re.search(r" …$|: \d+ %$", line)]
    assert len(lines) == 1, error
    assert lines[0].startswith("allmende: "), error
    return lines[0]
