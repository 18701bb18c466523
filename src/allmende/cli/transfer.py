"""``allmende transfer``: a project as a package, out and in."""

import sys
from pathlib import Path

import click

from allmende.cli.speech import language, say, t
from allmende.kernel.errors import AllmendeError
from allmende.serve import transfer as work
from allmende.serve.readiness import require_ready
from allmende.serve.settings import Settings, settings

FILE = click.Path(path_type=Path, dir_okay=False)
VERBS = click.Choice(["publish", "pass_on"])


def _ready() -> Settings:
    current = settings()
    require_ready(current)
    return current


@click.group(
    help=t(
        "Projekte an andere Städte geben und von ihnen übernehmen.",
        "Give projects to other cities, and take some over.",
    ),
    epilog="\b\nallmende transfer export stadtklima --out stadtklima.zip\n"
    "allmende transfer parameters stadtklima.zip\n"
    "allmende transfer import stadtklima.zip --parameters own.yaml",
)
def transfer() -> None:
    """Gather the commands about packages."""


@transfer.command(
    "export",
    help=t("Ein Projekt als Paket schreiben.", "Write a project as a package."),
    epilog="\b\nallmende transfer export stadtklima --out stadtklima.zip\n"
    "allmende transfer export stadtklima --verb pass_on --purpose research --recipient research",
)
@click.argument("project")
@click.option("--out", type=FILE, help=t("Datei (sonst PROJEKT.zip)", "file (otherwise PROJECT.zip)"))
@click.option("--verb", type=VERBS, default="publish", help=t("veröffentlichen oder weitergeben", "publish or pass on"))
@click.option("--purpose", default="open-data", help=t("Zweck", "purpose"))
@click.option("--recipient", default="public", help=t("Empfängerkreis", "class of recipients"))
def export(project: str, out: Path | None, verb: str, purpose: str, recipient: str) -> None:
    """Write the package; where something keeps it from going, name each place."""
    try:
        done = work.export(_ready(), slug=project, verb=verb, purpose=purpose, recipient=recipient)
    except AllmendeError as error:
        for one in error.about if isinstance(error.about, list) else ():
            click.echo(str(one), err=True)
        raise
    path = out or Path(f"{project}.zip")
    path.write_bytes(done.raw)
    told = "" if done.index is None else f", {t('Eintrag im Protokoll', 'entry of the ledger')} {done.index}"
    click.echo(f"{path}: {len(done.raw)} Bytes, SHA-256 (manifest-sha256.txt) {done.digest}{told}")


@transfer.command(
    "parameters",
    help=t("Die Angaben zeigen, nach denen ein Paket fragt.", "Show what a package asks for."),
    epilog="\b\nallmende transfer parameters stadtklima.zip",
)
@click.argument("file", type=FILE)
def parameters(file: Path) -> None:
    """Print the file to be filled in; the origin's values stand in it as an example."""
    click.echo(work.parameters(work.read_file(file)).decode(), nl=False)


@transfer.command(
    "import",
    help=t(
        "Ein Paket als Entwurf übernehmen; entschieden wird danach.",
        "Take a package over as a draft; decisions come after.",
    ),
    epilog="\b\nallmende transfer import stadtklima.zip --parameters own.yaml --dry-run\n"
    "allmende transfer import stadtklima.zip --parameters own.yaml --receipt receipt.json",
)
@click.argument("file", type=FILE)
@click.option("--parameters", "values", type=FILE, help=t("die ausgefüllten Angaben", "the values of this city"))
@click.option("--dry-run", is_flag=True, help=t("nur sagen, was geschähe", "only say what would happen"))
@click.option("--receipt", type=FILE, help=t("Quittung für die abgebende Stadt", "receipt for the giving city"))
def take(file: Path, values: Path | None, receipt: Path | None, dry_run: bool) -> None:
    """Take a package over, and say what became of each part."""
    raw = work.read_file(file)
    given = work.read_file(values) if values else _asked(raw)
    if dry_run:
        _tell(work.rehearse(_ready(), raw=raw, values=given))
        say("Nur probiert, nichts geschrieben.", "Only tried, nothing was written.")
        return
    done = work.take(_ready(), raw=raw, values=given)
    _tell(done.parts)
    say(f"Entwurf: /projekte/{done.project}/", f"Draft: /en/projekte/{done.project}/")
    if receipt:
        receipt.write_bytes(done.receipt)


def _tell(parts: tuple[work.Part, ...]) -> None:
    for one in parts:
        why = f"  {one.reason.within(language())}" if one.reason else ""
        click.echo(f"{one.kind:<10} {one.name:<32} {one.outcome}{why}")


def _asked(raw: bytes) -> bytes:
    """Have the values filled in by whoever sits there; elsewhere the file is needed."""
    form = work.parameters(raw).decode()
    if not sys.stdin.isatty():
        raise click.UsageError(t("Nennen Sie --parameters DATEI.", "Name --parameters FILE."))
    text = click.edit(form, extension=".yaml")
    if text is None:
        raise click.Abort
    return text.encode()


@transfer.command(
    "undo",
    help=t(
        "Eine Übernahme zurücknehmen, solange nichts entschieden ist.", "Take an import back while nothing is decided."
    ),
    epilog="\b\nallmende transfer undo stadtklima",
)
@click.argument("project")
def undo(project: str) -> None:
    """Remove all that a package brought."""
    work.undo(_ready(), slug=project)
    say("Zurückgenommen.", "Taken back.")


@transfer.command(
    "acknowledge",
    help=t(
        "Die Quittung einer Stadt eintragen, die ein Paket übernommen hat.",
        "Enter the receipt of a city that took a package over.",
    ),
    epilog="\b\nallmende transfer acknowledge receipt.json",
)
@click.argument("file", type=FILE)
def acknowledge(file: Path) -> None:
    """Note who took a project over."""
    city, project = work.acknowledge(_ready(), raw=work.read_file(file))
    click.echo(f"{city}: {project}")


@transfer.command(
    "list", help=t("Alle Pakete, hinein und hinaus.", "All packages, in and out."), epilog="\b\nallmende transfer list"
)
def list_packages() -> None:
    """List what was given and taken."""
    for way, project, digest, day in work.listed(_ready()):
        click.echo(f"{way:<4} {project:<32} {day}  {digest}")
