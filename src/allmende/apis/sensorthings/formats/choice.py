"""Which format a request asks for: ``$resultFormat`` first, then the ``Accept`` header; JSON otherwise."""

from allmende.apis.sensorthings.formats import arrow, csv, data_array, geojson, parquet
from allmende.apis.sensorthings.formats.shape import Format
from allmende.apis.sensorthings.lex import fault

OPTION = "$resultFormat"
FORMATS: dict[str, Format] = {
    module.FORMAT.name.lower(): module.FORMAT for module in (data_array, csv, geojson, arrow, parquet)
}
JSON = "application/json"
_BY_MEDIA = {one.media: one for one in FORMATS.values() if one.media != JSON}


def choose(named: str | None, accept: str) -> Format | None:
    """Give the format, or nothing for plain JSON; an unknown name is refused, an unknown media type is not."""
    if named is None:
        return _accepted(accept)
    found = FORMATS.get(named.lower())
    if found is None and named.lower() != "json":
        known = ", ".join(["JSON", *(one.name for one in FORMATS.values())])
        why = f"„{named[:30]}“ gibt es nicht (möglich: {known})"
        raise fault(OPTION, 1, why, f"there is no “{named[:30]}” (possible: {known})")
    return found


def _quality(parameters: str) -> float:
    for parameter in parameters.split(";"):
        name, _, value = parameter.strip().partition("=")
        if name.lower() == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0


def _accepted(accept: str) -> Format | None:
    """Give the format of the best known media type; the first one of equals."""
    best, found = 0.0, None
    for entry in accept.split(","):
        media, _, parameters = entry.strip().partition(";")
        media = media.strip().lower()
        quality = _quality(parameters)
        if quality > best and (media == JSON or media in _BY_MEDIA):
            best, found = quality, _BY_MEDIA.get(media)
    return found
