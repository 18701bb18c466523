"""Entries of the core energy market register as sums by source of energy; nobody's name leaves this module."""

from collections import defaultdict
from typing import Any

from allmende.connectors.replies import NO_RECORDS, Record, entries, json_of
from allmende.kernel.errors import Invalid

# Entries name people and their homes: no reply is kept.
KEEP_RAW = False
IN_OPERATION = ("35", "In Betrieb")
CARRIERS = {
    **{"2495": "solar", "Solare Strahlungsenergie": "solar"},
    **{"2496": "storage", "Speicher": "storage"},
    **{"2497": "wind", "Wind": "wind"},
    **{"Wasser": "water", "Biomasse": "biomass"},
}


def records(body: bytes) -> list[Record]:
    """Give one record: ``NAME-units`` and ``NAME-power`` (kW) of each source of energy, only of units in operation."""
    tree = json_of(body)
    found = entries(tree) if isinstance(tree, list) else entries(tree, "Data")
    total = tree.get("Total") if isinstance(tree, dict) else len(found)
    if total != len(found) or (isinstance(tree, dict) and tree.get("Errors")):
        # A part of the register would look like a city that has lost its roofs.
        raise Invalid(NO_RECORDS, path=f"Data ({len(found)} / {total})")
    sums: dict[str, float] = defaultdict(float)
    for one in found:
        if str(_first(one, "BetriebsStatusId", "EinheitBetriebsstatus", "BetriebsStatusName")) in IN_OPERATION:
            name = CARRIERS.get(str(_first(one, "EnergietraegerName", "Energietraeger")), "other")
            sums[f"{name}-units"] += 1
            sums[f"{name}-power"] += _power(one.get("Nettonennleistung"))
    return [{name: round(value, 3) for name, value in sums.items()}] if found else []


def _first(given: Record, *names: str) -> Any:
    return next((given[name] for name in names if given.get(name) is not None), None)


def _power(given: Any) -> float:
    try:
        return float(given or 0)
    except (TypeError, ValueError, OverflowError) as error:
        raise Invalid(NO_RECORDS, path="Nettonennleistung") from error
