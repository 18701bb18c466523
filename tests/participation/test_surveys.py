"""A survey with questions: a sheet for each person, asked by conditions, counted once, nothing of few people."""

import csv
import datetime as dt
import io
import re
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from allmende.accounts.models import AuditEntry
from allmende.gate.door import Gate
from allmende.kernel.clock import utc_now
from allmende.kernel.errors import Conflict
from allmende.participation.models import AnswerSheet, FreeWords, Process, Question, SurveyCount
from allmende.participation.services import processes, surveys, votes
from allmende.participation.services.snapshot import write_snapshot
from tests.participation.conftest import ACTOR, Make, end_phase, pass_for, sheets, staff

PAGE, DESK = "/mitmachen/questionnaire/umfrage/", "/intern/beteiligung/questionnaire/umfrage/"
PAPER, WORDS = f"{DESK}papier/", f"{DESK}worte/"
BUS, CAR, OTHER = "2", "3", "4"
# What the office types for each question.
QUESTIONS: list[dict[str, str]] = [
    {
        **{"kind": "single", "title_de": "Wie kommen Sie?", "title_en": "How do you come?", "required": "on"},
        **{
            "options": "Zu Fuß | On foot\nMit dem Bus | By bus\nMit dem Auto | By car\nAnders | Otherwise",
            "open": "on",
        },
    },
    {
        **{"kind": "scale", "title_de": "Wie gut ist der Bus?", "title_en": "How good is the bus?", "most": "5"},
        **{"low_de": "schlecht", "low_en": "bad", "high_de": "gut", "high_en": "good", "required": "on"},
        **{"after": "1", "after_options": "2"},
    },
    {
        **{"kind": "number", "title_de": "Wie lange?", "title_en": "How long?", "least": "0", "most": "60"},
        **{"unit_de": "Minuten", "unit_en": "minutes"},
    },
    {
        "kind": "multiple",
        "title_de": "Was fehlt?",
        "title_en": "What lacks?",
        "options": "Baum | Tree\nBank | Bench\nKiosk | Kiosk",
        "most": "2",
    },
    {
        **{"kind": "text", "title_de": "Was noch?", "title_en": "What else?", "most": "40"},
        **{"after": "2", "after_most": "2"},
    },
]


def asked(process: Process, *questions: dict[str, str]) -> Process:
    """Put the questions while it is a draft, by the office's form."""
    Process.objects.filter(pk=process.pk).update(state="draft")
    desk, _ = staff("office", f"fragen-{process.slug}")
    for one in questions or QUESTIONS:
        answer = desk.post(f"/intern/beteiligung/{process.slug}/umfrage/", {"deed": "add", **one})
        assert answer.status_code == 302, answer.content.decode()
    Process.objects.filter(pk=process.pk).update(state="open")
    process.refresh_from_db()
    return process


@pytest.fixture
def process(make: Make) -> Process:
    return asked(make("questionnaire"))


def send(card: str, **fields: Any) -> Any:
    body = {name.replace("_", "-"): value for name, value in fields.items()}
    return Client(enforce_csrf_checks=True).post(PAGE, {"karte": card, **body})


def filled(process: Process, *rows: tuple[int, dict[str, Any], str]) -> None:
    for kind, (people, answers, channel) in enumerate(rows):
        for person in range(people):
            AnswerSheet.objects.create(process=process, pseudonym=f"{kind}-{person}", answers=answers, channel=channel)


def result_begins(process: Process) -> None:
    end_phase(process)
    last_begins(process)


def last_begins(process: Process) -> None:
    last = process.phases.get(slug="result")
    last.since = utc_now() - dt.timedelta(seconds=1)
    last.save()


