"""How cells of reports are written."""

from typing import Any

from django import template
from django.utils.translation import get_language

from allmende.portal.report_files import cell_text

register = template.Library()


@register.filter
def cell(value: Any, kind: str) -> str:
    """Write a cell; in a comparison a dash is what one of both has not, or nobody knows."""
    return "–" if value in (None, "") else cell_text(value, kind, get_language() or "de")  # type: ignore[arg-type]
