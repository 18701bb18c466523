"""The one place where settings come from: ``allmende.toml``, then ``ALLMENDE_*``, then secrets in files."""

import os
import re
import secrets
import tomllib
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from allmende.kernel.errors import Broken, ErrorCode, Invalid
from allmende.kernel.text import Text

UNKNOWN_KEY = ErrorCode(
    "settings.unknown_key",
    Text("Die Einstellung „{key}“ ({source}) gibt es nicht.", "There is no setting “{key}” ({source})."),
    Text(
        "Gemeint war vielleicht: {close}. Alle stehen in docs/reference/settings.md.",
        "Perhaps you meant: {close}. All are listed in docs/reference/settings.md.",
    ),
)
STRANGE_KEY = ErrorCode(
    "settings.strange_key",
    Text("Die Einstellung „{key}“ ({source}) gibt es nicht.", "There is no setting “{key}” ({source})."),
    Text(
        "Alle Einstellungen stehen in docs/reference/settings.md.",
        "All settings are listed in docs/reference/settings.md.",
    ),
)
BAD_VALUE = ErrorCode(
    "settings.bad_value",
    Text(
        "Die Einstellung „{key}“ hat keinen gültigen Wert: {why}.",
        "The setting “{key}” has no valid value: {why}.",
    ),
    Text("Berichtigen Sie den Wert.", "Correct the value."),
)
UNREADABLE = ErrorCode(
    "settings.unreadable",
    Text("Die Datei {path} lässt sich nicht lesen: {why}.", "The file {path} cannot be read: {why}."),
    Text("Berichtigen Sie die Datei oder ihre Zugriffsrechte.", "Correct the file or its access rights."),
)
BAD_BASEMAP = ErrorCode(
    "settings.bad_basemap",
    Text("„{value}“ ist keine Grundkarte.", "“{value}” is no base map."),
    Text(
        "ALLMENDE_BASEMAP nennt eine vorhandene .pmtiles-Datei oder eine Adresse mit {{z}}, {{x}} und {{y}}.",
        "ALLMENDE_BASEMAP names a .pmtiles file that exists, or an address with {{z}}, {{x}} and {{y}}.",
    ),
)

BAD_BROKER = ErrorCode(
    "settings.bad_broker",
    Text(
        "ALLMENDE_MQTT_URL ist keine Adresse eines MQTT-Brokers.", "ALLMENDE_MQTT_URL is no address of an MQTT broker."
    ),
    Text(
        "Schreiben Sie mqtt://Name:Passwort@Rechner:1883 oder mqtts://…",
        "Write mqtt://name:password@host:1883 or mqtts://…",
    ),
)

