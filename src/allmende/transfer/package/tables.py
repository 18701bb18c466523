"""Observations as CSV with a description (Data Package v2), and the course of an indicator (Vega-Lite)."""

import io
from typing import Any

import msgspec
import numpy as np

from allmende.effects.content import IndicatorEntry
from allmende.gate.query import Series
from allmende.transfer.package.form import canonical

SECOND = 1_000_000
PROFILE = "https://datapackage.org/profiles/2.0/datapackage.json"
VEGA = "https://vega.github.io/schema/vega-lite/v6.json"


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """A datastream as a package describes it; ``station`` is a parameter."""

    station: str
    observed: str
    title: str
    unit: str
    dataset: str
    licence: str
    simulated: bool


def csv_of(series: Series) -> bytes:
    """Write time (UTC) and value of each observation."""
    import pyarrow as pa
    from pyarrow import csv

    instants = series.times.astype("datetime64[us]")
    whole = not np.any(series.times % SECOND)
    times = np.datetime_as_string(instants, unit="s" if whole else "us", timezone="UTC")
    table = pa.table({"time": pa.array(times), "value": pa.array(series.values)})
    buffer = io.BytesIO()
    csv.write_csv(table, buffer, csv.WriteOptions(quoting_style="none"))
    return buffer.getvalue()


def described(columns: list[Column], withheld: list[str]) -> bytes:
    """Describe the tables; ``withheld`` are the categories that the rules keep back."""
    resources = [_resource(number, column) for number, column in enumerate(columns, 1)]
    licences = sorted({column.licence for column in columns})
    about: dict[str, Any] = {
        "$schema": PROFILE,
        "name": "daten",
        "licenses": [{"name": name} for name in licences] or [{"name": "CC0-1.0"}],
        "resources": resources,
        "withheld": withheld,
    }
    return canonical(about)


def _resource(number: int, column: Column) -> dict[str, Any]:
    value = {"name": "value", "type": "number", "title": column.title, "unit": column.unit}
    return {
        "name": f"stream-{number}",
        "type": "table",
        "path": f"stream-{number}.csv",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "title": f"{column.title}, {column.station}",
        "observed": column.observed,
        "dataset": column.dataset,
        "simulated": column.simulated,
        "licenses": [{"name": column.licence}],
        "schema": {"fields": [{"name": "time", "type": "datetime"}, value], "primaryKey": ["time"]},
    }


def chart_of(entry: IndicatorEntry) -> bytes:
    """Draw the values of the newest definition over their days."""
    number = entry.versions[-1].number
    values = [{"day": one.last.isoformat(), "value": float(one.value)} for one in entry.values if one.version == number]
    return canonical(
        {
            "$schema": VEGA,
            "title": {"text": entry.title.de, "subtitle": entry.title.en},
            "description": entry.sentence.de,
            "data": {"values": values},
            "mark": {"type": "line", "point": True},
            "encoding": {
                "x": {"field": "day", "type": "temporal", "title": None},
                "y": {"field": "value", "type": "quantitative", "title": entry.versions[-1].unit},
            },
        }
    )