def test_a_sheet_keeps_what_is_asked_and_loses_nothing_that_is_refused(process: Process, gate: Gate) -> None:
    client = Client()
    card = pass_for(client, process, weiter="umfrage")
    page = client.get(f"{PAGE}?karte={card}").content.decode()
    assert "Nur nach „Mit dem Bus“ bei Frage 1." in page
    assert 'data-when="{&quot;question&quot;:1,&quot;options&quot;:[2]' in page
    refused = send(card, f_1=BUS, f_3="zehn", f_4=["1", "2", "3"], f_5="Mehr <b>Bänke</b>")
    said = refused.content.decode()
    assert refused.status_code == 422
    assert "3 Antworten fehlen oder passen nicht" in said
    for number, fault in ((2, "Hier fehlt Ihre Antwort."), (3, "„zehn“ ist keine Zahl"), (4, "Wählen Sie höchstens 2")):
        assert re.search(rf'href="#f-{number}">.*?</a>: {fault}', said), number
        assert f'id="f-{number}"' in said
    assert 'value="zehn"' in said
    assert "Mehr &lt;b&gt;Bänke&lt;/b&gt;</textarea>" in said
    assert len(re.findall(r'name="f-4" id="f-4-\d" value="\d" checked', said)) == 3
    assert AnswerSheet.objects.count() == 0
    assert send(card, f_1=BUS, f_2="1", f_3="10", f_5="Mehr Bänke").status_code == 302
    assert AnswerSheet.objects.get().answers == {"1": [2], "2": 1, "3": 10, "5": 1}
    mine = client.get(f"{PAGE}?karte={card}").content.decode()
    assert ("Ihre Antworten" in mine, "Mehr Bänke" in mine, "10 Minuten" in mine) == (True, True, True)
    assert 'name="f-1" id="f-1-2" value="2" checked' in client.get(f"{PAGE}?karte={card}&aendern=1").content.decode()
    # Another way in: what hung on the bus goes, with its words.
    changed = {"f_1": OTHER, "f_1_text": "Mit dem Boot", "f_2": "5", "f_5": "bleibt nicht"}
    assert send(card, **changed).status_code == 302
    assert AnswerSheet.objects.get().answers == {"1": [4]}
    assert list(FreeWords.objects.values_list("question__number", "words")) == [(1, "Mit dem Boot")]
    assert send(card, f_3="1").status_code == 422
    assert send("erfunden", f_1="1").status_code == 403
    gate.publish_sheets(sheets(votes="Ein Einwand wird geprüft."), "test")
    assert send(card, f_1="1").status_code == 403
    assert "Ein Einwand wird geprüft." in client.get(PAGE).content.decode()
    assert AnswerSheet.objects.get().answers == {"1": [4]}


def test_free_words_lie_apart_from_the_sheet_and_from_each_other(process: Process) -> None:
    card = pass_for(Client(), process, weiter="umfrage")
    send(card, f_1=BUS, f_2="2", f_5="Worte")
    one, words = AnswerSheet.objects.get(), FreeWords.objects.get()
    assert "Worte" not in str(one.answers)
    assert one.pseudonym not in words.owner
    assert {field.name for field in FreeWords._meta.get_fields()} == {"owner", "question", "words"}
    assert not {"at", "time", "created"} & {field.name for field in AnswerSheet._meta.get_fields()}


def test_nothing_answered_is_no_sheet(make: Make) -> None:
    process = asked(make("questionnaire"), {**QUESTIONS[2]})
    answer = send(pass_for(Client(), process, weiter="umfrage"), f_1="")
    assert (answer.status_code, "Es ist noch nichts beantwortet." in answer.content.decode()) == (422, True)


def test_the_database_itself_refuses_a_second_sheet(process: Process) -> None:
    filled(process, (1, {"1": [1]}, "online"))
    with pytest.raises(IntegrityError), transaction.atomic():
        filled(process, (1, {"1": [2]}, "online"))


