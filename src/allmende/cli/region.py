"""``allmende region``: questions over the lakes of one or several cities."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from allmende.cli.speech import progress, t
from allmende.lake.place import Access
from allmende.region.answers import require_out, write_answer
from allmende.region.duck import Duck
from allmende.region.lakes import City, open_cities
from allmende.region.questions import question, require_question
from allmende.region.spark import Spark
from allmende.serve.lake import access_of
from allmende.serve.settings import settings

LAKES = click.argument("lakes", nargs=-1, required=True)


def _options(command: Callable[..., None]) -> Callable[..., None]:
    for option in reversed(
        (
            click.option(
                "--engine", type=click.Choice(["duckdb", "spark"]), default="duckdb", show_default=True, help="Engine"
            ),
            click.option("--master", help=t("Spark-Master (sonst dieser Rechner)", "Spark master (else this machine)")),
            click.option("--out", type=click.Path(path_type=Path), help=t(".csv oder .parquet", ".csv or .parquet")),
            click.option(
                "--unchecked", is_flag=True, help=t("Prüfsummen nicht nachrechnen", "do not verify the checksums")
            ),
        )
    ):
        command = option(command)
    return command


@click.group(
    help=t(
        "Fragen über die Seen einer oder mehrerer Städte; LAKE ist ein Ort oder NAME=ORT.",
        "Questions over the lakes of one or several cities; LAKE is a place or NAME=PLACE.",
    ),
    epilog="\b\nallmende region daily-means var/lake --out means.csv\n"
    "allmende region climate-days konstanz=/srv/a musterstadt=s3://region/b --engine spark --master spark://host:7077",
)
def region() -> None:
    """Gather the questions."""


def _engine(cities: list[City], name: str, master: str | None, access: Access) -> Duck | Spark:
    if name == "spark":
        return Spark(cities, master, access)
    if master is not None:
        raise click.UsageError(t("--master gilt nur mit --engine spark.", "--master goes with --engine spark only."))
    return Duck(cities)


def _answer(text: str, lakes: tuple[str, ...], chosen: dict[str, Any]) -> None:
    require_out(chosen["out"])
    access = access_of(settings())
    if chosen["unchecked"]:
        cities = open_cities(lakes, access, None)
    else:
        with progress("Die Seen werden geprüft", "Checking the lakes") as advance:
            cities = open_cities(lakes, access, advance)
    engine = _engine(cities, chosen["engine"], chosen["master"], access)
    try:
        table = engine.ask(text)
    finally:
        engine.close()
    write_answer(table, chosen["out"])
    if chosen["out"] is not None:
        click.echo(f"{chosen['out']}: {table.num_rows}", err=True)


@region.command(
    "daily-means",
    help=t("Tagesmittel aller Messreihen.", "Daily means of all datastreams."),
    epilog="\b\nallmende region daily-means var/lake --out means.parquet",
)
@LAKES
@_options
def daily_means(lakes: tuple[str, ...], **chosen: Any) -> None:
    """Answer with a row for each datastream and day."""
    _answer(question("daily-means"), lakes, chosen)


@region.command(
    "climate-days",
    help=t(
        "Sommertage, heiße Tage, Frosttage, Eistage, Tropennächte je Messreihe und Jahr.",
        "Summer, hot, frost and ice days and tropical nights of each datastream and year.",
    ),
    epilog="\b\nallmende region climate-days var/lake /srv/musterstadt",
)
@LAKES
@_options
def climate_days(lakes: tuple[str, ...], **chosen: Any) -> None:
    """Answer with a row for each datastream of air temperature and year."""
    _answer(question("climate-days"), lakes, chosen)


@region.command(
    "monthly-sums",
    help=t("Monatssummen aller Messreihen.", "Monthly sums of all datastreams."),
    epilog="\b\nallmende region monthly-sums var/lake",
)
@LAKES
@_options
def monthly_sums(lakes: tuple[str, ...], **chosen: Any) -> None:
    """Answer with a row for each datastream and month."""
    _answer(question("monthly-sums"), lakes, chosen)


@region.command(
    "sql",
    help=t(
        "Eine eigene Frage: SQL als Text oder als Datei (.sql); es wird nur gelesen.",
        "A question of your own: SQL as a text or a file (.sql); nothing is written.",
    ),
    epilog='\b\nallmende region sql "SELECT city, count(*) FROM lakes JOIN streams USING (lake) GROUP BY 1" var/lake',
)
@click.argument("text")
@LAKES
@_options
def sql(text: str, lakes: tuple[str, ...], **chosen: Any) -> None:
    """Answer one SELECT."""
    if text.endswith(".sql") and Path(text).is_file():
        text = Path(text).read_text(encoding="utf-8")
    _answer(require_question(text), lakes, chosen)
