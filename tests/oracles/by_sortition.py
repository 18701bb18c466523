"""Run in the environment of sortition-algorithms: read pools, write the smallest chance of its fairest lottery."""

import json
import sys
from pathlib import Path
from typing import Any

from sortition_algorithms.committee_generation.maximin import find_distribution_maximin
from sortition_algorithms.features import read_in_features
from sortition_algorithms.people import read_in_people
from sortition_algorithms.settings import Settings


def chance(case: dict[str, Any]) -> float:
    """Find the smallest chance of anybody."""
    rows = [{"feature": f, "value": v, "min": str(low), "max": str(high)} for f, v, low, high in case["quotas"]]
    features, _, _ = read_in_features(["feature", "value", "min", "max"], rows)
    names = list(case["people"][0])
    people = [{"id": str(at), **person} for at, person in enumerate(case["people"])]
    settings = Settings(id_column="id", columns_to_keep=[])
    pool, _ = read_in_people(["id", *names], people, features, settings)
    panels, chances, _ = find_distribution_maximin(features, pool, case["size"], [])
    sums = dict.fromkeys((person["id"] for person in people), 0.0)
    for panel, part in zip(panels, chances, strict=True):
        for person in panel:
            sums[person] += part
    return min(sums.values())


if __name__ == "__main__":
    cases = json.loads(Path(sys.argv[1]).read_text())
    Path(sys.argv[2]).write_text(json.dumps([chance(case) for case in cases]))
