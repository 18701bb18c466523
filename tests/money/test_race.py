"""Eight who book at once on PostgreSQL: neither an invoice nor the ceiling of an award is exceeded by a cent."""

import pytest

from tests.postgres import Databases, told_by

pytestmark = pytest.mark.postgres

RACE = """
import datetime as dt
from concurrent.futures import ThreadPoolExecutor
import django
django.setup()
from django.core.management import call_command
from django.db import connection
from allmende.accounts.rules import SystemActor
from allmende.kernel.clock import today
from allmende.kernel.errors import AllmendeError
from allmende.money import queries
from allmende.money.content import MoneyContent
from allmende.money.models import BookingCount, CostType, FundingSource
from allmende.money.services import bookings
from allmende.money.services.loading import load_money
from allmende.packs.read import read_optional, read_parts
from allmende.programme.content import ProgrammeContent
from allmende.programme.models import Project
from allmende.programme.services.load import load_programme
from allmende.serve.founding import PROGRAMME_FILES
for app in ("accounts", "programme", "money"):
    call_command("migrate", app, verbosity=0)
actor = SystemActor("system:test")
load_programme(actor, content=read_parts("musterstadt", PROGRAMME_FILES, ProgrammeContent))
load_money(actor, content=read_optional("musterstadt", "money.yaml", MoneyContent))
day = today()
(terms,) = [view.terms for view in queries.awards_on(day) if view.terms.covers(day)]
room = terms.most_eligible - bookings.eligible_so_far(terms.award)
names = dict(
    project=Project.objects.all()[0], cost_type=CostType.objects.all()[0], year=day.year,
    own_source=FundingSource.objects.get(slug="stadt"),
)
def bill(number, cents):
    return bookings.add_invoice(actor, supplier="Race", number=str(number), day=day, cents=cents, text="x").pk
def book(case):
    invoice, cents, eligible = case
    try:
        part = bookings.Part(**names, cents=cents, eligible=eligible, reason="x")
        bookings.allocate(actor, invoice=invoice, part=part)
        return "booked"
    except AllmendeError as error:
        return error.code.code
    finally:
        connection.close()
def at_once(cases):
    with ThreadPoolExecutor(8) as pool:
        said = sorted(pool.map(book, cases))
    return " ".join(f"{one}={said.count(one)}" for one in dict.fromkeys(said))
one = bill("whole", 800)
print(at_once([(one, 300, 0)] * 8))
BookingCount.objects.all().delete()
part = room * 2 // 5
print(at_once([(bill(n, part), part, part) for n in range(8)]))
print(0 <= terms.most_eligible - bookings.eligible_so_far(terms.award) < part)
"""


def test_who_books_at_once_finds_neither_the_same_open_rest_nor_the_same_room_below_the_ceiling(
    postgres: Databases,
) -> None:
    assert told_by(postgres, RACE).splitlines() == [
        "booked=2 money.beyond_invoice=6",
        "booked=2 money.over_ceiling=6",
        "True",
    ]
