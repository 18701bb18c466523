"""What may be published, as plain decisions."""

from allmende.kernel.errors import Denied, ErrorCode
from allmende.kernel.text import Text

FOUR_EYES = ErrorCode(
    "register.four_eyes",
    Text(
        "Wer etwas zuletzt bearbeitet hat, darf es nicht selbst veröffentlichen: {rules}.",
        "Who edited something last may not publish it: {rules}.",
    ),
    Text("Bitten Sie eine zweite Person.", "Ask a second person."),
)


def require_second_person(publisher: int | None, editors: dict[str, int | None]) -> None:
    """Refuse when the publisher edited one of the changes last; the program itself (None) founds a city alone."""
    own = [slug for slug, editor in editors.items() if publisher is not None and editor == publisher]
    if own:
        raise Denied(FOUR_EYES, rules=", ".join(sorted(own)))
