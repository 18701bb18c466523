"""What may be published, as plain decisions."""

from allmende.kernel.errors import Denied, ErrorCode
from allmende.kernel.text import Text

FOUR_EYES = ErrorCode(
    "register.four_eyes",
    Text(
        "Wer etwas bearbeitet hat, darf es nicht selbst veröffentlichen: {rules}.",
        "Who edited something may not publish it: {rules}.",
    ),
    Text("Bitten Sie eine zweite Person.", "Ask a second person."),
)


def require_second_person(publisher: int | None, editors: dict[str, set[int]]) -> None:
    """Refuse when the publisher had a hand in one of the changes; the program itself (None) founds a city alone."""
    own = [slug for slug, people in editors.items() if publisher in people]
    if own:
        raise Denied(FOUR_EYES, rules=", ".join(sorted(own)))
