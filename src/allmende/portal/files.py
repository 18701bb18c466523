"""Answers that are files: CSV and pictures, with marks by which a browser knows that nothing changed."""

import csv
import hashlib
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotModified, StreamingHttpResponse

from allmende.ui import charts

FORMULA = ("=", "+", "-", "@", "\t", "\r")


def _cell(value: object) -> str:
    """Write a cell; unknown stays empty, and text cannot become a formula in a spreadsheet."""
    if value is None:
        return ""
    text = str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(FORMULA) else text


def csv_lines(header: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """Write CSV line by line (comma, point, ISO dates)."""
    yield _line(header)
    for values in rows:
        yield _line(values)


def _line(values: Sequence[object]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerow([_cell(value) for value in values])
    return buffer.getvalue()


def csv_file(name: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> HttpResponse:
    """Give a small table as a file."""
    response = HttpResponse("".join(csv_lines(header, rows)), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def csv_stream(name: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> StreamingHttpResponse:
    """Give a large table as a file, line by line."""
    response = StreamingHttpResponse(csv_lines(header, rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def geojson_stream(name: str, features: Iterable[Mapping[str, object]]) -> StreamingHttpResponse:
    """Give places as GeoJSON (RFC 7946), one by one."""

    def parts() -> Iterator[bytes]:
        yield b'{"type":"FeatureCollection","features":['
        for number, feature in enumerate(features):
            yield (b",\n" if number else b"\n") + msgspec.json.encode(feature)
        yield b"\n]}\n"

    response = StreamingHttpResponse(parts(), content_type="application/geo+json")
    response["Content-Disposition"] = f'attachment; filename="{name}.geojson"'
    return response


def json_file(name: str, content: object) -> HttpResponse:
    """Give content as JSON to be read by programs; unknown is null."""
    response = HttpResponse(
        msgspec.json.format(msgspec.json.encode(content), indent=1), content_type="application/json"
    )
    response["Content-Disposition"] = f'inline; filename="{name}.json"'
    return response


def width_of(request: HttpRequest) -> int:
    """Give the width that a chart is asked for: narrow for telephones, where a wide one could not be read."""
    return charts.NARROW if request.GET.get("breite") == "schmal" else charts.WIDTH


def picture(request: HttpRequest, svg: bytes) -> HttpResponseBase:
    """Give a picture with a mark of its content."""
    mark = f'"{hashlib.sha256(svg).hexdigest()[:20]}"'
    if request.headers.get("If-None-Match") == mark:
        return HttpResponseNotModified()
    response = HttpResponse(svg, content_type="image/svg+xml")
    response["ETag"] = mark
    return response
