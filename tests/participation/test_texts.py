"""Working on a text: suggestions with answers, versions that overwrite nobody, seals in the public log."""

import hashlib
from typing import Any

import msgspec
import pytest
from django.test import Client

from allmende.gate.door import Gate
from allmende.gate.ledger import Ledger
from allmende.kernel.clock import utc_now
from allmende.kernel.errors import Conflict
from allmende.kernel.text import Text
from allmende.ledger.entry import TextSealed, read_entry
from allmende.ledger.note import LOG, Signer
from allmende.participation.models import Contribution, ParagraphVersion, Process
from allmende.participation.services import texts
from tests.participation.conftest import ACTOR, Make, end_phase, handed_in, solved, staff, with_text

FIRST, SECOND = "Die Stadt misst nur Wetter. Sie fragt vorher.", "Was gemessen wird, ist offen."


@pytest.fixture
def process(make: Make, gate: Gate) -> Process:
    found = make("text-work", code="Kodex")
    with_text(found, FIRST, SECOND)
    return found


def suggest(client: Client, process: Process, **values: str) -> Any:
    body = {"proposed": FIRST.replace("nur", "ausschließlich"), "title": "Klarer sagen", "base_version": "1", **values}
    return client.post(f"/mitmachen/{process.slug}/text/1/vorschlag/", {**body, "nachweis": solved(client)})


def test_a_suggestion_shows_its_words_aloud_and_stands_in_the_synopsis_with_its_answer(process: Process) -> None:
    client = Client()
    assert suggest(client, process).status_code == 302
    one = Contribution.objects.get()
    page = client.get(f"/mitmachen/{process.slug}/text/1/").content.decode()
    assert '<del><span class="visually-hidden">[gestrichen: </span>nur' in page
    assert '<ins><span class="visually-hidden">[eingefügt: </span>ausschließlich' in page
    desk, _ = staff("office")
    answer = {"deed": "step", "state": "answered", "outcome": "accepted", "note_de": "Ja.", "note_en": "Yes."}
    desk.post(f"/intern/beteiligung/beitrag/{one.number}/", {**answer, "office_de": "Amt", "office_en": "Office"})
    synopsis = client.get(f"/en/mitmachen/{process.slug}/synopse/").content.decode()
    assert "Yes." in synopsis
    assert f"1,{one.number},Klarer sagen" in client.get(f"/mitmachen/{process.slug}/synopse.csv").content.decode()


def test_taking_over_makes_a_version_that_names_its_suggestion(process: Process) -> None:
    suggest(Client(), process)
    one = Contribution.objects.get()
    desk, _ = staff("office")
    path = f"/intern/beteiligung/{process.slug}/text/1/"
    assert one.proposed in desk.get(f"{path}?vorschlag={one.number}").content.decode()
    words = {"deed": "reword", "base": "1", "text_de": one.proposed, "text_en": "", "suggestion": one.number}
    sent = desk.post(path, {**words, "reason_de": "Vorschlag", "reason_en": "Suggestion"})
    assert sent["Location"].endswith(f"/beitrag/{one.number}/")
    newest = ParagraphVersion.objects.get(paragraph__number=1, version=2)
    assert (newest.suggestion, newest.text_de) == (one, one.proposed)


def test_a_second_suggestion_keeps_what_the_first_changed(process: Process) -> None:
    client, path = Client(), f"/intern/beteiligung/{process.slug}/text/1/"
    suggest(client, process)
    suggest(client, process, proposed=FIRST.replace("vorher", "alle vorher"), title="Alle fragen")
    suggest(client, process, proposed=FIRST.replace("nur", "bloß"), title="Anders sagen")
    first, second, clashing = Contribution.objects.order_by("id")
    words = {"deed": "reword", "base": "1", "text_de": first.proposed, "text_en": "", "suggestion": first.number}
    desk, _ = staff("office")
    desk.post(path, {**words, "reason_de": "a", "reason_en": "a"})
    page = desk.get(f"{path}?vorschlag={second.number}").content.decode()
    assert "Die Stadt misst ausschließlich Wetter. Sie fragt alle vorher.</textarea>" in page
    assert "steht schon in dieser Fassung" in desk.get(f"{path}?vorschlag={first.number}").content.decode()
    page = desk.get(f"{path}?vorschlag={clashing.number}").content.decode()
    assert ("Dieselbe Stelle" in page, "[gestrichen: </span>ausschließlich" in page) == (True, True)


def test_two_who_edit_at_once_both_see_it_and_nothing_is_lost(process: Process) -> None:
    desk, _ = staff("office")
    path = f"/intern/beteiligung/{process.slug}/text/1/"
    words = {"deed": "reword", "base": "1", "reason_de": "a", "reason_en": "a", "text_en": "", "suggestion": ""}
    assert desk.post(path, {**words, "text_de": "Die erste Änderung."}).status_code == 302
    second = desk.post(path, {**words, "text_de": "Die zweite Änderung."})
    page = second.content.decode()
    assert (second.status_code, "Die zweite Änderung." in page, "Die erste Änderung." in page) == (200, True, True)
    assert ParagraphVersion.objects.filter(paragraph__number=1).count() == 2
    assert desk.post(path, {**words, "base": "2", "text_de": "Beide Änderungen."}).status_code == 302


