"""Spark over lakes: on this machine, or on a cluster whose workers reach the same files."""

import os
import re
import shutil
import socket
import subprocess
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from allmende.kernel.errors import Broken, Busy, ErrorCode, Invalid
from allmende.kernel.text import Text
from allmende.lake.form import File
from allmende.lake.place import Access
from allmende.region.duck import FAILED, SCHEMAS
from allmende.region.lakes import City, is_folder, lakes_table, paths_of

LEAST_JAVA = 17
LOOPBACK = re.compile(r"spark://(127\.|localhost)")

NO_SPARK = ErrorCode(
    "region.no_spark",
    Text("Spark ist nicht installiert.", "Spark is not installed."),
    Text("Installieren Sie es mit: pip install 'allmende[region]'", "Install it with: pip install 'allmende[region]'"),
)
NO_JAVA = ErrorCode(
    "region.no_java",
    Text(
        "Spark braucht Java {least} oder neuer; hier ist {found}.",
        "Spark needs Java {least} or newer; here is {found}.",
    ),
    Text(
        "Installieren Sie es (Debian: openjdk-17-jre-headless), oder setzen Sie JAVA_HOME.",
        "Install it (Debian: openjdk-17-jre-headless), or set JAVA_HOME.",
    ),
)
NO_MASTER = ErrorCode(
    "region.no_master",
    Text("Der Spark-Master {master} antwortet nicht: {reason}", "The Spark master {master} does not answer: {reason}"),
    Text("Prüfen Sie Adresse und Cluster.", "Check the address and the cluster."),
)


def require_spark() -> None:
    """Refuse where Spark or Java is missing."""
    try:
        import pyspark  # noqa: F401 - asked whether it is there
    except ImportError as error:
        raise Broken(NO_SPARK) from error
    java = Path(os.environ["JAVA_HOME"]) / "bin" / "java" if os.environ.get("JAVA_HOME") else shutil.which("java")
    found = "–"
    if java and Path(java).exists():
        told = subprocess.run([str(java), "-version"], capture_output=True, text=True, check=False).stderr  # noqa: S603
        version = re.search(r'version "(\d+)', told)
        found = version[1] if version else "–"
    if not found.isdigit() or int(found) < LEAST_JAVA:
        raise Broken(NO_JAVA, least=LEAST_JAVA, found=found)


def require_master(master: str) -> None:
    """Refuse an address behind which nobody is; Spark itself would try for a minute."""
    places = re.findall(r"([^/,]+):(\d{1,5})(?=,|$)", master) if master.startswith("spark://") else []
    reason = "spark://…:7077 ?"
    for host, port in places:
        try:
            socket.create_connection((host, int(port)), 10).close()
        except (OSError, OverflowError) as error:
            reason = str(error)
        else:
            return
    if places or not re.match(r"local(\[|$)|yarn$|k8s:", master):
        raise Busy(NO_MASTER, master=master, reason=reason)


class Spark:
    """Answers questions over the tables lakes, streams, things and observations."""

    def __init__(self, cities: Sequence[City], master: str | None, access: Access) -> None:
        require_spark()
        if master is not None:
            require_master(master)
        # It says of each newer pandas that it does not know it yet; no question goes through pandas.
        warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)
        self._session: Any = _session(master, access)
        self._session.sql(lakes_table(cities)).createOrReplaceTempView("lakes")
        for name in SCHEMAS:
            parts = [self._part(name, city) for city in cities]
            whole = parts[0]
            for part in parts[1:]:
                whole = whole.unionAll(part)
            whole.createOrReplaceTempView(name)

    def ask(self, text: str) -> Any:
        """Give the answer as a table of Arrow."""
        from py4j.protocol import Py4JJavaError
        from pyspark.errors import PySparkException

        try:
            return self._session.sql(text).toArrow()
        except (PySparkException, Py4JJavaError) as error:
            raise Invalid(FAILED, reason=str(error).splitlines()[0][:300]) from error

    def close(self) -> None:
        """Let go of the cluster."""
        self._session.stop()

    def _part(self, name: str, city: City) -> Any:
        from pyspark.sql.functions import lit

        manifest = city.lake.manifest
        files = {"observations": city.observations, "streams": (manifest.streams,), "things": (manifest.things,)}[name]
        schema = _spark_schema(SCHEMAS[name]())
        read = self._session.read.schema(schema)
        # Without any file there would be nothing whose columns could be read.
        table = read.parquet(*_addresses(city, files)) if files else self._session.createDataFrame([], schema)
        return table.select(lit(city.number).cast("tinyint").alias("lake"), "*")


def _addresses(city: City, files: Sequence[File]) -> list[str]:
    if is_folder(city):
        return [f"file://{path}" for path in paths_of(city, files)]
    base = "s3a://" + city.place.address.removeprefix("s3://")
    return [f"{base}/{file.path}" for file in files]


def _spark_schema(schema: Any) -> Any:
    from pyspark.sql.pandas.types import from_arrow_schema

    return from_arrow_schema(schema, prefer_timestamp_ntz=True)


def _session(master: str | None, access: Access) -> Any:
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.appName("allmende region").master(master or "local[*]")
    for key, value in _plain_settings(master).items():
        builder = builder.config(key, value)
    try:
        session = builder.getOrCreate()
    except (PySparkException, Py4JError, RuntimeError) as error:
        raise Busy(NO_MASTER, master=master or "local", reason=str(error).splitlines()[0]) from error
    # What the builder is told stands in a command line, where everybody on this machine may read it.
    hadoop = session.sparkContext._jsc.hadoopConfiguration()
    for key, value in _s3_settings(access).items():
        hadoop.set(key, value)
    return session


def _plain_settings(master: str | None) -> dict[str, str]:
    here = {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
    quiet = Path(__file__).with_name("log4j2.properties")
    return {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.driver.extraJavaOptions": f"-Dlog4j2.configurationFile=file:{quiet}",
        "spark.sql.session.timeZone": "UTC",
        # A part for each row group would start more tasks than they take time.
        "spark.sql.shuffle.partitions": "16",
        **(here if master is None or LOOPBACK.match(master) else {}),
    }


def _s3_settings(access: Access) -> dict[str, str]:
    """Give what the connector of Hadoop (hadoop-aws, which a cluster brings) needs to read s3a://."""
    if not access.access_key:
        return {}
    secure = not access.endpoint.startswith("http://")
    return {
        "fs.s3a.access.key": access.access_key,
        "fs.s3a.secret.key": access.secret_key,
        "fs.s3a.path.style.access": "true",
        "fs.s3a.connection.ssl.enabled": str(secure).lower(),
        **({"fs.s3a.endpoint": access.endpoint} if access.endpoint else {}),
        "fs.s3a.endpoint.region": access.region or "us-east-1",
    }
