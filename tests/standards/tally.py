"""Counts the proofs of each conformance class, for each database, and prints them at the end of a run."""

from collections import Counter
from typing import Any

from tests.standards.sensorthings.conformance import class_of


def counts(reports: list[Any]) -> dict[str, Counter[str]]:
    """Count the tests that passed by conformance class and database."""
    found: dict[str, Counter[str]] = {}
    for report in reports:
        noted = dict(report.user_properties)
        if report.when == "call" and "conformance" in noted:
            found.setdefault(class_of(noted["conformance"]), Counter())[noted["database"]] += 1
    return found


def print_counts(terminal: Any) -> None:
    """Print one line for each class that was proved."""
    found = counts(terminal.stats.get("passed", []))
    if not found:
        return
    databases = sorted({database for counter in found.values() for database in counter})
    terminal.section("OGC SensorThings 1.1: tests passed by conformance class")
    terminal.write_line(f"{'':48}" + "".join(f"{database:>12}" for database in databases))
    for name in sorted(found):
        terminal.write_line(f"{name:48}" + "".join(f"{found[name][database]:>12}" for database in databases))
    totals = (sum(counter[database] for counter in found.values()) for database in databases)
    terminal.write_line(f"{'all':48}" + "".join(f"{total:>12}" for total in totals))
