"""``allmende mqtt``: the configuration of the broker."""

from pathlib import Path

import click

from allmende.cli.speech import say, t
from allmende.serve.broker import mosquitto_config


@click.group(
    help=t("Den MQTT-Broker einrichten.", "Set up the MQTT broker."),
    epilog="\b\nallmende mqtt config /etc/mosquitto/allmende",
)
def mqtt() -> None:
    """Gather the commands for the broker."""


@mqtt.command(
    help=t(
        "Eine Konfiguration für Mosquitto schreiben: zwei Zugänge, Rechte, Passwörter.",
        "Write a configuration for Mosquitto: two listeners, access rights, passwords.",
    ),
    epilog="\b\nallmende mqtt config /etc/mosquitto/allmende --port 1883 --receive-port 1884",
)
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--host", default="127.0.0.1", show_default=True, help=t("Adresse der Zugänge", "address to listen on"))
@click.option(
    "--port",
    default=1883,
    show_default=True,
    type=click.IntRange(1, 65535),
    help=t("Port zum Anlegen", "port for creating"),
)
@click.option(
    "--receive-port",
    default=1884,
    show_default=True,
    type=click.IntRange(1, 65535),
    help=t("Port zum Empfangen", "port for receiving"),
)
def config(folder: Path, host: str, port: int, receive_port: int) -> None:
    """Write the files, and say what to do with them."""
    config, url = mosquitto_config(folder, host=host, port=port, receive_port=receive_port)
    say(f"Starten: mosquitto -c {config}", f"Start: mosquitto -c {config}")
    say(f"Für Allmende: ALLMENDE_MQTT_URL_FILE={url}", f"For Allmende: ALLMENDE_MQTT_URL_FILE={url}")
