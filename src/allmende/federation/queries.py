"""Reads of the federation: the cities that we follow, what they taught, and who witnessed our ledger."""

import datetime as dt

import msgspec

from allmende.effects.queries import indicators_on
from allmende.federation.comparing import Told
from allmende.federation.documents import City, Finding
from allmende.federation.models import QUARANTINED, Peer, Testimony
from allmende.federation.offering import shared


class Foreign(msgspec.Struct, frozen=True):
    """What a project of another city taught."""

    peer: Peer
    finding: Finding

    @property
    def address(self) -> str:
        """Give where it stands in that city's own portal."""
        return self.peer.url + self.finding.path


def peers() -> list[Peer]:
    """Give all cities that we follow, with what they testify about our log."""
    return list(Peer.objects.select_related("testimony"))


def peer_of(number: int) -> Peer | None:
    """Give one city."""
    return Peer.objects.select_related("testimony").filter(pk=number).first()


def in_quarantine() -> int:
    """Count the cities about which somebody has to decide, and whose testimony contradicts our log."""
    return Peer.objects.filter(state=QUARANTINED).count() + Testimony.objects.filter(holds=False).count()


def foreign_findings(*, phase: str = "", topic: str = "", text: str = "", peer: int | None = None) -> list[Foreign]:
    """Give what other cities taught, the newest first, narrowed as our own findings are."""
    rows = Peer.objects.all() if peer is None else Peer.objects.filter(pk=peer)
    words = text.casefold().split()
    found = [Foreign(row, one) for row in rows for one in row.taught if _fits(one, phase, topic, words)]
    return sorted(found, key=lambda one: one.finding.published, reverse=True)


def _fits(one: Finding, phase: str, topic: str, words: list[str]) -> bool:
    if (phase and one.content.phase != phase) or (topic and topic not in one.content.topics):
        return False
    if not words:
        return True
    searched = f"{one.title.de} {one.title.en} ".casefold() + one.content.words()
    return all(word in searched for word in words)


def foreign_finding(number: int, project: str) -> Foreign | None:
    """Give one finding of another city."""
    row = Peer.objects.filter(pk=number).first()
    found = next((one for one in row.taught if one.project == project), None) if row else None
    return Foreign(row, found) if row and found else None


def tellers(own: City, day: dt.date) -> list[Told]:
    """Give what this city and those that we follow tell of their indicators, this city first."""
    ours = Told(own, tuple(shared(indicators_on(day), day)))
    others = [(row, row.told) for row in Peer.objects.all()]
    return [ours, *(Told(said.city, said.indicators, row.pk, row.state == QUARANTINED) for row, said in others)]
