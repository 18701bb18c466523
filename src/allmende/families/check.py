"""Validates every plug-in folder."""

from allmende.families.manifest import Finding, Unreadable, read_manifest
from allmende.families.registry import FAMILIES, folders
from allmende.kernel.text import Text


def check_families() -> list[Finding]:
    """List what is wrong with the manifests of all families, ids that stand twice included."""
    findings = []
    for family in FAMILIES:
        seen: set[str] = set()
        for folder in folders(family):
            try:
                manifest = read_manifest(folder)
            except Unreadable as error:
                findings.append(error.finding)
                continue
            if manifest.id in seen:
                twice = Text("dieser Name steht zweimal da", "this id stands twice")
                findings.append(Finding(f"{family}/{folder.name}/manifest.toml", "id", twice))
            seen.add(manifest.id)
    return findings
