"""Names and numbers by which things are known."""

import re

SEQUENCE_BITS = 32
MAX_DATASTREAM_ID = (1 << 21) - 1

# No greater than a database can look for. Not isdigit(): that takes figures such as ², which are no number.
DIGITS = 18
WHOLE = re.compile(f"[0-9]{{1,{DIGITS}}}")

_SPELLED_OUT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})


def slug_from_title(title: str) -> str:
    """Make a lower-case ASCII name with hyphens; German umlauts are spelled out."""
    plain = title.lower().translate(_SPELLED_OUT).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


def number_of(text: str) -> int | None:
    """Give the number that an address or a form writes; None when it is none."""
    return int(text) if WHOLE.fullmatch(text) else None


def observation_id(datastream_id: int, sequence: int) -> int:
    """Compose the lasting id of an observation: below 2^53, grouped by datastream in order of arrival.

    ``sequence`` counts from 1 within the datastream.
    """
    if not 0 < datastream_id <= MAX_DATASTREAM_ID or not 0 < sequence < 1 << SEQUENCE_BITS:
        raise ValueError("datastream id or sequence out of range")
    return (datastream_id << SEQUENCE_BITS) | sequence


def datastream_of_observation(observation: int) -> int:
    """Give the datastream id that an observation id contains."""
    return observation >> SEQUENCE_BITS
