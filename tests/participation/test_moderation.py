"""Moderation: decided with a reason, told to the author, contested before somebody else, published without words."""

import re
from typing import Any

from django.test import Client

from allmende.accounts.models import AuditEntry
from allmende.kernel.clock import utc_now
from allmende.participation.models import Case, Contribution
from allmende.participation.services import notices
from tests.participation.conftest import Make, handed_in, staff

QUEUE = "/intern/beteiligung/moderation/"


def hide(desk: Client, case: Case, reason: str = "insult") -> None:
    desk.post(QUEUE, {"case": str(case.pk), "deed": "hide", "reason": reason})


def test_what_waits_is_shown_or_hidden_and_the_next_case_comes(make: Make) -> None:
    process = make()
    first, _ = handed_in(Client(), process, proven=False)
    second, _ = handed_in(Client(), process, proven=False, title="Etwas anderes hier")
    desk, _ = staff("moderator")
    assert first.title in desk.get(QUEUE).content.decode()
    desk.post(QUEUE, {"case": str(first.cases.get().pk), "deed": "keep"})
    page = desk.get(QUEUE).content.decode()
    assert (first.title in page, second.title in page) == (False, True)
    desk.post(QUEUE, {"case": str(second.cases.get().pk), "deed": "hide"})
    second.refresh_from_db()
    assert second.visibility == "held"
    hide(desk, second.cases.get())
    states = sorted(Contribution.objects.values_list("visibility", flat=True))
    assert states == ["hidden", "shown"]
    assert "Nichts wartet" in desk.get(QUEUE).content.decode()
    assert AuditEntry.objects.filter(verb="participation.moderated").count() == 2


def test_a_case_that_never_was_is_told_so(make: Make) -> None:
    make("ideas")
    desk, _ = staff("moderator")
    for case in ("7", "99999999999999999999", "²", ""):
        answer = desk.post(QUEUE, {"case": case, "deed": "keep"}, follow=True)
        assert answer.status_code == 200, case


def test_the_author_hears_the_reason_and_another_person_decides_about_the_appeal(
    make: Make, mailoutbox: list[Any]
) -> None:
    process, client = make(), Client()
    one, key = handed_in(client, process, proven=False, email="kim@example.org")
    notices.confirm(notices.token_of(one.followers.get()), utc_now())
    first, _ = staff("moderator", "first")
    second, _ = staff("office", "second")
    hide(first, one.cases.get())
    notices.send_mails(utc_now())
    assert any("beleidigt oder droht" in mail.body for mail in mailoutbox)
    own = f"/mitmachen/beitraege/{one.number}/mein/{key}/"
    assert "beleidigt oder droht" in client.get(own).content.decode()
    assert one.title not in client.get(f"/mitmachen/beitraege/{one.number}/").content.decode()
    client.post(own, {"words": "Das ist keine Beleidigung."})
    appeal = one.cases.get(cause="appeal")
    first.post(QUEUE, {"case": str(appeal.pk), "deed": "keep"})
    one.refresh_from_db()
    assert one.visibility == "hidden"
    second.post(QUEUE, {"case": str(appeal.pk), "deed": "keep"})
    one.refresh_from_db()
    assert one.visibility == "shown"
    assert client.post(own, {"words": "Noch einmal"}).status_code == 409


def test_who_commented_hears_the_reason_and_can_contest_it_once(make: Make, mailoutbox: list[Any]) -> None:
    one, _ = handed_in(Client(), make())
    values = {"stance": "contra", "body": "Das ist Unsinn", "website": "", "email": "kim@example.org"}
    answer = Client().post(f"/mitmachen/beitraege/{one.number}/kommentar/", values)
    back = Client().get(answer["Location"].partition("#")[0])
    own = re.findall(r"/mitmachen/kommentare/\d+/mein/\w+/", back.content.decode())[0]
    assert (back["Cache-Control"], answer["Referrer-Policy"]) == ("no-store", "no-referrer")
    said = one.comments.get()
    notices.confirm(notices.token_of(one.followers.get()), utc_now())
    first, _ = staff("moderator", "first")
    second, _ = staff("office", "second")
    hide(first, said.cases.get())
    notices.send_mails(utc_now())
    assert f"Ihr Kommentar zu {one.number} wurde verborgen" in [mail.subject for mail in mailoutbox]
    assert "beleidigt oder droht" in Client().get(own).content.decode()
    assert Client().get(own[:-5] + "aaaa/").status_code == 404
    Client().post(own, {"words": "Es ist eine Meinung."})
    first.post(QUEUE, {"case": str(said.cases.get(cause="appeal").pk), "deed": "keep"})
    said.refresh_from_db()
    assert said.visibility == "hidden"
    assert "Es ist eine Meinung." in second.get(QUEUE).content.decode()
    second.post(QUEUE, {"case": str(said.cases.get(cause="appeal").pk), "deed": "keep"})
    assert "Das ist Unsinn" in Client().get(f"/mitmachen/beitraege/{one.number}/").content.decode()
    assert Client().post(own, {"words": "Noch einmal"}).status_code == 409
    log = Client().get("/mitmachen/moderation.csv").getvalue().decode()
    assert ("comment,appeal,shown" in log, "Unsinn" in log) == (True, False)