def test_levels_hold_as_they_do_for_other_votes(make: Make) -> None:
    process = asked(make("questionnaire", level="code"))
    way = Client().get("/mitmachen/questionnaire/teilnehmen/?weiter=umfrage").content.decode()
    assert "Code aus Ihrem Brief" in way
    code, other = votes.make_codes(ACTOR, process, 2)
    first, again = (pass_for(Client(), process, code=code, weiter="umfrage") for _ in range(2))
    assert [send(card, f_1=choice).status_code for card, choice in ((first, "1"), (again, CAR))] == [302, 302]
    assert [row.answers for row in AnswerSheet.objects.all()] == [{"1": [3]}]
    desk, _ = staff("office")
    for word, fields, said in (
        (code, {"f-1": "1"}, "Mit diesem Code wurde schon abgestimmt."),
        ("guessed", {"f-1": "1"}, "Diesen Code gibt es in diesem Verfahren nicht."),
        (other, {"f-3": "999"}, "Die Zahl muss zwischen 0 und 60 liegen."),
    ):
        page = desk.post(PAPER, {"code": word, **fields}).content.decode()
        assert (said in page, f'value="{word}"' in page) == (True, True), said
    taken = desk.post(PAPER, {"code": other, "f-1": BUS, "f-2": "2", "f-5": "vom Papier"})
    assert (AnswerSheet.objects.filter(channel="paper").count(), FreeWords.objects.count()) == (1, 1)
    late = send(pass_for(Client(), process, code=other, weiter="umfrage"), f_1="1")
    assert (late.status_code, "auf Papier abgestimmt" in late.content.decode()) == (409, True)
    (typed,) = re.findall(r"zuletzt=(.+)", taken["Location"])
    desk.post(PAPER, {"deed": "back", "word": typed})
    assert (AnswerSheet.objects.filter(channel="paper").count(), FreeWords.objects.count()) == (0, 0)
    gone = desk.post(PAPER, {"deed": "back", "word": typed}, follow=True).content.decode()
    assert "lässt sich nicht mehr zurücknehmen" in gone


def test_it_is_counted_once_after_the_end_and_nothing_of_few_is_told(process: Process, gate: Gate) -> None:
    client = Client()
    filled(
        process,
        *(
            (12, {"1": [2], "2": 4, "3": 12, "4": [1, 2]}, "online"),
            (11, {"1": [2], "2": 2, "4": [1], "5": 1}, "paper"),
        ),
        *((20, {"1": [1], "3": 5, "4": [2]}, "online"), (3, {"1": [3], "4": [3]}, "online"), (2, {"1": [4]}, "online")),
    )
    FreeWords.objects.create(owner="x", question=Question.objects.get(number=5), words="Nur für das Amt")
    assert surveys.count_ended(utc_now(), gate) == []
    page = client.get(PAGE).content.decode()
    assert ("Gezählt wird nach dem Ende" in page, "Bisher 48 Bögen. Davon online 37, auf Papier 11." in page) == (
        True,
        True,
    )
    assert client.get("/mitmachen/questionnaire/umfrage.csv").status_code == 404
    result_begins(process)
    assert surveys.count_ended(utc_now(), gate) == ["questionnaire"]
    assert surveys.count_ended(utc_now(), gate) == []
    page = client.get("/en/mitmachen/questionnaire/umfrage/").content.decode()
    assert ("48 people answered" in page, "Nur für das Amt" in page) == (True, False)
    rows = list(csv.DictReader(io.StringIO(client.get("/mitmachen/questionnaire/umfrage.csv").content.decode())))
    told = [(row["question"], row["answer_de"], row["people"]) for row in rows]
    # Three by car and two otherwise are told with the smallest other answer.
    assert [row for row in told if row[0] == "1"] == [
        ("1", "Mit dem Bus", "23"),
        ("1", "Zu Fuß / Mit dem Auto / Anders", "25"),
    ]
    assert [row for row in told if row[0] == "2"] == [
        ("2", "1 (schlecht)", "0"),
        ("2", "2", "11"),
        ("2", "3", "0"),
        ("2", "4", "12"),
        ("2", "5 (gut)", "0"),
    ]
    assert {row["asked"] for row in rows if row["question"] == "2"} == {"23"}
    assert all(not row["people"] or int(row["people"]) == 0 or int(row["people"]) >= 10 for row in rows)
    assert client.get("/mitmachen/questionnaire/umfrage.json").json()["sheets"] == 48
    with pytest.raises(Conflict):
        surveys.answer_on_paper(process, "", {}, utc_now())
    gate.publish_sheets(sheets(votes="Ein Einwand wird geprüft."), "test")
    assert client.get("/mitmachen/questionnaire/umfrage.json").status_code == 403
    assert "48 Menschen" not in client.get(PAGE).content.decode()


