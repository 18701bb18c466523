"""Papers of the council from a server that speaks OParl: all pages or none, what changed, what was withdrawn."""

import datetime as dt
from typing import Any

import pytest

from allmende.accounts.models import AuditEntry
from allmende.accounts.rules import SystemActor
from allmende.council import queries
from allmende.council.models import CouncilSystem
from allmende.council.services import import_due, import_papers
from allmende.gate.door import Gate
from allmende.kernel.clock import UTC
from allmende.kernel.errors import AllmendeError
from tests.office.conftest import SignIn, entries_since
from tests.office.test_pages import text
from tests.sources.conftest import Remote, Reply, remote

__all__ = ["remote"]
ACTOR = SystemActor("system:council")
NOW = dt.datetime(2026, 3, 1, 12, tzinfo=UTC)
SCHEMA = "https://schema.oparl.org/1.1/"


def _paper(number: int, **more: Any) -> dict[str, Any]:
    return {
        "id": f"https://ratsinfo.example/paper/{number}",
        "type": f"{SCHEMA}Paper",
        "name": f"Vorlage Nummer {number}",
        "reference": f"2026/{number}",
        "date": f"2026-01-{number:02}",
        "paperType": "Beschlussvorlage",
        "web": f"https://ratsinfo.example/vorgang/{number}",
        "originatorPerson": ["https://ratsinfo.example/person/1"],
        "modified": f"2026-02-{number:02}T08:00:00+01:00",
        "consultation": [{"id": f"c{number}", "agendaItem": f"https://ratsinfo.example/top/{number}"}],
        **more,
    }


def _meeting(**more: Any) -> dict[str, Any]:
    item = {"type": f"{SCHEMA}AgendaItem", "public": True, "consultation": "c1", "result": "beschlossen"}
    return {
        **{"id": "https://ratsinfo.example/meeting/1", "type": f"{SCHEMA}Meeting", "name": "Gemeinderat"},
        **{"start": "2026-02-10T16:00:00+01:00", "modified": "2026-02-11T08:00:00+01:00"},
        "agendaItem": [
            {**item, "id": "https://ratsinfo.example/top/1", "number": "Ö 3", "name": "Messnetz"},
            {**item, "id": "https://ratsinfo.example/top/9", "number": "N 1", "name": "geheim", "public": False},
        ],
        **more,
    }


def _page(*objects: Any, following: str = "") -> dict[str, Any]:
    return {"data": list(objects), "pagination": {}, "links": {"next": following} if following else {}}


@pytest.fixture
def system(city: Gate, remote: Remote) -> CouncilSystem:
    """Serve a system with two pages of papers and a meeting; give its row."""
    remote.says("/", {"id": remote.url, "type": f"{SCHEMA}System", "body": f"{remote.url}/body"})
    body = {"id": "b", "type": f"{SCHEMA}Body", "paper": f"{remote.url}/papers", "meeting": f"{remote.url}/meetings"}
    remote.says("/body", _page(body))
    remote.says("/papers", _page(_paper(1), _paper(2), following=f"{remote.url}/papers2"))
    remote.says("/papers2", _page(_paper(3, type="https://schema.oparl.org/1.0/Paper")))
    remote.says("/meetings", _page(_meeting()))
    return CouncilSystem.objects.create(url=f"{remote.url}/", title="Ratsinfo")


def _import(system: CouncilSystem, days: int = 0) -> tuple[int, int]:
    at = NOW + dt.timedelta(days=days)
    return import_papers(ACTOR, system=system, now=at, allowed_hosts=("127.0.0.1",), contact="tests")


def test_all_pages_are_taken_and_listed_with_where_they_were_dealt_with(system: CouncilSystem, sign_in: SignIn) -> None:
    count = AuditEntry.objects.count()
    assert _import(system) == (3, 1)
    (entry,) = entries_since(count)
    assert entry.after == {"papers": 3, "items": 1}
    page = text(sign_in("office"), "/intern/ratspapiere/")
    assert 'href="https://ratsinfo.example/vorgang/1"' in page
    assert "Gemeinderat, TOP Ö 3: beschlossen" in page
    assert "geheim" not in page and "person" not in text(sign_in("office"), "/intern/ratspapiere.csv")
    rows = text(sign_in("auditor"), "/intern/ratspapiere.csv?q=2026/1").splitlines()
    assert len(rows) == 2 and "2026-02-10 Gemeinderat Ö 3 beschlossen" in rows[1]
    found = queries.paper("https://ratsinfo.example/vorgang/2")
    assert found is not None and found.reference == "2026/2"


def test_the_next_run_asks_for_what_changed_and_a_withdrawn_paper_keeps_its_address_alone(
    system: CouncilSystem, remote: Remote
) -> None:
    _import(system)
    gone = {"id": _paper(2)["id"], "type": f"{SCHEMA}Paper", "deleted": True, "modified": "2026-03-01T13:00:00+01:00"}
    remote.says("/papers", _page(gone, _paper(1, name="Anders")))
    remote.says("/meetings", _page(_meeting(deleted=True, agendaItem=[])))
    count = len(remote.asked)
    assert _import(system, days=1) == (2, 1)
    asked = [one for one in remote.asked[count:] if "modified_since" in one]
    assert asked == [f"/{name}?modified_since=2026-02-11T06%3A00%3A00%2B00%3A00" for name in ("papers", "meetings")]
    assert [one.name for one in queries.papers()] == ["Vorlage Nummer 3", "Anders"]
    withdrawn = queries.paper(str(gone["id"]))
    assert withdrawn is not None and (withdrawn.deleted, withdrawn.name, withdrawn.web) == (True, "", "")
    assert queries.dealt_with(list(queries.papers())) == {one.pk: [] for one in queries.papers()}
    remote.says("/papers", _page())
    assert _import(system, days=2) == (0, 0), "nothing changed, and the meeting that is gone stays gone"


FAULTS: tuple[tuple[str, Reply, str], ...] = (
    ("/papers2", Reply(b"<html>", 200), "council.no_oparl"),
    ("/papers2", Reply(b'{"type": "https://schema.oparl.org/1.1/Error", "message": "kaputt"}'), "council.no_oparl"),
    ("/papers2", Reply(b'{"data": {}}'), "council.no_oparl"),
    ("/papers2", Reply(b"", 503), "source.unreachable"),
    ("/papers2", Reply(b"", 404), "source.refused"),
    ("/papers2", Reply(b'{"data": [], "links": {"next": "http://other.example/x"}}'), "source.elsewhere"),
    ("/", Reply(b"[]"), "council.no_oparl"),
)


def test_half_a_list_is_none_and_the_reason_is_shown(system: CouncilSystem, remote: Remote, sign_in: SignIn) -> None:
    client = sign_in("office")
    for path, reply, code in FAULTS:
        before = remote.replies[path]
        remote.replies[path] = [reply]
        with pytest.raises(AllmendeError) as caught:
            _import(system)
        remote.replies[path] = before
        assert caught.value.code.code == code
        assert not queries.papers().exists()
        assert caught.value.what.de[:30] in text(client, "/intern/ratspapiere/").replace("&quot;", '"')


def test_a_system_is_asked_when_it_is_due_and_not_while_it_is_off(system: CouncilSystem) -> None:
    def asked(hours: float) -> int:
        at = NOW + dt.timedelta(hours=hours)
        return import_due(ACTOR, now=at, allowed_hosts=("127.0.0.1",), contact="tests")

    assert (asked(0), asked(1), asked(24)) == (1, 0, 1)
    CouncilSystem.objects.update(active=False)
    assert asked(72) == 0
