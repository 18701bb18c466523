"""The questions that are asked of every region, each a text of SQL that both engines understand."""

from pathlib import Path
from typing import Any

from allmende.indicators import climate
from allmende.indicators.method import method
from allmende.kernel.errors import ErrorCode, Invalid
from allmende.kernel.text import Text

FOLDER = Path(__file__).with_name("sql")

NO_QUESTION = ErrorCode(
    "region.no_question",
    Text(
        "Eine Frage besteht aus einem einzigen SELECT; diese nicht: {reason}.",
        "A question is a single SELECT; this one is not: {reason}.",
    ),
    Text(
        "Die Tabellen und Spalten stehen in docs/reference/lake.md.",
        "Tables and columns stand in docs/reference/lake.md.",
    ),
)


def question(name: str) -> str:
    """Give the text of a question, with the limits that the indicators of this program use."""
    text = (FOLDER / f"{name}.sql").read_text(encoding="utf-8")
    if name != "climate-days":
        return text
    return text.format(
        complete_share=method("climate-days").complete_share,
        frost=climate.FROST,
        summer=climate.SUMMER,
        hot=climate.HOT,
        tropical=climate.TROPICAL,
    )


def require_question(text: str) -> str:
    """Refuse what is more, or something else, than one SELECT; the parser is that of DuckDB for both engines."""
    import duckdb

    try:
        statements: list[Any] = duckdb.extract_statements(text)
    except duckdb.Error as error:
        raise Invalid(NO_QUESTION, reason=str(error).splitlines()[0]) from error
    kinds = [statement.type for statement in statements]
    if kinds != [duckdb.StatementType.SELECT]:
        raise Invalid(NO_QUESTION, reason=", ".join(str(kind).rpartition(".")[2] for kind in kinds) or "–")
    return text.strip().rstrip(";")
