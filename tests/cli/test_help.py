"""Every command explains itself with an example, and wrong words end in one line with a way out."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from allmende.cli.main import PROGRAM, allmende
from tests.cli.conftest import told
from tests.program import run


def _paths(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield path
    if isinstance(command, click.Group):
        for name in command.list_commands(click.Context(command)):
            yield from _paths(_child(command, name), (*path, name))


def _child(group: click.Group, name: str) -> click.Command:
    found = group.get_command(click.Context(group), name)
    assert found is not None, name
    return found


@pytest.mark.parametrize("path", list(_paths(allmende)), ids=" ".join)
def test_every_command_has_an_example_that_it_understands(path: tuple[str, ...]) -> None:
    shown = CliRunner().invoke(allmende, [*path, "--help"], prog_name=PROGRAM)
    assert shown.exit_code == 0
    wanted = " ".join((PROGRAM, *path))
    examples = [shlex.split(line) for line in shown.output.splitlines() if line.strip().startswith(wanted)]
    assert examples, shown.output
    for example in examples:
        command: click.Command = allmende
        words = example[1:]
        while isinstance(command, click.Group) and words and not words[0].startswith("-"):
            command, words = _child(command, words[0]), words[1:]
        asks = any(getattr(parameter, "prompt", None) for parameter in command.params)
        command.make_context(PROGRAM, [*words, *(["--password", "hush"] if asks else [])]).close()


def test_help_speaks_the_language_of_the_terminal(tmp_path: Path) -> None:
    german = run(tmp_path, "init", "-h", LC_ALL="de_DE.UTF-8")
    english = run(tmp_path, "init", "-h")
    assert "Eine Stadt einrichten" in german.stdout
    assert "Set up a city" in english.stdout
    assert "Usage: allmende init" in english.stdout


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["frob"], "No such command 'frob'.*Help: allmende --help"),
        (["token", "create"], "Missing argument 'NAME'.*Help: allmende token create --help"),
        (["serve", "--port", "70000"], "70000 is not in the range 1<=x<=65535.*Help: allmende serve --help"),
        (["user", "create", "a@b.de", "--role", "king"], "'king' is not one of 'office'.*Help: allmende user create"),
        (["token", "create", "a", "--scope", "admin", "--until", "soon"], "'soon' does not match.*'%Y-%m-%d'"),
    ],
)
def test_wrong_words_are_one_line_and_the_way_to_the_help(tmp_path: Path, words: list[str], sentence: str) -> None:
    done = run(tmp_path / "var", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert re.search(sentence, told(done.stderr))
    assert not (tmp_path / "var").exists()
