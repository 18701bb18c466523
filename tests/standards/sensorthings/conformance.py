"""The requirements of OGC 18-088, grouped as its annex A groups them into conformance classes."""

import pytest

PREFIX = "http://www.opengis.net/spec/iot_sensing/1.1/req/"
_ENTITIES = (
    *("thing", "location", "historical-location", "datastream", "sensor", "observed-property", "observation"),
    "feature-of-interest",
)
CLASSES: dict[str, tuple[str, ...]] = {
    **{f"datamodel/{name}": ("properties", "relations") for name in _ENTITIES},
    "datamodel/entity-control-information": ("common-control-information",),
    "resource-path": ("resource-path-to-entities",),
    "request-data": (
        *("status-code", "query-status-code", "order", "expand", "select", "orderby", "top", "skip", "count", "filter"),
        *("built-in-filter-operations", "built-in-query-functions", "pagination"),
    ),
    "create-update-delete": (
        *("create-entity", "link-to-existing-entities", "deep-insert", "deep-insert-status-code", "update-entity"),
        *("update-entity-put", "update-entity-jsonpatch", "delete-entity", "historical-location-auto-creation"),
        "historical-location-manual-creation",
    ),
    "batch-request": ("batch-request",),
    "multi-datastream": ("properties", "relations", "constraints"),
    "data-array": ("data-array",),
    "create-observations-via-mqtt": ("observations-creation",),
    "receive-updates-via-mqtt": ("receive-updates",),
}
REQUIREMENTS = frozenset(f"{name}/{part}" for name, parts in CLASSES.items() for part in parts)
proves = pytest.mark.conformance


def class_of(requirement: str) -> str:
    """Give the conformance class of a requirement; what is beyond the standard is a class of its own."""
    return requirement.rpartition("/")[0] if requirement in REQUIREMENTS else requirement


def covered(declared: str) -> frozenset[str]:
    """Give the requirements that a declared address promises; one beyond the standard promises itself."""
    path = declared.removeprefix(PREFIX)
    found = frozenset(one for one in REQUIREMENTS if one == path or one.startswith(f"{path}/"))
    return found or frozenset((declared,))
