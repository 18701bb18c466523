"""What arises when categories are linked: declared in the book, and kept from arising."""

from typing import Any

import msgspec
import pytest

from allmende.ethics.check import faults
from allmende.ethics.findings import findings
from allmende.ethics.model import Category, Purpose, Rule, Rulebook
from allmende.ethics.publication import PORTAL, hindrances
from tests.ethics.books import DAYS, RECIPIENTS, TREE, WORD, book, rule

PARTS = (Category("weather", WORD, "none"), Category("movement", WORD, "none"))
BOTH = {"categories": ("weather", "movement"), "verbs": ("publish",), "recipients": ("public",)}


def with_profiles(*entries: Rule, arises_from: tuple[str, ...] = ("weather", "movement")) -> Rulebook:
    """Give a book in which profiles arise from where weather and movement are linked."""
    profiles = Category("profiles", WORD, "none", arises_from)
    purposes = tuple(Purpose(slug, WORD, WORD, parent) for slug, parent in (*TREE.items(), (PORTAL[1], "root")))
    return book(list(entries), categories=(*PARTS, profiles), purposes=purposes)


@pytest.mark.parametrize(
    ("arises_from", "told"),
    [
        (("weather", "profiles"), "category profiles cannot arise from profiles"),
        (("weather", "unheard"), "category profiles cannot arise from unheard"),
        (("weather",), "category profiles does not arise from several different ones"),
        (("weather", "weather"), "category profiles does not arise from several different ones"),
    ],
)
def test_a_category_arises_from_several_others(arises_from: tuple[str, ...], told: str) -> None:
    assert [fault.en for fault in faults(with_profiles(arises_from=arises_from))] == [told]


def test_what_everybody_could_link_may_not_be_public() -> None:
    weather = rule("weather", "permit", PORTAL[1], **{**BOTH, "categories": ("weather",)})
    movement = rule("movement", "permit", PORTAL[1], **{**BOTH, "categories": ("movement",)}, since=DAYS[3])
    told = (
        f"from {DAYS[3]} weather and movement would be open to everybody; "
        "anyone could make profiles of them, and no rule permits that"
    )

    def hindered(*entries: Rule) -> list[str]:
        return [text.en for text in hindrances(with_profiles(*entries), DAYS[0])]

    assert hindered(weather, movement) == [told]
    assert hindered(weather) == []
    assert hindered(weather, msgspec.structs.replace(movement, purposes=("a1",))) == []
    linking: dict[str, Any] = {"verbs": ("link",), "categories": ("profiles",), "recipients": ("public",)}
    allowed = rule("link", "permit", PORTAL[1], **linking)
    assert hindered(weather, movement, allowed) == []
    assert hindered(weather, movement, allowed, rule("never", "prohibit", "root", **linking)) == [told]


def test_the_board_reads_who_could_link() -> None:
    used = rule("used", "permit", "a1", categories=("*",), recipients=RECIPIENTS)
    linked = rule("linked", "permit", "a1", verbs=("link",), categories=("profiles",), recipients=("city",))

    def linkable(*entries: Rule) -> list[str]:
        return [one.text.en for one in findings(with_profiles(*entries), DAYS[0]) if one.kind == "linkable"]

    words = "profiles arises from weather and movement; who gets both ({names}) could link them, and only questions "
    both = words + "for both at once are refused"
    assert linkable(used) == [both.format(names="city, public")]
    assert linkable(used, linked) == [both.format(names="public")]
    assert linkable(rule("one", "permit", "a1")) == []
