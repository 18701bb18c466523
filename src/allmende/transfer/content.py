"""The form in which a pack brings findings."""

import datetime as dt

from allmende.transfer.rules import Entry, FindingContent


class VersionEntry(Entry, frozen=True):
    """One published version with its day."""

    since: dt.date
    content: FindingContent


class FindingEntry(Entry, frozen=True):
    """The versions of a project's finding, oldest first."""

    project: str
    versions: tuple[VersionEntry, ...]


class FindingsContent(Entry, frozen=True):
    """``findings.yaml``."""

    findings: tuple[FindingEntry, ...]
