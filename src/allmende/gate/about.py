"""What new observations are about: only what who writes may know of, or naming it would bring it to light."""

from collections.abc import Mapping, Sequence

from allmende.gate.grant import Grant
from allmende.gate.recording import now_micros
from allmende.kernel.errors import AllmendeError, NotFound
from allmende.store.arrivals import NO_FEATURE
from allmende.store.model import Block, Receipt
from allmende.store.port import Store
from allmende.store.query import Order, Path, Query
from allmende.store.write import Batch

Told = Receipt | Exception


def require_known(store: Store, grant: Grant, batch: Batch) -> None:
    """Refuse a batch that names a feature of interest which the grant hides, as one that is not there."""
    _require(store, grant, _named(batch))


def _require(store: Store, grant: Grant, named: dict[int, int]) -> None:
    for index, feature in named.items():
        if not _is_seen(store, grant, feature):
            raise NotFound(NO_FEATURE, index=index, feature=feature)


def _named(batch: Batch) -> dict[int, int]:
    """Give the features that arrivals name, by the place of the arrival; hardly any does."""
    found: dict[int, int] = {}
    if not isinstance(batch, Block):
        for index, one in enumerate(batch):
            if one.feature_id is not None:
                found[index] = one.feature_id
    return found


def _is_seen(store: Store, grant: Grant, feature: int) -> bool:
    query = Query(kind="FeaturesOfInterest", id=feature, order=(Order(Path(("id",))),), top=1)
    return bool(store.page(grant.scope(now_micros()), query).records)


def refused(
    store: Store, batches: Sequence[tuple[Grant, Batch]], current: Mapping[int, Grant]
) -> dict[int, AllmendeError]:
    """Give the errors of those of several batches that may not be stored, by their places.

    ``current`` has what each grant, by its identity, is now.
    """
    found: dict[int, AllmendeError] = {}
    for place, (grant, batch) in enumerate(batches):
        named = _named(batch)
        if named:
            try:
                _require(store, current[id(grant)], named)
            except AllmendeError as error:
                found[place] = error
    return found


def in_place(told: Sequence[Told], errors: Mapping[int, AllmendeError], count: int) -> Sequence[Told]:
    """Put what the store told of the other batches, and the errors, in the order of all."""
    if not errors:
        return told
    others = iter(told)
    return [errors[place] if place in errors else next(others) for place in range(count)]
