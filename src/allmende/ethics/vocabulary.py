"""Terms of others to which purposes are mapped: Data Privacy Vocabulary and Digital Trust for Places and Routines."""

import re
from collections.abc import Iterator

from allmende.ethics.model import Purpose, Rulebook
from allmende.ethics.space import leaves_of, line_of
from allmende.kernel.text import Text

DPV_TERM = re.compile(r"https://w3id\.org/dpv(/[a-z-]+)*#[A-Z][A-Za-z]+")
# The purposes of DTPR's chain for devices, version 1.
DTPR_PURPOSES = frozenset(
    f"purpose__{name}"
    for name in (
        *("accessibility", "agency_interaction", "arts_culture", "connectivity", "dining", "ecology"),
        *("energy_efficiency", "enforcement", "entry", "fire_emergency", "health", "logistics", "mobility"),
        *("planning_decision_making", "research_development", "safety_security", "social", "switch", "traffic"),
        *("waste_management", "water_efficiency", "wayfinding_services"),
    )
)


def wrong_terms(book: Rulebook) -> Iterator[Text]:
    """Name the purposes that are mapped to what is no term."""
    for purpose in book.purposes:
        slug = purpose.slug
        if purpose.dpv and not DPV_TERM.fullmatch(purpose.dpv):
            yield Text(
                f"Zweck {slug}: {purpose.dpv} ist kein Begriff des DPV",
                f"purpose {slug}: {purpose.dpv} is no term of DPV",
            )
        if purpose.dtpr and purpose.dtpr not in DTPR_PURPOSES:
            yield Text(
                f"Zweck {slug}: {purpose.dtpr} ist kein Zweck des DTPR",
                f"purpose {slug}: {purpose.dtpr} is no purpose of DTPR",
            )


def terms_of(slug: str, book: Rulebook) -> tuple[str, str]:
    """Give the DPV and DTPR terms of a purpose, or the nearest ones above it; empty where there is none.

    A book of the past need not know a purpose of today.
    """
    purposes = {purpose.slug: purpose for purpose in book.purposes}
    above = {name: one.parent for name, one in purposes.items()}
    line = [purposes[name] for name in line_of(slug, above) if name in purposes]
    return _nearest(line, "dpv"), _nearest(line, "dtpr")


def _nearest(line: list[Purpose], name: str) -> str:
    return next((str(getattr(purpose, name)) for purpose in line if getattr(purpose, name)), "")


def unmapped(book: Rulebook) -> list[str]:
    """Give the leaves that have no term of DPV, not even above them."""
    return [slug for slug in leaves_of(book) if not terms_of(slug, book)[0]]