BAD_TRANSLATOR = ErrorCode(
    "settings.bad_translator",
    Text("„{value}“ ist keine Adresse eines Übersetzungsservers.", "“{value}” is no address of a translation server."),
    Text(
        "Schreiben Sie http://Rechner:5000 oder https://…, ohne Zugangsdaten.",
        "Write http://host:5000 or https://…, without credentials.",
    ),
)
PREFIX = "ALLMENDE_"
SECRETS = (
    *(
        "secret_key",
        "database_url",
        "portal_database_url",
        "oidc_client_secret",
        "citizen_client_secret",
        "open311_key",
        "translation_key",
        "mail_url",
        "mqtt_url",
    ),
    "ledger_key",
    "s3_secret_key",
)
LISTS = ("allowed_hosts", "ledger_witnesses", "ledger_witnessed", "source_hosts", "translation_hosts")
ELSEWHERE = frozenset(
    {"ALLMENDE_TEST_POSTGRES_URL", "ALLMENDE_TEST_DECISIONS", "ALLMENDE_SAMPLES", "ALLMENDE_CONFORMANCE"}
)


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """All settings of one installation."""

    home: Annotated[Path, Meta(description="folder of all state, relative to the working directory")] = Path("var")
    database_url: Annotated[
        str, Meta(description="PostgreSQL address for store and portal; empty means SQLite files under home")
    ] = ""
    portal_database_url: Annotated[
        str, Meta(description="a separate PostgreSQL address for the portal, with a login of its own")
    ] = ""
    host: Annotated[str, Meta(description="address to listen on")] = "127.0.0.1"
    port: Annotated[int, Meta(description="port to listen on")] = 8000
    public_url: Annotated[
        str, Meta(description="address by which people reach the portal, for example https://allmende.example.org")
    ] = ""
    basemap: Annotated[
        str,
        Meta(description="PMTiles file or tile address with {z}/{x}/{y} for the interactive map"),
    ] = ""
    pack: Annotated[str, Meta(description="city pack")] = "konstanz"
    debug: Annotated[bool, Meta(description="show errors in the browser; never in production")] = False
    secret_key: Annotated[str, Meta(description="key for signatures; made once and kept under home when empty")] = ""
    allowed_hosts: Annotated[
        tuple[str, ...],
        Meta(description="host names under which the portal answers, separated by commas in the environment"),
    ] = ()
    oidc_name: Annotated[str, Meta(description="name on the button of the single sign-on")] = ""
    oidc_server: Annotated[
        str, Meta(description="address of the OpenID Connect provider; empty switches single sign-on off")
    ] = ""
    oidc_client_id: Annotated[str, Meta(description="client id at the provider")] = ""
    oidc_client_secret: Annotated[str, Meta(description="client secret at the provider")] = ""
    citizen_server: Annotated[
        str,
        Meta(description="address of the OpenID Connect provider of the citizen accounts; empty switches them off"),
    ] = ""
    citizen_client_id: Annotated[str, Meta(description="client id at the citizen accounts")] = ""
    citizen_client_secret: Annotated[str, Meta(description="client secret at the citizen accounts")] = ""
    citizen_claim: Annotated[
        str, Meta(description="yes-or-no attribute that has to be true to take part, for example lives_here")
    ] = ""
    open311_url: Annotated[
        str, Meta(description="address of the service desk for defects (Open311 GeoReport v2), without requests.json")
    ] = ""
    open311_service: Annotated[str, Meta(description="service_code under which the desk takes defects")] = ""
    open311_jurisdiction: Annotated[
        str, Meta(description="jurisdiction_id of the city, where the desk asks for it")
    ] = ""
    open311_key: Annotated[str, Meta(description="api_key at the service desk")] = ""
    translation_url: Annotated[
        str,
        Meta(
            description="address of the city's own translation server (LibreTranslate), without /translate; empty"
            " switches machine translation off"
        ),
    ] = ""
    translation_key: Annotated[str, Meta(description="api_key at the translation server")] = ""
    translation_hosts: Annotated[
        tuple[str, ...],
        Meta(description="hosts outside the city's own network that may translate, separated by commas"),
    ] = ()
    mail_url: Annotated[
        str, Meta(description="mail server, smtp://user:password@host:port; empty prints mails to the log")
    ] = ""
    mail_from: Annotated[str, Meta(description="sender of mails")] = ""
    mqtt_url: Annotated[
        str, Meta(description="MQTT broker, mqtt://user:password@host:port or mqtts://…; empty switches MQTT off")
    ] = ""
    mqtt_ca: Annotated[
        str, Meta(description="PEM file of who vouches for the broker's certificate; empty trusts whom the system does")
    ] = ""
    mqtt_create_endpoint: Annotated[
        str, Meta(description="address that is told to the public for creating observations over MQTT")
    ] = ""
    mqtt_receive_endpoint: Annotated[
        str, Meta(description="address that is told to the public for receiving updates over MQTT")
    ] = ""
    catalogue_contributor: Annotated[
        str,
        Meta(description="IRI by which a data portal knows who delivers the catalogue, from its list of contributors"),
    ] = ""
    catalogue_licence: Annotated[
        str,
        Meta(
            description="licence of the city's own tables in the catalogue, such as projects and register"
            " (DL-DE-BY-2.0, CC-BY-4.0, …); as long as nobody decided, they are not offered as open data"
        ),
    ] = ""
    ledger_key: Annotated[
        str, Meta(description="private key that signs the ledger; made once and kept under home when empty")
    ] = ""
    ledger_witnesses: Annotated[
        tuple[str, ...],
        Meta(description="witnesses of our ledger, each as KEY and address with a space between"),
    ] = ()
    ledger_witnessed: Annotated[tuple[str, ...], Meta(description="keys of other cities' ledgers that we witness")] = ()

    lake: Annotated[
        str,
        Meta(description="where the city's own lake lies: a folder or s3://BUCKET/PREFIX; empty is lake under home"),
    ] = ""
    s3_endpoint: Annotated[
        str, Meta(description="address of the service for s3://, for example https://s3.example.org; empty is Amazon's")
    ] = ""
    s3_region: Annotated[str, Meta(description="region that the service for s3:// names; empty is us-east-1")] = ""
    s3_access_key: Annotated[str, Meta(description="access key for s3://")] = ""
    s3_secret_key: Annotated[str, Meta(description="secret key for s3://")] = ""
    source_hosts: Annotated[
        tuple[str, ...],
        Meta(description="hosts outside the public network that connectors may ask, separated by commas"),
    ] = ()

    @property
    def store_url(self) -> str:
        """Give the SQLAlchemy-free address of the observation store: a PostgreSQL URL or a file path."""
        return self.database_url or str(self.home / "observations.sqlite3")

    @property
    def basemap_kind(self) -> Literal["", "file", "service"]:
        """Tell whether the base map is a PMTiles file or a tile service; empty without one."""
        if not self.basemap:
            return ""
        return "service" if re.match(r"https?://", self.basemap) else "file"


