"""Connections: SQLite through APSW with durable commits, PostgreSQL in a schema of its own."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from contextvars import ContextVar
from typing import Any

import psycopg
import structlog
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, OperationalError

from allmende.kernel.errors import Broken, Busy, ErrorCode, Malformed
from allmende.kernel.text import Text
from allmende.store import apsw_dbapi

UNREACHABLE = ErrorCode(
    "store.unreachable",
    Text("Der Messwertspeicher ist nicht erreichbar: {why}", "The observation store cannot be reached: {why}"),
    Text(
        "Prüfen Sie ALLMENDE_DATABASE_URL und ob die Datenbank läuft.",
        "Check ALLMENDE_DATABASE_URL, and that the database runs.",
    ),
)
LOCKED = ErrorCode(
    "store.locked",
    Text("Der Messwertspeicher ist gerade von anderen belegt.", "The observation store is taken by others just now."),
    Text("Versuchen Sie es gleich noch einmal.", "Try again in a moment."),
)
OLD_SQLITE = ErrorCode(
    "store.old_sqlite",
    Text(
        "SQLite {version} kann Daten beschädigen; nötig ist 3.51.3.",
        "SQLite {version} can damage data; 3.51.3 is needed.",
    ),
    Text("Installieren Sie apsw neu: pip install --upgrade apsw", "Install apsw anew: pip install --upgrade apsw"),
)
NOT_COMPUTABLE = ErrorCode(
    "query.not_computable",
    Text("Mit diesen Werten lässt sich nicht rechnen.", "These values cannot be computed with."),
    Text("Prüfen Sie die Zahlen in der Bedingung.", "Check the numbers in the condition."),
)
log = structlog.get_logger("allmende.store")

SAFE_SQLITE = (3, 51, 3)
BUSY_MILLISECONDS = 20_000
PRAGMAS = (
    "page_size=8192",
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "cache_size=-65536",
    "temp_store=MEMORY",
)


# What a question looks at, unpacked; each connection has its own (see ``blocks``).
DECODED = (
    "CREATE TEMPORARY TABLE decoded (id BIGINT, datastream_id INTEGER, start BIGINT, duration BIGINT, latency BIGINT, "
    "received BIGINT, number DOUBLE PRECISION, other TEXT, quality SMALLINT, source_id INTEGER, message TEXT, "
    "parameters TEXT, feature_id INTEGER, valid TEXT, described TEXT)"
)


def is_postgres(url: str) -> bool:
    """Tell whether an address names a PostgreSQL database; otherwise it is a file."""
    return url.startswith(("postgresql://", "postgres://"))


def _sqlite(path: str) -> Engine:
    if apsw_dbapi.sqlite_version_info < SAFE_SQLITE:
        raise Broken(OLD_SQLITE, version=apsw_dbapi.sqlite_version)
    engine = create_engine(f"sqlite:///{path}", module=apsw_dbapi, pool_size=8, max_overflow=24, pool_use_lifo=True)

    @event.listens_for(engine, "connect")
    def prepare(connection: apsw_dbapi.Connection, _record: Any) -> None:
        with apsw_dbapi.translated():
            connection.apsw.set_busy_timeout(BUSY_MILLISECONDS)
            for pragma in PRAGMAS:
                connection.apsw.execute(f"PRAGMA {pragma}")
            connection.apsw.execute(DECODED)
        # SQLite's own know ASCII only.
        connection.create_function("lower", 1, lambda text: text and str(text).lower(), deterministic=True)
        connection.create_function("upper", 1, lambda text: text and str(text).upper(), deterministic=True)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        driver: Any = connection.connection.dbapi_connection
        with apsw_dbapi.translated():
            driver.apsw.execute("BEGIN IMMEDIATE" if connection.get_execution_options().get("writes") else "BEGIN")

    return engine


def _postgres(url: str) -> Engine:
    address = url.replace("postgres://", "postgresql://", 1).replace("postgresql://", "postgresql+psycopg://", 1)
    options = {"options": "-c search_path=observations -c timezone=UTC", "connect_timeout": 10}
    engine = create_engine(address, pool_size=8, max_overflow=24, pool_pre_ping=True, connect_args=options)

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        connection.execute(DECODED)
        connection.commit()

    return engine


def open_engine(url: str) -> Engine:
    """Open the connections to a store; nothing is contacted before the first use."""
    return _postgres(url) if is_postgres(url) else _sqlite(url)


# SQLAlchemy's, and the drivers' own where a statement goes to them directly.
OPERATIONAL = (OperationalError, apsw_dbapi.OperationalError, psycopg.OperationalError)
INTEGRITY = (IntegrityError, apsw_dbapi.IntegrityError, psycopg.IntegrityError)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except OPERATIONAL as error:
        text = str(getattr(error, "orig", error))
        if "locked" in text or "deadlock" in text or "busy" in text.lower():
            log.warning("the store was taken", why=text)
            raise Busy(LOCKED) from error
        raise Broken(UNREACHABLE, why=text.splitlines()[0] if text else "?") from error
    except INTEGRITY as error:
        # Another took away, or took first, what this one had just checked; asking again gives the true answer.
        log.warning("another came first", why=str(getattr(error, "orig", error)))
        raise Busy(LOCKED) from error
    except DBAPIError as error:
        if error.connection_invalidated:
            raise Broken(UNREACHABLE, why=str(error.orig).splitlines()[0]) from error
        raise


class _Dropped(Exception):
    """Ends a transaction that is to leave nothing."""


class Bundle:
    """One transaction over several calls: whatever is called within ``joined`` takes part, until it is kept or dropped.

    The calls follow each other, in whatever thread; none of them runs beside another.
    """

    def __init__(self, engine: Engine) -> None:
        self._stack = ExitStack()
        self.connection = self._stack.enter_context(writing(engine))
        self.afterwards: list[Callable[[], None]] = []

    @contextmanager
    def joined(self) -> Iterator[None]:
        """Let the calls of this context, and of threads that inherit it, take part."""
        mark = _bundle.set(self)
        try:
            yield
        finally:
            _bundle.reset(mark)

    def keep(self) -> None:
        """Make all of it durable."""
        self._stack.close()
        self._finish()

    def drop(self) -> None:
        """Take all of it back, and nothing of a bundle around it."""
        with suppress(_Dropped):
            self._stack.__exit__(_Dropped, _Dropped(), None)
        self._finish()

    def _finish(self) -> None:
        for call in self.afterwards:
            after_bundle(self.connection.engine, call)


_bundle: ContextVar[Bundle | None] = ContextVar("bundle", default=None)


def joined(engine: Engine) -> Bundle | None:
    """Give the bundle in which calls of this context take part."""
    bundle = _bundle.get()
    return bundle if bundle is not None and bundle.connection.engine is engine else None


def after_bundle(engine: Engine, call: Callable[[], None]) -> None:
    """Call now, or once the bundle that is open in this context has ended, however it ends."""
    bundle = joined(engine)
    if bundle is None:
        call()
    else:
        bundle.afterwards.append(call)


_view: ContextVar[Connection | None] = ContextVar("view", default=None)


@contextmanager
def viewing(engine: Engine) -> Iterator[None]:
    """Let all that is read within read one state, in one transaction; a bundle that is joined is one anyway."""
    if joined(engine) is not None:
        yield
        return
    with reading(engine) as connection:
        mark = _view.set(connection)
        try:
            yield
        finally:
            _view.reset(mark)


@contextmanager
def _computed() -> Iterator[None]:
    """Tell what cannot be computed as the question's fault."""
    with _translated():
        try:
            yield
        except (DataError, apsw_dbapi.DataError, psycopg.DataError) as error:
            raise Malformed(NOT_COMPUTABLE) from error


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Open a transaction that reads one consistent state, or take part in the one that is open in this context."""
    bundle, view = joined(engine), _view.get()
    with _computed():
        if bundle is not None:
            with bundle.connection.begin_nested():
                yield bundle.connection
        elif view is not None and view.engine is engine:
            yield view
        else:
            with engine.connect() as connection:
                if engine.dialect.name == "postgresql":
                    connection.execution_options(isolation_level="REPEATABLE READ")
                with connection.begin():
                    yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """Open a transaction that writes; all of it is durable when the block ends, or nothing happened."""
    bundle = joined(engine)
    if bundle is not None:
        with _translated(), bundle.connection.begin_nested():
            yield bundle.connection
        return
    with _translated(), engine.connect().execution_options(writes=True) as connection, connection.begin():
        yield connection
