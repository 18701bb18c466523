"""DuckDB over lakes, on one machine."""

from collections.abc import Sequence
from typing import Any

from allmende.kernel.errors import ErrorCode, Invalid
from allmende.kernel.text import Text
from allmende.lake import form
from allmende.lake.form import File
from allmende.region.lakes import City, is_folder, lakes_table, paths_of

FAILED = ErrorCode(
    "region.failed",
    Text("Die Frage ließ sich nicht beantworten: {reason}", "The question could not be answered: {reason}"),
    Text(
        "Die Tabellen und Spalten stehen in docs/reference/lake.md.",
        "Tables and columns stand in docs/reference/lake.md.",
    ),
)


class Duck:
    """Answers questions over the tables lakes, streams, things and observations."""

    def __init__(self, cities: Sequence[City], threads: int = 0) -> None:
        import duckdb

        self._duckdb = duckdb
        self._connection: Any = duckdb.connect(":memory:", config={"threads": threads} if threads else {})
        self._connection.execute("SET TimeZone = 'UTC'")
        self._connection.execute(f"CREATE VIEW lakes AS {lakes_table(cities)}")
        self._view("streams", cities, {city.number: [city.lake.manifest.streams] for city in cities})
        self._view("things", cities, {city.number: [city.lake.manifest.things] for city in cities})
        self._view("observations", cities, {city.number: list(city.observations) for city in cities})
        self._close_in(cities)

    def ask(self, text: str) -> Any:
        """Give the answer as a table of Arrow."""
        try:
            return self._connection.sql(text).to_arrow_table()
        except self._duckdb.Error as error:
            raise Invalid(FAILED, reason=str(error).splitlines()[0]) from error

    def close(self) -> None:
        """Let go of everything."""
        self._connection.close()

    def _view(self, name: str, cities: Sequence[City], files: dict[int, list[File]]) -> None:
        parts = [self._part(name, city, files[city.number]) for city in cities]
        self._connection.execute(f"CREATE VIEW {name} AS {' UNION ALL '.join(parts)}")

    def _part(self, name: str, city: City, files: list[File]) -> str:
        columns = ", ".join(SCHEMAS[name]().names)
        return f"SELECT CAST({city.number} AS TINYINT) AS lake, {columns} FROM {self._source(name, city, files)}"  # noqa: S608

    def _source(self, name: str, city: City, files: list[File]) -> str:
        if files and is_folder(city):
            listed = ", ".join("'" + path.replace("'", "''") + "'" for path in paths_of(city, files))
            return f"read_parquet([{listed}], hive_partitioning = false)"
        from pyarrow import dataset

        schema = SCHEMAS[name]()
        source, base = city.place.arrow()
        paths = [f"{base}/{file.path}" for file in files]
        table = dataset.dataset(paths, schema, "parquet", source) if paths else schema.empty_table()
        self._connection.register(f"{name}_{city.number}", table)
        return f"{name}_{city.number}"

    def _close_in(self, cities: Sequence[City]) -> None:
        """Let questions read the files of the lakes, and nothing else, and write nothing."""
        paths = [path for city in cities if is_folder(city) for path in paths_of(city, city.lake.manifest.files)]
        listed = ", ".join("'" + path.replace("'", "''") + "'" for path in paths)
        self._connection.execute(f"SET allowed_paths = [{listed}]")
        self._connection.execute("SET enable_external_access = false")
        self._connection.execute("SET lock_configuration = true")


SCHEMAS: dict[str, Any] = {
    "observations": form.observation_schema,
    "streams": form.stream_schema,
    "things": form.thing_schema,
}
