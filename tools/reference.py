"""Write the reference pages that follow from the code, or check that they do."""

import argparse
import importlib
import os
import pkgutil
import sys
from pathlib import Path
from typing import get_type_hints

import click
import msgspec

os.environ["LC_ALL"] = "en_GB.UTF-8"

import allmende
from allmende.cli.main import allmende as program
from allmende.kernel.errors import AllmendeError, ErrorCode
from allmende.serve.settings import PREFIX, SECRETS, Settings
from allmende.serve.web import set_up_django

FOLDER = Path(__file__).parent.parent / "docs" / "reference"


def _settings() -> str:
    lines = [
        "# Settings",
        "",
        "Settings stand in `allmende.toml` in the working directory, or in the environment, which wins. An unknown",
        "key is an error. Secrets can come from a file: `ALLMENDE_SECRET_KEY_FILE=/run/secrets/key`.",
        "",
        "| key | environment | otherwise | what |",
        "| --- | --- | --- | --- |",
    ]
    hints = get_type_hints(Settings, include_extras=True)
    for field in msgspec.structs.fields(Settings):
        said = next(part for part in hints[field.name].__metadata__ if isinstance(part, msgspec.Meta))
        shown = f"`{field.default}`" if field.default not in ("", ()) else "–"
        file = " (or `_FILE`)" if field.name in SECRETS else ""
        lines.append(f"| `{field.name}` | `{PREFIX}{field.name.upper()}`{file} | {shown} | {said.description} |")
    return "\n".join(lines) + "\n"


def _load_everything() -> None:
    """Import every module, so that all error codes are registered."""
    set_up_django()
    for module in pkgutil.walk_packages(allmende.__path__, "allmende."):
        if ".migrations" not in module.name:
            importlib.import_module(module.name)


def _errors() -> str:
    _load_everything()
    lines = [
        "# Error codes",
        "",
        "Every error that a person is told has a stable code, a sentence that says what happened and one that says",
        "what to do. Data doors send them as `application/problem+json`, the command line as a line and an exit code.",
        "",
        "| code | what | what next |",
        "| --- | --- | --- |",
    ]
    for code, entry in sorted(ErrorCode.registry.items()):
        what, remedy = entry.what.en.replace("|", "\\|"), entry.next.en.replace("|", "\\|")
        lines.append(f"| `{code}` | {what} | {remedy} |")
    kinds = sorted(
        AllmendeError.__subclasses__() + [k for s in AllmendeError.__subclasses__() for k in s.__subclasses__()],
        key=lambda k: k.exit_code,
    )
    lines += ["", "| kind | HTTP status | exit code |", "| --- | --- | --- |"]
    lines += [f"| {kind.__name__} | {kind.status} | {kind.exit_code} |" for kind in kinds]
    return "\n".join(lines) + "\n"


def _help(command: click.Command, path: str) -> list[str]:
    context = click.Context(command, info_name=path, max_content_width=100, terminal_width=100)
    lines = [f"## `{path}`", "", "```text", command.get_help(context), "```", ""]
    if isinstance(command, click.Group):
        for name in sorted(command.list_commands(context)):
            child = command.get_command(context, name)
            lines += _help(child, f"{path} {name}") if child else []
    return lines


def _commands() -> str:
    return "\n".join(["# Commands", "", *_help(program, "allmende")]).rstrip() + "\n"


def main() -> int:
    """Write the pages, or compare them with ``--check``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    stale = []
    for name, text in (("settings", _settings()), ("commands", _commands()), ("errors", _errors())):
        page = FOLDER / f"{name}.md"
        if check and (not page.exists() or page.read_text(encoding="utf-8") != text):
            stale.append(page.name)
        elif not check:
            page.write_text(text, encoding="utf-8")
    if stale:
        print(f"docs/reference is stale: {', '.join(stale)}; run: make reference")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