def test_a_resident_whose_paragraph_moved_keeps_their_words(process: Process) -> None:
    paragraph = process.paragraphs.get(number=1)
    wording = texts.Wording(text_de="Ganz neu gefasst, in einem Satz.", reason=Text("neu", "new"))
    texts.reword(ACTOR, paragraph, base=1, wording=wording, now=utc_now())
    with pytest.raises(Conflict):
        texts.reword(ACTOR, paragraph, base=1, wording=wording, now=utc_now())
    client = Client()
    answer = suggest(client, process)
    page = answer.content.decode()
    assert (answer.status_code, "ausschließlich Wetter" in page, "Fassung 2" in page) == (409, True, True)
    assert suggest(client, process, base_version="2").status_code == 302


def test_a_phase_that_ends_gives_the_suggestion_back(process: Process) -> None:
    end_phase(process)
    answer = suggest(Client(), process)
    assert (answer.status_code, "ausschließlich Wetter" in answer.content.decode()) == (409, True)
    assert Contribution.objects.count() == 0


def test_a_suggestion_that_changes_nothing_is_none(process: Process) -> None:
    assert suggest(Client(), process, proposed=f"  {FIRST}\n").status_code == 400


def test_comments_on_a_paragraph_stand_beside_it(process: Process) -> None:
    client = Client()
    body = {"stance": "question", "body": "Wen fragt sie?", "author": "", "nachweis": solved(client)}
    assert client.post(f"/mitmachen/{process.slug}/text/1/kommentar/", body).status_code == 302
    assert "Wen fragt sie?" in client.get(f"/mitmachen/{process.slug}/text/1/").content.decode()
    assert "Wen fragt sie?" not in client.get(f"/mitmachen/{process.slug}/text/2/").content.decode()


def test_a_sealed_text_is_served_as_bytes_whose_hash_stands_in_the_public_log(process: Process, gate: Gate) -> None:
    texts.seal(ACTOR, process, gate=gate, occasion=Text("Beschluss", "Decision"), now=utc_now())
    body = Client().get(f"/mitmachen/{process.slug}/text/siegel/1.json").content
    ledger = Ledger(gate)
    ledger.sequence(Signer.made("city.example", LOG))
    entries = [read_entry(raw, place) for place, raw in enumerate(ledger.entries(0, 50))]
    told = [entry for entry in entries if isinstance(entry, TextSealed)]
    assert [(one.text, one.sha256) for one in told] == [(f"{process.slug}/1", hashlib.sha256(body).hexdigest())]
    assert msgspec.json.decode(body)["paragraphs"][0]["text"]["de"] == FIRST
    before = body
    wording = texts.Wording(text_de="Später anders.", reason=Text("neu", "new"))
    texts.reword(ACTOR, process.paragraphs.get(number=1), base=1, wording=wording, now=utc_now())
    assert Client().get(f"/mitmachen/{process.slug}/text/siegel/1.json").content == before
    page = Client().get(f"/mitmachen/{process.slug}/text/siegel/1/").content.decode()
    assert (FIRST in page, "Ein Absatz hat sich seitdem geändert" in page, "Später anders" in page) == (True,) * 3
    assert (
        f'href="/mitmachen/{process.slug}/text/siegel/1/"'
        in Client().get(f"/mitmachen/{process.slug}/text/").content.decode()
    )


def test_a_paragraph_grows_from_a_need_and_names_it(make: Make) -> None:
    process = make("charter")
    need, _ = handed_in(Client(), process, body="Alle 200 Meter eine Bank.", group="handel", tag="idea")
    desk, _ = staff("office")
    path = f"/intern/beteiligung/{process.slug}/text/"
    assert f"{path}?aus={need.number}" in desk.get(f"/intern/beteiligung/beitrag/{need.number}/").content.decode()
    form = desk.get(path, {"aus": need.number}).context["add"]
    first = {name: form[name].value() or "-" for name in form.fields}
    assert (first["text_de"], first["numbers"]) == ("Alle 200 Meter eine Bank.", need.number)
    assert desk.post(path, {**first, "deed": "add"}).status_code == 302
    page = Client().get(f"/mitmachen/{process.slug}/text/1/").content.decode()
    assert ("Entstanden aus:" in page, need.title in page) == (True, True)


def test_a_rule_that_cites_a_sentence_stands_beside_it(make: Make, gate: Gate) -> None:
    from allmende.packs.read import read_parts
    from allmende.register.content import EthicsContent
    from allmende.register.models import Rule
    from allmende.register.services import load_ethics, publish_rulebook

    process = make("text-work", code="Kodex")
    with_text(process, FIRST)
    load_ethics(ACTOR, content=read_parts("konstanz", ("ethics.yaml",), EthicsContent))
    Rule.objects.filter(slug="keine-ueberwachung").update(source="Ratsbeschluss; Kodex, § 1 Satz 2")
    publish_rulebook(ACTOR, decision="test", gate=gate)
    page = Client().get(f"/mitmachen/{process.slug}/text/").content.decode()
    assert 'Satz 2: <a href="/datenethik/regeln/keine-ueberwachung/"' in page
    cited = Client().get("/datenethik/regeln/keine-ueberwachung/").content.decode()
    assert "<blockquote>Sie fragt vorher.</blockquote>" in cited
    assert f'href="/mitmachen/{process.slug}/text/1/"' in cited
