"""Run in the environment of pabutools: read elections, write what it elects."""

import json
import sys
from pathlib import Path
from typing import Any

import pabutools.fractions as exact
from pabutools.election import (
    Additive_Cardinal_Sat,
    ApprovalBallot,
    ApprovalProfile,
    CardinalBallot,
    Cardinality_Sat,
    CardinalProfile,
    Cost_Sat,
    Instance,
    Project,
)
from pabutools.rules import greedy_utilitarian_welfare, method_of_equal_shares

exact.FRACTION = "gmpy2"


def elect(case: dict[str, Any]) -> dict[str, list[str]]:
    """Count by both rules; equals go by name, and the names are such that this is the order of the lots."""
    projects = {name: Project(name, exact.frac(cost, 1)) for name, cost in case["projects"]}
    instance = Instance(projects.values(), budget_limit=exact.frac(case["budget"], 1))
    if case["kind"] == "points":
        ballots = [CardinalBallot({projects[n]: exact.frac(p, 1) for n, p in b.items()}) for b in case["ballots"]]
        profile, measure = CardinalProfile(ballots, instance=instance), Additive_Cardinal_Sat
    else:
        profile = ApprovalProfile([ApprovalBallot(projects[n] for n in b) for b in case["ballots"]], instance=instance)
        measure = Cost_Sat if case["worth"] == "cost" else Cardinality_Sat
    step = exact.frac(case["budget"], len(case["ballots"]) * 100)
    shares = method_of_equal_shares(instance, profile, sat_class=measure)
    raised = method_of_equal_shares(instance, profile, sat_class=measure, voter_budget_increment=step)
    found = {"shares": shares, "raised": raised}
    if case["kind"] != "points":
        # It also takes what nobody voted for, last of all; ours does not.
        wanted = {projects[name] for ballot in case["ballots"] for name in ballot}
        everything = greedy_utilitarian_welfare(instance, profile, sat_class=Cost_Sat)
        found["greedy"] = [project for project in everything if project in wanted]
    return {rule: sorted(project.name for project in chosen) for rule, chosen in found.items()}


if __name__ == "__main__":
    cases = json.loads(Path(sys.argv[1]).read_text())
    Path(sys.argv[2]).write_text(json.dumps([elect(case) for case in cases]))