def test_fewer_than_ten_are_not_counted_at_all(process: Process, gate: Gate) -> None:
    filled(process, (9, {"1": [1]}, "online"))
    result_begins(process)
    assert (surveys.count_ended(utc_now(), gate), SurveyCount.objects.count()) == ([], 0)
    assert "Die Zahl der Bögen zeigen wir ab zehn." in Client().get(PAGE).content.decode()


def test_questions_are_ordered_and_changed_until_answering_begins(make: Make) -> None:
    asked(make("questionnaire"))
    Process.objects.update(state="draft")
    desk, _ = staff("office")

    def done(**fields: str) -> str:
        return desk.post(DESK, fields, follow=True).content.decode()

    assert "frühere Frage" in done(deed="up", number="2")
    assert "Frage 2 hängt von dieser ab." in done(deed="strike", number="1")
    done(deed="down", number="3")
    assert [one.title_de for one in Question.objects.all()][2:4] == ["Was fehlt?", "Wie lange?"]
    # An answer on which another question depends keeps its meaning when it moves, and cannot be lost.
    turned = {**QUESTIONS[0], "options": "Mit dem Bus | By bus\nZu Fuß | On foot"}
    assert desk.post(f"{DESK}1/", turned).status_code == 302
    assert Question.objects.get(number=2).asked.condition.options == (1,)  # type: ignore[union-attr]
    lost = desk.post(f"{DESK}1/", {**QUESTIONS[0], "options": "Zu Fuß | On foot\nRad | Bike"}).content.decode()
    assert ("„Mit dem Bus“ ab, die jetzt fehlt" in lost, "Zu Fuß | On foot\nRad | Bike" in lost.replace("\r", "")) == (
        True,
        True,
    )
    later = desk.post(f"{DESK}2/", {**QUESTIONS[1], "after": "3", "after_options": "1"}).content.decode()
    assert ("frühere Frage" in later, "Wie gut ist der Bus?" in later) == (True, True)
    own = desk.post(f"{DESK}2/", {**QUESTIONS[1], "after": "2", "after_options": "1"}).content.decode()
    assert "frühere Frage" in own
    for fields, said in (
        ({"options": "Nur deutsch"}, "Zeile 1 braucht beide Sprachen"),
        ({"options": "Eine | One"}, "2 bis 30 verschiedene Antworten"),
        ({"help_de": "Nur deutsch"}, "Beide Sprachen, oder keine."),
        ({"kind": "number", "least": "5", "most": "3"}, "braucht einen Bereich"),
        ({"after": "1", "after_options": "eins"}, "„eins“ ist keine Nummer."),
        ({"after": "1", "after_options": "9"}, "Nummern von Antworten, die es bei Frage 1 gibt"),
    ):
        page = desk.post(DESK, {"deed": "add", **QUESTIONS[0], **fields}).content.decode()
        assert said in page, fields
        assert "How do you come?" in page
    done(deed="strike", number="5")
    assert Question.objects.count() == 4
    Process.objects.update(state="open")
    for path, fields in (
        (DESK, {"deed": "add", **QUESTIONS[0]}),
        (f"{DESK}1/", QUESTIONS[0]),
        (DESK, {"deed": "strike", "number": "4"}),
    ):
        assert "Das Antworten hat begonnen" in desk.post(path, fields).content.decode()
    assert Question.objects.count() == 4
    reader, _ = staff("steward")
    assert reader.post(DESK, {"deed": "strike", "number": "4"})["Location"] == "/intern/"


