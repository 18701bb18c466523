"""Membership in a list of numbers as one parameter: of a thousand, one each would take milliseconds to compile."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import BigInteger, ColumnElement
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction


class _numbers_of(GenericFunction[int]):  # noqa: N801 - the name of an SQL function
    """The numbers of a text such as ``1,2,3`` as a set of rows."""

    type = BigInteger()
    inherit_cache = True


@compiles(_numbers_of)
def _in_sqlite(element: Any, compiler: SQLCompiler, **options: Any) -> str:
    text = compiler.process(element.clauses, **options)
    return f"(SELECT value FROM json_each('[' || {text} || ']'))"  # noqa: S608 - a parameter


@compiles(_numbers_of, "postgresql")
def _in_postgres(element: Any, compiler: SQLCompiler, **options: Any) -> str:
    text = compiler.process(element.clauses, **options)
    return f"(SELECT unnest(CAST(string_to_array(CAST({text} AS text), ',') AS bigint[])))"


def among(column: ColumnElement[Any], numbers: Iterable[int]) -> ColumnElement[bool]:
    """Tell whether a column is one of the numbers; of no numbers, none is."""
    condition: ColumnElement[bool] = column.op("IN", is_comparison=True)(_numbers_of(",".join(map(str, numbers))))
    return condition
