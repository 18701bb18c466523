"""How cells of reports are written."""

from typing import Any

from django import template
from django.utils.translation import get_language

from allmende.portal.report_files import WrittenTable, cell_text

register = template.Library()


@register.filter
def labelled(table: WrittenTable) -> list[list[tuple[str, bool, str]]]:
    """Give the rows of a table, each cell with whether it is a figure and the title of its column."""
    titles = [title for title, _figure in table.columns]
    return [[(text, figure, title) for (text, figure), title in zip(row, titles, strict=True)] for row in table.rows]


@register.filter
def cell(value: Any, kind: str) -> str:
    """Write a cell; in a comparison a dash is what one of both has not, or nobody knows."""
    return "–" if value in (None, "") else cell_text(value, kind, get_language() or "de")  # type: ignore[arg-type]
