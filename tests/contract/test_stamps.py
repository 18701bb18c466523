"""By digests of what is stored a copy sees in which months something has changed."""

from collections.abc import Callable

from allmende.gate.door import Gate, Grant
from allmende.gate.query import Arrival, Correction
from allmende.gate.stamps import Months, begin_of, month_of, months

JUNE, JULY = month_of(1_717_200_000_000_000), month_of(1_719_800_000_000_000)


def digests(found: Months) -> dict[tuple[int, int], str]:
    """Give the digests alone."""
    return {(month, stream): held.digest for month, streams in found.items() for stream, held in streams.items()}


def test_a_change_shows_in_its_month_and_datastream_alone(
    gate: Gate, collect: Grant, stream: Callable[..., int]
) -> None:
    one, other = stream(), stream()
    for number in (one, other):
        starts = [begin_of(month) + n * 60_000_000 for month in (JUNE, JULY) for n in range(50)]
        gate.append(collect, [Arrival(datastream_id=number, phenomenon_start=at, result=1.5) for at in starts])
    gate.seal()
    before = months(gate, {one, other})
    assert set(digests(before)) == {(month, number) for month in (JUNE, JULY) for number in (one, other)}
    assert before == months(gate, {one, other})
    assert before[JULY][one].until == begin_of(JULY) + 49 * 60_000_000
    assert set(digests(months(gate, {other}))) == {(JUNE, other), (JULY, other)}

    late = Arrival(datastream_id=one, phenomenon_start=begin_of(JULY) + 30_000_000, result=2.5)
    (arrived,) = gate.append(collect, [late]).ids
    fresh = months(gate, {one, other})
    gate.seal()
    gate.correct(collect, arrived, Correction(result=3.5), "tests")
    corrected = months(gate, {one, other})
    for earlier, later in ((before, fresh), (fresh, corrected)):
        then, now = digests(earlier), digests(later)
        assert {key for key in now if then[key] != now[key]} == {(JULY, one)}