def test_a_draft_shows_its_questions_to_who_knows_its_address(process: Process) -> None:
    Process.objects.update(state="draft")
    assert Client().get(PAGE).status_code == 404
    page = Client().get(f"{PAGE}?vorschau={process.preview}").content.decode()
    assert ("Wie gut ist der Bus?" in page, "Antworten abschicken" in page) == (True, False)


def test_a_copy_has_the_questions_and_no_answers(process: Process) -> None:
    send(pass_for(Client(), process, weiter="umfrage"), f_1=BUS, f_2="1", f_5="Worte")
    Question.objects.filter(number=5).update(said_de="Zusammengefasst", said_en="Summed up", quotes="Ein Satz")
    copy = processes.clone(ACTOR, process, slug="kopie", title=process.title, first_day=utc_now())
    assert [one.asked for one in copy.questions.all()] == [one.asked for one in process.questions.all()]
    assert (copy.sheets.count(), copy.questions.get(number=5).quotes) == (0, "")


def test_the_staff_gets_sheets_and_words_apart_and_only_after_the_end(process: Process, gate: Gate) -> None:
    desk, _ = staff("office")
    for choice, grade, words in ((BUS, "1", "Zuerst"), (BUS, "2", "=Danach"), ("1", "", "")):
        send(pass_for(Client(), process, weiter="umfrage"), f_1=choice, f_2=grade, f_3="7", f_4=["1", "3"], f_5=words)
    for path in ("boegen.csv", "worte.csv"):
        early = desk.post(f"{DESK}{path}", follow=True).content.decode()
        assert "wenn niemand mehr antwortet" in early
        assert desk.get(f"{DESK}{path}").status_code == 404
    assert "wenn niemand mehr antwortet" in desk.get(WORDS, follow=True).content.decode()
    end_phase(process)
    text = b"".join(desk.post(f"{DESK}boegen.csv").streaming_content).decode()  # type: ignore[attr-defined]
    rows = sorted(list(row.values()) for row in csv.DictReader(io.StringIO(text)))
    assert rows == [
        ["online", "1", "", "7", "1 3", ""],
        ["online", "2", "1", "7", "1 3", "1"],
        ["online", "2", "2", "7", "1 3", "1"],
    ]
    words = b"".join(desk.post(f"{DESK}worte.csv").streaming_content).decode()  # type: ignore[attr-defined]
    assert sorted(words.splitlines()[1:]) == ["5,'=Danach", "5,Zuerst"]
    assert not {row.pseudonym for row in AnswerSheet.objects.all()} & set(re.findall(r"\w{64}", text + words))
    assert AuditEntry.objects.filter(verb="participation.sheets_handed_out").count() == 1
    assert "Zuerst" in desk.get(WORDS).content.decode()
    told = {
        "deed": "5",
        "w5-said_de": "Es geht um Bänke.",
        "w5-said_en": "It is about benches.",
        "w5-quotes": "Zuerst <b>",
    }
    assert "Beide Sprachen, oder keine." in desk.post(WORDS, {**told, "w5-said_en": ""}).content.decode()
    assert desk.post(WORDS, told).status_code == 302
    filled(process, (15, {"1": [1]}, "online"))
    last_begins(process)
    surveys.count_ended(utc_now(), gate)
    page = Client().get(PAGE).content.decode()
    assert ("Es geht um Bänke." in page, "Zuerst &lt;b&gt;" in page, "Danach" in page) == (True, True, False)
    reader, _ = staff("steward")
    assert "Zuerst" not in reader.get(WORDS).content.decode().partition("textarea")[0]
    gate.publish_sheets(sheets(votes="Ein Einwand wird geprüft."), "test")
    assert desk.post(f"{DESK}boegen.csv")["Location"] == "/intern/beteiligung/"


