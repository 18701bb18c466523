"""Correcting where a contribution is: told in public like every other step, with the reason."""

import datetime as dt

from django.db import transaction

from allmende.accounts.services import Actor, record
from allmende.kernel.errors import Conflict, ErrorCode
from allmende.kernel.text import Text
from allmende.participation.services.contributions import where
from allmende.participation.services.journey import News, locked, told
from allmende.participation.shapes import Shape
from allmende.register.around import Point

CORRECTED = Text("Ort berichtigt. {reason}", "Place corrected. {reason}")
NO_PLACE = ErrorCode(
    "participation.no_place_to_correct",
    Text("{number} ist zurückgezogen; der Ort ist gelöscht.", "{number} was taken back; its place is deleted."),
    Text("Berichtigen Sie den Ort eines anderen Beitrags.", "Correct the place of another contribution."),
)


@transaction.atomic
def correct(
    actor: Actor, number: str, point: Point | None, shape: Shape | None, place: str, *, note: Text, now: dt.datetime
) -> None:
    """Put a contribution where it belongs, or nowhere; of where it was only the kind stays in the trail."""
    one = locked(number)
    if one.visibility == "withdrawn":
        raise Conflict(NO_PLACE, number=number)
    fields = where(point, shape, place)
    before, after = _kind(one.point, one.shape), _kind(point, shape)
    for name, value in fields.items():
        setattr(one, name, value)
    one.save(update_fields=list(fields))
    told(one, News(state=one.state, outcome=one.outcome, note=CORRECTED.filled(reason=note)), now)
    record(actor, "participation.place_corrected", one, before={"place": before}, after={"place": after})


def _kind(point: Point | None, shape: Shape | None) -> str:
    return shape.kind if shape else "point" if point else "none"
