"""Which function computes which written method."""

from collections.abc import Sequence

from allmende.gate.door import Gate, Grant
from allmende.indicators.air import air_quality
from allmende.indicators.climate import climate_days
from allmende.indicators.counts import bicycle_counts
from allmende.indicators.figures import Compute, Figure, Question, Stream
from allmende.indicators.heat import heat_island
from allmende.indicators.levels import water_level
from allmende.indicators.parking import parking_occupancy
from allmende.indicators.solar import solar_power

COMPUTES: dict[str, Compute] = {
    "air-quality": air_quality,
    "bicycle-counts": bicycle_counts,
    "climate-days": climate_days,
    "heat-island": heat_island,
    "parking-occupancy": parking_occupancy,
    "solar-power": solar_power,
    "water-level": water_level,
}


def compute(method: str, gate: Gate, grant: Grant, streams: Sequence[Stream], question: Question) -> list[Figure]:
    """Give the figures of a method from datastreams that the grant opens.

    A period of which less than a third was there has none: a year's count of two months would look like a year's.
    """
    figures = COMPUTES[method](gate, grant, streams, question)
    return [one for one in figures if 3 * one.used >= one.used + one.left_out]
