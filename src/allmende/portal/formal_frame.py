"""What pages show of a formal procedure: how it stands today, and how many days are left."""

import datetime as dt
from collections.abc import Iterable

import msgspec

from allmende.kernel.clock import today
from allmende.kernel.text import Text
from allmende.participation.models import FormalProcedure
from allmende.participation.plan_words import STATES


class FormalCard(msgspec.Struct, frozen=True):
    """A procedure on a day; ``left`` counts the days after it, ``ahead`` those until it begins.

    ``place`` is its number on the map, where that shows it.
    """

    one: FormalProcedure
    state: str
    left: int | None
    ahead: int | None
    place: int | None = None

    @property
    def state_text(self) -> Text:
        """Name how it stands."""
        return STATES[self.state]


def formal_cards(several: Iterable[FormalProcedure]) -> list[FormalCard]:
    """Give the cards of today."""
    day = today()
    return [_card(one, day) for one in several]


def numbered(several: Iterable[FormalCard], most: int) -> list[FormalCard]:
    """Number the cards that a map can show, up to so many."""
    found, count = [], 0
    for card in several:
        if card.one.middle and count < most:
            count += 1
            card = msgspec.structs.replace(card, place=count)
        found.append(card)
    return found


def _card(one: FormalProcedure, day: dt.date) -> FormalCard:
    state = one.state_on(day)
    left = (one.ends - day).days if one.ends and state == "running" else None
    ahead = (one.begins - day).days if one.begins and state == "ahead" else None
    return FormalCard(one, state, left, ahead)
