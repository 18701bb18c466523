"""Floods of objections from one address: a clear answer, nothing lost, others still heard, no address kept.

``ALLMENDE_FLOOD=10000`` sends ten thousand, which takes minutes.
"""

import asyncio
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from allmende.register.objections.rules import MOST_AN_HOUR
from tests.program import founded_copy
from tests.serve.test_tree import Tree

pytestmark = pytest.mark.xdist_group("tree")

FORM = "/datenethik/einwand/"
FLOOD, AT_ONCE = int(os.environ.get("ALLMENDE_FLOOD", "600")), 16
# Addresses of this machine that occur nowhere unless somebody wrote down who was connected.
CROWD, NEIGHBOUR = "127.45.67.89", "127.45.67.90"


def case(words: str) -> dict[str, str]:
    """Give what a resident sends."""
    return {"kind": "objection", "about": "stadtklima-messnetz", "words": words, "reply_to": "", "website": ""}


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tree]:
    """Run the whole program; all that it writes goes to a file."""
    folder = tmp_path_factory.mktemp("flood")
    with (folder / "output").open("wb") as output:
        running = Tree(founded_copy(folder), output)
        try:
            running.wait_for(FORM)
            yield running
        finally:
            running.process.terminate()
            running.process.wait(30)


async def flood(address: str) -> tuple[Counter[int], list[str], str]:
    """Send so many cases over several connections; give the states, the pages of the cases, one refusal."""
    states, pages, refusal = Counter[int](), list[str](), ""
    numbers = iter(range(FLOOD))

    async def send() -> None:
        nonlocal refusal
        transport = httpx.AsyncHTTPTransport(local_address=CROWD)
        async with httpx.AsyncClient(base_url=address, transport=transport, timeout=60) as client:
            for number in numbers:
                answer = await client.post(FORM, data=case(f"Einwand Nummer {number}."))
                states[answer.status_code] += 1
                if answer.status_code == 302:
                    pages.append(answer.headers["Location"])
                else:
                    refusal = answer.text

    await asyncio.gather(*(send() for _ in range(AT_ONCE)))
    return states, pages, refusal


def traces(folder: Path, address: str) -> list[str]:
    """Name the files below a folder in which an address stands as text."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [str(path.relative_to(folder)) for path in files if address.encode() in path.read_bytes()]


def test_a_flood_from_one_address_silences_nobody_and_leaves_no_address(tree: Tree) -> None:
    states, pages, refusal = asyncio.run(flood(tree.address))
    assert states == {302: MOST_AN_HOUR, 429: FLOOD - MOST_AN_HOUR}
    assert "Senden Sie ihn in einer Stunde noch einmal" in refusal
    with httpx.Client(base_url=tree.address, transport=httpx.HTTPTransport(local_address=NEIGHBOUR)) as neighbour:
        answer = neighbour.post(FORM, data=case("Auch ich habe etwas einzuwenden."))
        assert answer.status_code == 302, answer.text
        for page in (*pages, answer.headers["Location"]):
            assert neighbour.get(page).status_code == 200
        assert neighbour.post(FORM, data={"kind": "lob"}).status_code == 400
        assert neighbour.get("/datenethik/gibt-es-nicht/").status_code == 404
        assert neighbour.get("/sensorthings/v1.1/Datastreams(999999)").status_code == 404
        door = "/intern/konto/login/"
        neighbour.get(door)
        form = {"login": "x@example.org", "password": "x", "csrfmiddlewaretoken": neighbour.cookies["csrftoken"]}
        assert neighbour.post(door, data=form, headers={"Referer": tree.address + door}).status_code == 200
    tree.process.terminate()
    tree.process.wait(30)
    folder = tree.home.parent
    assert traces(folder, "stadtklima-messnetz"), "the search finds what is there"
    assert traces(folder, CROWD) + traces(folder, NEIGHBOUR) == []
