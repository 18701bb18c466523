"""What waits for data stewards and the board stands in one list, the most pressing first."""

import datetime as dt

from allmende.gate.door import Gate
from allmende.kernel.clock import today, utc_now
from allmende.register.models import DataUse, Rule
from allmende.register.objections.services import file_objection
from tests.office.conftest import SignIn
from tests.office.test_pages import text


def test_what_waits_is_in_one_list_with_its_day(city: Gate, sign_in: SignIn) -> None:
    DataUse.objects.filter(slug="stadtklima-messnetz").update(until=today() + dt.timedelta(days=40))
    DataUse.objects.filter(slug="messnetze-anderer").update(until=today() + dt.timedelta(days=400))
    filed = utc_now() - dt.timedelta(days=40)
    late, _ = file_objection(
        kind="objection", about="", words="Ich bin dagegen.", reply_to="", language="de", now=filed
    )
    rule = Rule.objects.get(slug="umwelt-erheben")
    rule.pk, rule.version, rule.published_in = None, 2, None
    rule.save()
    lines = text(sign_in("ethics-board"), "/intern/wartet.csv").splitlines()[1:]
    assert lines[0].startswith(f"Einwand gegen eine Datennutzung,{late.number},eingegangen,")
    assert lines[0].endswith(",True")
    assert lines[1].startswith("Datennutzung,Messnetz Stadtklima,aktiv,")
    assert lines[1].endswith(",False")
    assert any(line.startswith("Regel,") and ",Entwurf," in line for line in lines)
    assert not any("Messnetze anderer" in line for line in lines), "it ends later"
    page = text(sign_in("steward"), "/intern/wartet/")
    assert f"/intern/einwaende/{late.number}/" in page
    assert "die Frist ist überschritten" in page


def test_who_reads_no_objections_sees_none_here(city: Gate, sign_in: SignIn) -> None:
    one, _ = file_objection(
        kind="objection", about="", words="Ich bin dagegen.", reply_to="", language="de", now=utc_now()
    )
    assert one.number not in text(sign_in("office"), "/intern/wartet/")