def test_a_report_opens_one_case_and_hides_nothing(make: Make) -> None:
    one, _ = handed_in(Client(), make())
    for _ in range(3):
        Client().post(f"/mitmachen/beitraege/{one.number}/melden/", {"words": "Das stört mich", "kommentar": ""})
    one.refresh_from_db()
    assert (Case.objects.filter(cause="reported").count(), one.visibility) == (1, "shown")


def test_log_and_figures_are_public_without_words_and_names(make: Make) -> None:
    one, _ = handed_in(Client(), make(), proven=False, title="Geheimer Wortlaut", author="Kim")
    desk, person = staff("moderator")
    hide(desk, one.cases.get(), "advertising")
    for path in ("/mitmachen/moderation/", "/mitmachen/moderation.csv"):
        answer = Client().get(path)
        page = answer.getvalue().decode() if answer.streaming else answer.content.decode()
        assert ("Geheimer" in page, "Kim" in page, person.email in page) == (False, False, False)
    assert "advertising" in Client().get("/mitmachen/moderation.csv").getvalue().decode()


def test_who_only_reads_decides_nothing(make: Make) -> None:
    one, _ = handed_in(Client(), make(), proven=False)
    desk, _ = staff("auditor")
    assert desk.get(QUEUE).status_code == 200
    assert desk.post(QUEUE, {"case": str(one.cases.get().pk), "deed": "keep"}).status_code in (302, 403)
    one.refresh_from_db()
    assert one.visibility == "held"


def test_ten_thousand_spam_ideas_hide_nothing_and_go_by_one_decision(
    make: Make, django_assert_max_num_queries: Any
) -> None:
    process, now = make(), utc_now()
    good, _ = handed_in(Client(), process, title="Eine gute Idee")
    rows = [
        Contribution(
            process=process,
            number=f"s{n}",
            kind="idea",
            title=f"Spam {n}",
            received=now,
            due=now,
            text_digest=str(n),
            visibility="held",
        )
        for n in range(10_000)
    ]
    made = Contribution.objects.bulk_create(rows, batch_size=2_000)
    Case.objects.bulk_create(
        [Case(process=process, contribution=one, cause="no-proof", opened=now) for one in made], batch_size=2_000
    )
    page = Client().get(f"/mitmachen/{process.slug}/beitraege/").content.decode()
    assert (good.number in page, "Spam" in page, "Ein Beitrag." in page) == (True, False, True)
    desk, _ = staff("moderator")
    with django_assert_max_num_queries(30):
        queue = desk.get(QUEUE)
    ((_, cause, _, count, last),) = queue.context["floods"]
    assert (cause, count) == ("no-proof", 10_000)
    late, _ = handed_in(Client(), process, proven=False, title="Kam nach dem Blick", email="kim@example.org")
    notices.confirm(notices.token_of(late.followers.get()), now)
    asked = {"deed": "flood", "process": process.slug, "cause": cause, "upto": str(last)}
    desk.post(QUEUE, asked)
    assert Contribution.objects.filter(visibility="hidden").count() == 0
    desk.post(QUEUE, {**asked, "reason": "advertising"})
    late.refresh_from_db()
    assert (Contribution.objects.filter(visibility="hidden").count(), late.visibility) == (10_000, "held")
    log = Client().get("/mitmachen/moderation.csv").getvalue().decode()
    assert log.count("no-proof,hidden,advertising") == 10_000
    reader, _ = staff("auditor")
    reader.post(QUEUE, {**asked, "upto": str(last + 9), "reason": "advertising"})
    late.refresh_from_db()
    assert late.visibility == "held"