def _from_file(path: Path) -> dict[str, Any]:
    """Read ``allmende.toml``; a missing file is an empty one."""
    if not path.exists():
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Invalid(UNREADABLE, path=path, why=error) from error


def _from_environment(environment: dict[str, str]) -> dict[str, str]:
    """Take ``ALLMENDE_*``; ``ALLMENDE_X_FILE`` names a file that holds the secret x."""
    found: dict[str, str] = {}
    for name, value in environment.items():
        if not name.startswith(PREFIX) or name in ELSEWHERE:
            continue
        key = name.removeprefix(PREFIX).lower()
        if key.endswith("_file") and key.removesuffix("_file") in SECRETS:
            try:
                found[key.removesuffix("_file")] = Path(value).read_text(encoding="utf-8").strip()
            except OSError as error:
                raise Invalid(UNREADABLE, path=value, why=error.strerror) from error
        else:
            found[key] = value
    return found


def _refuse_unknown(keys: dict[str, Any], source: str, prefix: str = "") -> None:
    known = Settings.__struct_fields__
    for key in keys:
        if key not in known:
            named = prefix + (key.upper() if prefix else key)
            near = get_close_matches(key, known, 3, 0.4)
            if not near:
                raise Invalid(STRANGE_KEY, key=named, source=source)
            close = ", ".join(prefix + (name.upper() if prefix else name) for name in near)
            raise Invalid(UNKNOWN_KEY, key=named, source=source, close=close)


def load_settings(directory: Path, environment: dict[str, str]) -> Settings:
    """Merge file and environment (which wins) into settings; unknown keys and bad values are errors."""
    from_file = _from_file(directory / "allmende.toml")
    _refuse_unknown(from_file, "allmende.toml")
    from_environment = _from_environment(environment)
    _refuse_unknown(from_environment, "environment", PREFIX)
    merged: dict[str, Any] = {**from_file, **from_environment}
    for name in LISTS:
        if isinstance(merged.get(name), str):
            merged[name] = tuple(filter(None, merged[name].split(",")))
    merged["home"] = str(merged.get("home", "var"))
    try:
        settings = msgspec.convert(merged, Settings, strict=False, dec_hook=lambda kind, value: kind(value))
    except msgspec.ValidationError as error:
        why, _, place = str(error).partition(" - at `$.")
        raise Invalid(BAD_VALUE, key=place.rstrip("`") or "?", why=why) from error
    _check_basemap(settings)
    _check_broker(settings.mqtt_url)
    _check_translator(settings.translation_url)
    return msgspec.structs.replace(settings, home=(directory / settings.home).resolve())


def _check_basemap(settings: Settings) -> None:
    """Refuse what is neither a PMTiles file that exists nor a template of a tile's address."""
    value, kind = settings.basemap, settings.basemap_kind
    template = kind == "service" and all(part in value for part in ("{z}", "{x}", "{y}"))
    file = kind == "file" and value.endswith(".pmtiles") and Path(value).is_file()
    if kind and not template and not file:
        raise Invalid(BAD_BASEMAP, value=value)


def _check_broker(url: str) -> None:
    """Refuse what names no broker; the address itself holds a secret and is not repeated."""
    if url and re.fullmatch(r"mqtts?://([^\s/@]+@)?[^\s/@]+(:\d{1,5})?/?", url) is None:
        raise Invalid(BAD_BROKER)


def _check_translator(url: str) -> None:
    if url and re.fullmatch(r"https?://[^\s/@?#]+(/[^\s?#]*)?", url) is None:
        raise Invalid(BAD_TRANSLATOR, value=url)


@cache
def settings() -> Settings:
    """Give the settings of this process, read once from the working directory and the environment."""
    return load_settings(Path.cwd(), dict(os.environ))


def secret_key(current: Settings) -> str:
    """Give the signing key: the configured one, or one that is made once and kept in the home folder."""
    if current.secret_key:
        return current.secret_key
    path = current.home / "secret.key"
    if not path.exists():
        try:
            current.home.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
            path.write_text(secrets.token_urlsafe(48), encoding="utf-8")
        except OSError as error:
            raise Broken(UNREADABLE, path=path, why=error.strerror) from error
    return path.read_text(encoding="utf-8")
