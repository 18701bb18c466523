"""What the rules hide has no influence on any answer, and both databases give the same answers.

Two towns differ only in what the public may not know: a closed category, values inside a mean or in too small a
group, how many these are, values held back, hidden fields, exact places. No question may tell them apart.
"""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings

from allmende.gate.door import Gate, migrate_store, open_gate
from allmende.gate.query import Query
from allmende.store.tables import cell_key
from tests.contract.conftest import READ
from tests.contract.town import CATEGORIES, answer, build, everything, questions, town_rules
from tests.postgres import Databases

pytestmark = pytest.mark.xdist_group("postgres")


def _town(url: str, changed: frozenset[str] = frozenset()) -> Gate:
    migrate_store(url)
    gate = open_gate(url)
    with gate.store.engine.begin() as connection:  # type: ignore[attr-defined]
        # Each store makes a secret of its own; under one secret counts are changed alike.
        connection.execute(cell_key.update().values(secret=bytes(16)))
    gate.publish(town_rules(), "tests")
    build(gate, changed)
    return gate


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gate]:
    """Give the town."""
    gate = _town(str(tmp_path_factory.mktemp("town") / "store.sqlite3"))
    yield gate
    gate.close()


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gate]:
    """Give the town in which all that is hidden differs."""
    gate = _town(str(tmp_path_factory.mktemp("changed") / "store.sqlite3"), frozenset(CATEGORIES) - {"weather"})
    yield gate
    gate.close()


@pytest.fixture(scope="module")
def elsewhere(postgres: Databases) -> Iterator[Gate]:
    """Give the town in PostgreSQL."""
    gate = _town(postgres.new())
    yield gate
    gate.close()


RANDOM = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@RANDOM
@given(query=questions())
def test_no_question_tells_the_hidden_apart(town: Gate, changed: Gate, query: Query) -> None:
    assert answer(town, town.grant(READ), query) == answer(changed, changed.grant(READ), query)


def test_no_statistics_tell_the_hidden_apart(town: Gate, changed: Gate) -> None:
    assert everything(town, town.grant(READ)) == everything(changed, changed.grant(READ))


@RANDOM
@given(query=questions())
def test_both_databases_answer_alike(town: Gate, elsewhere: Gate, query: Query) -> None:
    here, there = answer(town, town.grant(READ), query), answer(elsewhere, elsewhere.grant(READ), query)
    assert here == there or "query.not_computable" in (here, there)


def test_both_databases_have_the_same_statistics(town: Gate, elsewhere: Gate) -> None:
    assert everything(town, town.grant(READ)) == everything(elsewhere, elsewhere.grant(READ))
