"""Batches that come together: neighbours under one grant are taken in one go, each is refused for itself."""

from collections.abc import Iterable, Sequence
from itertools import groupby

from allmende.kernel.errors import AllmendeError
from allmende.store.model import Arrival, Block, Receipt
from allmende.store.port import Decide
from allmende.store.scope import DecisionRow, Refusal, Tie
from allmende.store.write import Batch, Writer

Sent = tuple[Batch, Decide]


def streams_in(batches: Iterable[Batch]) -> set[int]:
    """Give the numbers of the datastreams of batches."""
    found: set[int] = set()
    for batch in batches:
        if isinstance(batch, Block):
            found.add(batch.datastream_id)
        else:
            for arrival in batch:
                found.add(arrival.datastream_id)
    return found


def take_all(writer: Writer, sent: Sequence[Sent], decided: list[DecisionRow]) -> list[Receipt | Exception]:
    """Take batches; give the receipt of each, or what refuses it, and add the decisions where anything was new."""
    found: list[Receipt | Exception] = []
    for (_, together), neighbours in groupby(sent, lambda one: (id(one[1]), not isinstance(one[0], Block))):
        run = list(neighbours)
        found += _halving(writer, run, decided) if together else [_alone(writer, *one, decided) for one in run]
    return found


def _halving(writer: Writer, run: list[Sent], decided: list[DecisionRow]) -> list[Receipt | Exception]:
    """Take neighbours together; where anything is refused, halves of them, so that one costs the others little."""
    if len(run) == 1:
        return [_alone(writer, *run[0], decided)]
    receipts = _together(writer, run, decided)
    if receipts is not None:
        return list(receipts)
    half = len(run) // 2
    return _halving(writer, run[:half], decided) + _halving(writer, run[half:], decided)


def _alone(writer: Writer, batch: Batch, decide: Decide, decided: list[DecisionRow]) -> Receipt | Exception:
    rows: list[DecisionRow] = []
    try:
        receipt = writer.take(batch, lambda amounts: rows.extend(decide(amounts)))
    except (AllmendeError, Refusal) as error:
        return error
    decided += rows if receipt.added else ()
    return receipt


def _together(writer: Writer, run: list[Sent], decide_into: list[DecisionRow]) -> list[Receipt] | None:
    """Take several batches of one grant as one; None where anything of them is refused."""
    decide = run[0][1]
    batches: list[Sequence[Arrival]] = [batch for batch, _ in run if not isinstance(batch, Block)]
    decided: list[DecisionRow] = []
    try:
        ids, new = writer.take_rows(
            [arrival for batch in batches for arrival in batch], lambda amounts: decided.extend(decide(amounts))
        )
    except (AllmendeError, Refusal):
        return None
    receipts, place = [], 0
    if len(new) == len(ids):
        decide_into += decided
        for batch in batches:
            start, place = place, place + len(batch)
            receipts.append(Receipt(ids=ids[start:place], added=len(batch), repeated=0))
        return receipts
    fresh, amounts = set(new), dict[Tie, int]()
    for batch in batches:
        places = range(place, place := place + len(batch))
        added = sum(one in fresh for one in places)
        receipts.append(Receipt(ids=ids[places.start : places.stop], added=added, repeated=len(batch) - added))
        if added:
            writer.count(batch, amounts)
    decide_into += decide(amounts) if amounts else ()
    return receipts
