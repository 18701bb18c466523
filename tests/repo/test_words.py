"""German is written in the code: no other package may translate one of our words into another."""

from babel.messages.pofile import read_po
from django.utils import translation

from tests.repo.test_house_rules import PACKAGE


def test_our_german_stays_as_it_is_written() -> None:
    with (PACKAGE / "ui/locale/en/LC_MESSAGES/django.po").open("rb") as file:
        known = [one.id for one in read_po(file) if one.id and not one.context]
    words = [one if isinstance(one, str) else one[0] for one in known]
    with translation.override("de"):
        assert [word for word in words if translation.gettext(word) != word] == [], "give these a context"
