"""``allmende federation``: show this city to others, and follow them."""

import click
import msgspec

from allmende.cli.speech import language, say, t, warn
from allmende.kernel.errors import ErrorCode, Invalid
from allmende.kernel.text import Text
from allmende.serve import federation as work
from allmende.serve.readiness import require_ready
from allmende.serve.settings import Settings, settings

NO_KEY = ErrorCode(
    "federation.no_key",
    Text(
        "Es fehlt der Schlüssel von {city}; nichts wurde aufgenommen.",
        "The key of {city} is missing; nothing was added.",
    ),
    Text(
        "Vergleichen Sie den Fingerabdruck am Telefon, und wiederholen Sie den Befehl mit --key.",
        "Compare the fingerprint by telephone, and repeat the command with --key.",
    ),
)


def _ready() -> Settings:
    current = settings()
    require_ready(current)
    return current


@click.group(
    help=t("Sich anderen Städten zeigen und ihnen folgen.", "Show this city to others, and follow them."),
    epilog="\b\nallmende federation offer --on\n"
    "allmende federation add https://stadt.example --key 'stadt.example/ledger+7b717de0+AXVy…'\n"
    "allmende federation update",
)
def federation() -> None:
    """Gather the commands about other cities."""


@federation.command(
    "offer",
    help=t(
        "Zeigen, ob und womit sich diese Stadt anderen zeigt; ein- und ausschalten.",
        "Tell whether and by which key this city shows itself to others; switch it on and off.",
    ),
    epilog="\b\nallmende federation offer\nallmende federation offer --on\nallmende federation offer --off",
)
@click.option("--on/--off", "wanted", default=None, help=t("ein- oder ausschalten", "switch on or off"))
def offer(wanted: bool | None) -> None:
    """Switch the offer, and print what the other city has to compare."""
    shown, key, fingerprint = work.offer(_ready(), on=wanted)
    say("Angebot: an" if shown else "Angebot: aus", "offer: on" if shown else "offer: off")
    click.echo(f"{t('Fingerabdruck', 'fingerprint')}: {fingerprint}")
    click.echo(key)


@federation.command(
    "add",
    help=t(
        "Einer Stadt folgen. Ohne --key zeigt der Befehl nur, wer antwortet.",
        "Follow a city. Without --key the command only tells who answers.",
    ),
    epilog="\b\nallmende federation add https://stadt.example\n"
    "allmende federation add https://stadt.example --key 'stadt.example/ledger+7b717de0+AXVy…' --witness",
)
@click.argument("url")
@click.option("--key", default="", help=t("Schlüssel, am Telefon verglichen", "key, compared by telephone"))
@click.option("--witness", is_flag=True, help=t("auch ihr Protokoll bezeugen", "be a witness of its log, too"))
def add(url: str, key: str, witness: bool) -> None:
    """Take a city in, or tell who it says it is."""
    current = _ready()
    if key:
        city = work.add(current, url=url, key=key, witness=witness)
        say(f"Aufgenommen: {city}", f"Added: {city}")
        return
    found = work.introduce(current, url=url)
    click.echo(f"{found.city}\n{t('Fingerabdruck', 'fingerprint')}: {found.fingerprint}\n{found.key}")
    raise Invalid(NO_KEY, city=found.city)


def _echo(lines: list[work.Line]) -> None:
    for one in lines:
        why = f"  {one.error.within(language())}" if one.error else ""
        click.echo(f"{one.number:<4} {one.city:<24} {one.state:<16} {one.issued}  {one.reached}  {one.url}{why}")


@federation.command(
    "list",
    help=t(
        "Alle Städte: Zustand, Stand, zuletzt erreichbar, Fehler.", "All cities: state, as of, last reached, error."
    ),
    epilog="\b\nallmende federation list",
)
def list_cities() -> None:
    """List the cities that are followed."""
    _echo(work.listed(_ready()))


@federation.command(
    "show",
    help=t("Alles über eine Stadt, als JSON.", "All about a city, as JSON."),
    epilog="\b\nallmende federation show Musterstadt\nallmende federation show https://stadt.example",
)
@click.argument("city")
def show(city: str) -> None:
    """Print what is known of a city."""
    found = work.shown(_ready(), name=city)
    click.echo(msgspec.json.format(msgspec.json.encode(found), indent=1).decode())


@federation.command(
    "update",
    help=t("Jetzt fragen, sonst tut das der Arbeitsprozess.", "Ask now; otherwise the work process does."),
    epilog="\b\nallmende federation update\nallmende federation update Musterstadt",
)
@click.argument("cities", nargs=-1)
def update(cities: tuple[str, ...]) -> None:
    """Ask the cities; end with 6 where one could not be taken over."""
    lines = work.update(_ready(), names=cities)
    _echo(lines)
    if any(one.error for one in lines):
        warn("Nicht alles wurde übernommen.", "Not everything was taken over.")
        raise click.exceptions.Exit(6)


def _deed(name: str, de: str, en: str, example: str) -> click.Command:
    """Make a command that does one thing to one city."""

    def run(city: str) -> None:
        done = work.decide(_ready(), name=city, deed=name)
        click.echo(f"{done}: {t('erledigt', 'done')}")

    command = click.command(name, help=t(de, en), epilog=f"\b\nallmende federation {example}")(run)
    command.params.append(click.Argument(["city"]))
    return command


for _words in (
    (
        "pause",
        "Eine Stadt nicht mehr fragen; was sie sagte, bleibt.",
        "Ask a city no more; what it said stays.",
        "pause Musterstadt",
    ),
    ("resume", "Eine Stadt wieder fragen.", "Ask a city again.", "resume Musterstadt"),
    ("witness", "Das Protokoll einer Stadt bezeugen.", "Be a witness of a city's log.", "witness Musterstadt"),
    ("no-witness", "Es nicht mehr bezeugen.", "Be its witness no more.", "no-witness Musterstadt"),
    (
        "remove",
        "Eine Stadt und alles von ihr vergessen.",
        "Forget a city and all that came from it.",
        "remove Musterstadt",
    ),
):
    federation.add_command(_deed(*_words))


@federation.command(
    "confirm-key",
    help=t(
        "Den neuen Schlüssel einer Stadt annehmen, nachdem ihn jemand am Telefon verglichen hat.",
        "Accept the new key of a city after somebody compared it by telephone.",
    ),
    epilog="\b\nallmende federation confirm-key Musterstadt --key 'stadt.example/ledger+8b717de0+AXVy…'",
)
@click.argument("city")
@click.option("--key", required=True, help=t("der neue Schlüssel", "the new key"))
def confirm_key(city: str, key: str) -> None:
    """Take the new key."""
    click.echo(f"{work.decide(_ready(), name=city, deed='confirm-key', word=key)}: {t('erledigt', 'done')}")


@federation.command(
    "accept-log",
    help=t(
        "Einer Stadt wieder folgen, deren Protokoll sich widersprach; der Grund kommt ins Protokoll der Eingriffe.",
        "Follow a city again whose log contradicted itself; the reason goes to the audit trail.",
    ),
    epilog="\b\nallmende federation accept-log Musterstadt --reason 'restored from a backup, published on 1 May'",
)
@click.argument("city")
@click.option("--reason", required=True, help=t("warum", "why"))
def accept_log(city: str, reason: str) -> None:
    """Follow the log from where it is now."""
    click.echo(f"{work.decide(_ready(), name=city, deed='accept-log', word=reason)}: {t('erledigt', 'done')}")
