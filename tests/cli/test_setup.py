"""Setting up and starting: done twice it changes nothing, and what cannot work is said before anything happens."""

import socket
import sqlite3
from pathlib import Path

import pytest

from tests.cli.conftest import told
from tests.program import free_port, rows, run

START = ["serve", "work", "serve web", "serve data", "user list", "token list", "load observations x --mapping x.yaml"]


def test_init_twice_changes_nothing(city: Path) -> None:
    before = rows(city)
    done = run(city, "init", "--pack", "konstanz")
    assert done.returncode == 0
    already, start, person = done.stdout.splitlines()
    assert already == "“konstanz” was set up already; nothing was changed."
    assert start == "Next step: allmende serve"
    assert "allmende user create" in person
    assert rows(city) == before
    assert (before["city.programme_project"], before["observations.things"]) == (22, 12)
    assert (before["city.register_rule"], before["observations.rulebooks"]) == (20, 1)


@pytest.mark.parametrize("words", START)
def test_before_init_the_way_is_shown_and_nothing_is_made(tmp_path: Path, words: str) -> None:
    done = run(tmp_path / "var", *words.split(), folder=tmp_path)
    assert done.returncode == 7
    assert "allmende init --pack konstanz --demo" in told(done.stderr)
    assert not (tmp_path / "var").exists()


def test_an_unknown_pack_names_those_that_are_there(tmp_path: Path) -> None:
    done = run(tmp_path / "var", "init", "--pack", "atlantis")
    assert done.returncode == 4
    assert told(done.stderr) == "allmende: There is no “atlantis” among packs. There are: konstanz, musterstadt."
    assert rows(tmp_path / "var") == {}


@pytest.mark.parametrize("command", ["init", "migrate", "doctor"])
def test_a_folder_that_cannot_be_written_to_is_named(tmp_path: Path, command: str) -> None:
    (tmp_path / "file").touch()
    done = run(tmp_path / "file" / "var", command)
    assert done.returncode == 7
    said = done.stdout if command == "doctor" else told(done.stderr)
    assert f"{tmp_path}/file/var cannot be written to (Not a directory)" in said
    assert "name another folder with ALLMENDE_HOME" in said


def test_an_unknown_setting_is_named_with_its_likely_meaning(tmp_path: Path) -> None:
    (tmp_path / "allmende.toml").write_text("prot = 1\n", encoding="utf-8")
    in_file = run(tmp_path / "var", "serve", folder=tmp_path)
    (tmp_path / "allmende.toml").unlink()
    in_environment = run(tmp_path / "var", "serve", folder=tmp_path, ALLMENDE_PROT="1")
    assert (in_file.returncode, in_environment.returncode) == (2, 2)
    assert "no setting “prot” (allmende.toml). Perhaps you meant: port" in told(in_file.stderr)
    assert "no setting “ALLMENDE_PROT” (environment). Perhaps you meant: ALLMENDE_PORT" in told(in_environment.stderr)


def test_a_port_in_use_is_said_with_the_way_to_another(town: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = run(town, "serve", "--port", str(port))
    assert done.returncode == 5
    assert f"Another program already listens on 127.0.0.1:{port}." in told(done.stderr)
    assert "allmende serve --port 8001" in done.stderr


def _newer_store(home: Path) -> None:
    with sqlite3.connect(home / "observations.sqlite3") as database:
        database.execute("INSERT INTO schema_version (version) VALUES (999)")


def _newer_portal(home: Path) -> None:
    with sqlite3.connect(home / "city.sqlite3") as database:
        database.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES ('programme', '0999_future', '2031-01-01')"
        )


def test_a_store_of_a_newer_version_is_left_alone(city: Path) -> None:
    _newer_store(city)
    before = rows(city)
    for words in (["init"], ["migrate"], ["serve"]):
        done = run(city, *words)
        assert done.returncode == 7, words
        assert "Start the newer version of the program" in told(done.stderr)
    assert rows(city) == before


def test_a_portal_of_a_newer_version_is_left_alone(city: Path) -> None:
    _newer_portal(city)
    before = rows(city)
    done = run(city, "migrate")
    assert done.returncode == 7
    assert "comes from a newer version (programme.0999_future). Start the newer version" in told(done.stderr)
    assert "✗ The portal's database comes from a newer version" in run(city, "doctor").stdout
    served = run(city, "serve", "--port", str(free_port()))
    assert served.returncode == 7
    lines = served.stderr.splitlines()
    assert any("comes from a newer version" in line for line in lines)
    assert lines[-1].startswith("allmende: The part “web” cannot run like this.")
    assert rows(city) == before


def test_a_portal_without_this_version_s_changes_is_sent_to_migrate(city: Path) -> None:
    with sqlite3.connect(city / "city.sqlite3") as database:
        database.execute("DELETE FROM django_migrations WHERE app = 'wagtailusers'")
    done = run(city, "serve", "web")
    assert done.returncode == 7
    assert told(done.stderr).endswith("Run: allmende migrate")


def test_a_damaged_portal_is_named(city: Path) -> None:
    (city / "city.sqlite3").write_bytes(b"no database " * 1000)
    done = run(city, "migrate")
    assert done.returncode == 7
    assert "The portal's database cannot be reached: file is not a database" in told(done.stderr)


def test_the_doctor_is_content_with_a_founded_city_and_names_what_is_missing(city: Path) -> None:
    well = run(city, "doctor")
    assert well.returncode == 0, well.stdout
    assert "✗" not in well.stdout
    assert "rule book in version 1" in well.stdout
    (city / "observations.sqlite3").unlink()
    ill = run(city, "doctor")
    assert ill.returncode == 7
    assert "✗ The observation store is not set up yet.\n  → Run: allmende migrate" in ill.stdout


def test_check_is_content_with_what_is_shipped(tmp_path: Path) -> None:
    done = run(tmp_path / "var", "check")
    assert (done.returncode, done.stdout) == (0, "All is well.\n"), done.stderr
