"""Results can be kept and handed on as JSON; exact amounts as fractions in text."""

from fractions import Fraction

import msgspec

from allmende.participation.methods.budgets.count import Comparison, Settings, count
from allmende.participation.methods.budgets.election import BallotRules, Election, Project
from allmende.participation.methods.opinions.groups import OpinionGroups, find_groups
from allmende.participation.methods.opinions.groups import Settings as Groups
from allmende.participation.methods.opinions.memory import Memory
from allmende.participation.methods.opinions.votes import Votes
from allmende.participation.methods.panels.lottery import make_lottery
from allmende.participation.methods.panels.pool import Person, Pool, Quota
from allmende.participation.methods.panels.published import Lottery


def back(result: object) -> object:
    return msgspec.json.decode(
        msgspec.json.encode(result, enc_hook=str), type=type(result), dec_hook=lambda kind, text: kind(text)
    )


def test_results_come_back_from_json() -> None:
    rows = [(person, at, 1 if (person < 20) == (at % 2 == 0) else -1) for person in range(40) for at in range(8)]
    run = find_groups(Votes.from_rows(rows), Groups("s"))
    election = Election.of(1000, [Project("a", 300)], BallotRules("approval"), [{"a": 1}] * 7)
    counted = count(election, Settings("s", step=Fraction(1, 50)))
    people = [Person(f"{at}", {"age": "old" if at % 3 else "young"}) for at in range(30)]
    quotas = [Quota("age", "old", 1, 3), Quota("age", "young", 1, 3)]
    lottery = make_lottery(Pool.of(4, quotas, people), "s")
    assert run.published.found
    for result, kind in (
        (run.published, OpinionGroups),
        (run.memory, Memory),
        (counted, Comparison),
        (lottery, Lottery),
    ):
        assert isinstance(result, kind)
        assert back(result) == result