def test_people_see_take_along_and_delete_their_own_sheet(process: Process) -> None:
    client = Client()
    card, other = (pass_for(client, process, weiter="umfrage") for _ in range(2))
    for one in (card, other):
        send(one, f_1=BUS, f_2="1", f_5="Worte")
    assert "beantwortet" in client.get(f"/mitmachen/questionnaire/meine-stimmen/?karte={card}").content.decode()
    kept = client.get(f"/mitmachen/questionnaire/meine-stimmen.json?karte={card}").json()["survey"]
    assert kept == {"answers": {"1": [2], "2": 1, "5": 1}, "words": {"5": "Worte"}}
    client.post("/mitmachen/questionnaire/meine-stimmen/", {"karte": card})
    assert (AnswerSheet.objects.count(), FreeWords.objects.count()) == (1, 1)
    end_phase(process)
    client.post("/mitmachen/questionnaire/meine-stimmen/", {"karte": other})
    assert (AnswerSheet.objects.count(), FreeWords.objects.count()) == (1, 1)


def test_the_deletion_plan_takes_sheets_and_words_and_leaves_the_result(
    process: Process, gate: Gate, tmp_path: Path
) -> None:
    send(pass_for(Client(), process, weiter="umfrage"), f_1=BUS, f_2="1", f_5="Worte")
    filled(process, (14, {"1": [2], "2": 3}, "online"), (13, {"1": [1], "3": 20}, "paper"))
    result_begins(process)
    surveys.count_ended(utc_now(), gate)
    report = processes.forget(process, utc_now())
    assert (report["sheets"], report["words"], AnswerSheet.objects.count(), FreeWords.objects.count()) == (28, 1, 0, 0)
    page = Client().get(PAGE).content.decode()
    assert "28 Menschen haben geantwortet" in page
    assert "Davon online 15, auf Papier 13." in page
    desk, _ = staff("office")
    assert "Bögen von Umfragen: 28" in desk.get("/intern/beteiligung/questionnaire/").content.decode()
    folder = write_snapshot(tmp_path, utc_now(), gate)
    rows = list(csv.DictReader((folder / "survey-answers.csv").open(encoding="utf-8")))
    assert {row["people"] for row in rows if row["number"] == "1"} == {"0", "13", "15"}
    told = list(csv.DictReader((folder / "survey-questions.csv").open(encoding="utf-8")))
    assert [row["asked"] for row in told][:3] == ["28", "15", "28"]
    ways = list(csv.DictReader((folder / "ballot-channels.csv").open(encoding="utf-8")))
    assert [row["ballots"] for row in ways] == ["28", "15", "0", "13"]


def test_who_was_reached_and_data_protection_speak_of_it(process: Process) -> None:
    filled(process, (12, {"1": [1]}, "online"), (11, {"1": [1]}, "paper"))
    assert "12" in Client().get("/mitmachen/questionnaire/erreicht.csv").content.decode()
    told = Client().get("/mitmachen/questionnaire/datenschutz/").content.decode()
    assert "freie Worte getrennt davon" in told
    front = Client().get("/mitmachen/questionnaire/").content.decode()
    assert ("Fragen beantworten" in front, "<strong>5</strong><span>Fragen</span>" in front) == (True, True)


def test_the_old_survey_still_judges_statements(make: Make) -> None:
    process = make("survey")
    votes.add_statement(ACTOR, process, text_de="Mehr Bäume", text_en="More trees")
    assert Client().get("/mitmachen/survey/umfrage/").status_code == 404
    assert (
        "Mehr Bäume"
        in Client().get(f"/mitmachen/survey/aussagen/?ohne=1&karte={pass_for(Client(), process)}").content.decode()
    )
