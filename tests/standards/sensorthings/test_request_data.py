"""Clause 9.3: status codes, order of evaluation, ``$expand`` and ``$select``."""

from typing import Any

import pytest

from tests.standards.sensorthings.api import SETS, Api, location, thing, unique
from tests.standards.sensorthings.conformance import proves


@proves("request-data/status-code")
@pytest.mark.parametrize("name", SETS)
def test_what_is_not_there_is_not_found(api: Api, name: str) -> None:
    """req/request-data/status-code: an entity that does not exist answers 404 (or 410)."""
    assert api.get(f"{name}(9007199254740000)").status_code in (404, 410)


@proves("request-data/status-code")
@pytest.mark.parametrize("path", ["Thingies", "Things(1)/Colours", "Observations(1)/Things(2)", "things"])
def test_a_path_that_is_none_is_not_found(api: Api, path: str) -> None:
    """req/request-data/status-code: a path that the standard does not have answers 404."""
    assert api.get(path).status_code == 404


@proves("request-data/status-code")
@pytest.mark.parametrize(
    "query",
    [
        "$filter=name eq",
        "$filter=name eq 'open",
        "$filter=nonsense eq 1",
        "$filter=nothing(name)",
        "$orderby=nonsense",
        "$select=nonsense",
        "$expand=Nonsense",
        "$top=-1",
        "$top=x",
        "$skip=-1",
        "$skip=x",
        "$count=maybe",
    ],
)
def test_a_faulty_option_is_a_bad_request(api: Api, query: str) -> None:
    """req/request-data/status-code: an option whose value cannot be understood answers 400."""
    assert api.get(f"Things?{query}").status_code == 400


@proves("request-data/query-status-code")
@pytest.mark.parametrize("query", ["$search=red", "$compute=1 add 1 as two", "$levels=2"])
def test_an_option_that_is_not_supported_is_not_implemented(api: Api, query: str) -> None:
    """req/request-data/query-status-code: a system query option that the service does not support answers 501."""
    assert api.get(f"Things?{query}").status_code == 501


@pytest.fixture(scope="module")
def series(api: Api) -> Any:
    """Give a datastream of nine values: 0 to 8, one an hour."""
    stream = api.station()
    for number in range(9):
        api.observe(stream, number, f"2024-05-01T0{number}:00:00Z")
    return stream


@proves("request-data/order")
def test_options_are_evaluated_in_their_order(api: Api, series: Any) -> None:
    """req/request-data/order: filter, count, orderby, skip, top, then expand and select, however they are written."""
    path = f"Datastreams({series})/Observations"
    options = [
        *("$select=result,Datastream", "$expand=Datastream($select=name)", "$top=2", "$skip=1"),
        *("$orderby=result desc", "$count=true", "$filter=result lt 6"),
    ]
    for written in (options, options[::-1]):
        answer = api.body(f"{path}?{'&'.join(written)}")
        assert answer["@iot.count"] == 6
        assert [entry["result"] for entry in answer["value"]] == [4, 3]
        assert "phenomenonTime" not in answer["value"][0]
        assert answer["value"][0]["Datastream"]["name"]


@proves("request-data/expand")
@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("Things({Things})", ("Locations", "HistoricalLocations", "Datastreams")),
        ("Locations({Locations})", ("Things", "HistoricalLocations")),
        ("HistoricalLocations({HistoricalLocations})", ("Thing", "Locations")),
        ("Datastreams({Datastreams})", ("Thing", "Sensor", "ObservedProperty", "Observations")),
        ("Sensors({Sensors})", ("Datastreams",)),
        ("ObservedProperties({ObservedProperties})", ("Datastreams",)),
        ("Observations({Observations})", ("Datastream", "FeatureOfInterest")),
        ("FeaturesOfInterest({FeaturesOfInterest})", ("Observations",)),
    ],
)
def test_related_entities_come_inline(api: Api, world: dict[str, Any], path: str, words: tuple[str, ...]) -> None:
    """req/request-data/expand: a comma-separated list of navigation properties, each inline in full."""
    one = api.body(path.format(**world), expand=",".join(words))
    for word in words:
        inline = one[word] if isinstance(one[word], list) else [one[word]]
        assert inline, word
        for entry in inline:
            assert api.body(entry["@iot.selfLink"]) == entry


@proves("request-data/expand")
def test_a_whole_set_is_expanded(api: Api, world: dict[str, Any]) -> None:
    """req/request-data/expand: each entity of a set carries its own related entities."""
    found = api.values("Datastreams", expand="Thing", filter=f"id eq {world['Datastreams']}")
    assert [entry["Thing"]["@iot.id"] for entry in found] == [world["Things"]]


@proves("request-data/expand")
@pytest.mark.parametrize(
    "written",
    ["Datastreams/ObservedProperty", "Datastreams($expand=ObservedProperty)"],
)
def test_expanding_goes_deeper(api: Api, world: dict[str, Any], written: str) -> None:
    """req/request-data/expand: a slash, or an expand inside, leads through several levels."""
    one = api.body(f"Things({world['Things']})", expand=written)
    assert one["Datastreams"][0]["ObservedProperty"]["@iot.id"] == world["ObservedProperties"]


@proves("request-data/expand")
def test_expanding_goes_three_levels_deep(api: Api, world: dict[str, Any]) -> None:
    """req/request-data/expand: Datastreams/Observations/FeatureOfInterest from a Thing."""
    one = api.body(f"Things({world['Things']})", expand="Datastreams/Observations/FeatureOfInterest,Locations")
    seen = one["Datastreams"][0]["Observations"][0]
    assert seen["FeatureOfInterest"]["@iot.id"] == world["FeaturesOfInterest"]
    assert one["Locations"][0]["@iot.id"] == world["Locations"]


@proves("request-data/expand")
@pytest.mark.parametrize(
    ("options", "results"),
    [
        ("$filter=result eq 1", [1]),
        ("$filter=result gt 5;$orderby=result desc", [8, 7, 6]),
        ("$top=2;$orderby=phenomenonTime desc", [8, 7]),
        ("$skip=7;$orderby=result", [7, 8]),
        ("$orderby=result desc;$skip=1;$top=3", [7, 6, 5]),
        ("$filter=result lt 3;$orderby=result desc;$top=1;$select=result", [2]),
    ],
)
def test_expanded_sets_take_options(api: Api, series: Any, options: str, results: list[int]) -> None:
    """req/request-data/expand: filter, select, orderby, skip and top in brackets, separated by semicolons."""
    one = api.body(f"Datastreams({series})", expand=f"Observations({options})")
    found = [entry["result"] for entry in one["Observations"]]
    assert (found if "orderby" in options else sorted(found)) == results


@proves("request-data/expand")
def test_expanded_sets_are_counted(api: Api, series: Any) -> None:
    """req/request-data/expand: count in brackets gives the number of related entities beside them."""
    one = api.body(f"Datastreams({series})", expand="Observations($count=true;$top=2;$filter=result lt 5)")
    assert one["Observations@iot.count"] == 5
    assert len(one["Observations"]) == 2


@proves("request-data/expand")
def test_expanded_sets_take_select(api: Api, series: Any) -> None:
    """req/request-data/expand: select in brackets leaves only the named properties of the related entities."""
    one = api.body(f"Datastreams({series})", expand="Observations($select=result)")
    assert one["name"]
    for entry in one["Observations"]:
        assert {word for word in entry if "@" not in word} == {"result"}


@proves("request-data/expand")
def test_a_long_expanded_set_has_a_next_link(api: Api) -> None:
    """req/request-data/expand: an expanded set is paged by the service like any other."""
    stream = api.station()
    for number in range(5):
        api.observe(stream, number, f"2024-05-01T0{number}:00:00Z")
    one = api.body(f"Datastreams({stream})", expand="Observations($top=2;$orderby=result)")
    rest = [entry["result"] for page in api.pages(one["Observations@iot.nextLink"]) for entry in page]
    assert [entry["result"] for entry in one["Observations"]] + rest == [0, 1, 2, 3, 4]


@proves("request-data/expand")
def test_what_is_not_linked_expands_to_nothing(api: Api) -> None:
    """req/request-data/expand: without related entities the list is empty."""
    made = api.create("Things", thing())
    one = api.body(f"Things({made})", expand="Locations,Datastreams")
    assert (one["Locations"], one["Datastreams"]) == ([], [])


@proves("request-data/select")
def test_only_what_is_selected_comes(api: Api, world: dict[str, Any]) -> None:
    """req/request-data/select: a comma-separated list of properties, and only these."""
    one = api.body(f"Observations({world['Observations']})", select="result,resultTime")
    assert {word for word in one if "@" not in word} == {"result", "resultTime"}
    assert not any(word.endswith("@iot.navigationLink") for word in one)


@proves("request-data/select")
def test_select_works_on_sets(api: Api, series: Any) -> None:
    """req/request-data/select: each entity of a set has only the selected properties."""
    for entry in api.values(f"Datastreams({series})/Observations", select="result"):
        assert {word for word in entry if "@" not in word} == {"result"}


@proves("request-data/select")
@pytest.mark.parametrize("word", ["id", "@iot.id"])
def test_the_id_can_be_selected(api: Api, world: dict[str, Any], word: str) -> None:
    """req/request-data/select: the id is selected by its name."""
    one = api.body(f"Things({world['Things']})", select=word)
    assert one["@iot.id"] == world["Things"]
    assert "name" not in one


@proves("request-data/select")
def test_links_can_be_selected(api: Api, world: dict[str, Any]) -> None:
    """req/request-data/select: a navigation property in the list keeps its link."""
    one = api.body(f"Datastreams({world['Datastreams']})", select="name,Thing")
    links = {word for word in one if word.endswith("@iot.navigationLink")}
    assert links == {"Thing@iot.navigationLink"}


@proves("request-data/select")
def test_select_and_expand_go_together(api: Api, world: dict[str, Any]) -> None:
    """req/request-data/select: what is expanded comes along with the selected properties."""
    one = api.body(
        f"Datastreams({world['Datastreams']})", select="id,Observations", expand="Observations/FeatureOfInterest"
    )
    assert one["@iot.id"] == world["Datastreams"]
    assert one["Observations"][0]["FeatureOfInterest"]["@iot.id"] == world["FeaturesOfInterest"]
    assert "description" not in one


@proves("request-data/select")
def test_the_selected_values_are_those_of_the_whole(api: Api) -> None:
    """req/request-data/select: selecting leaves out, it changes nothing."""
    made = api.make("Locations", location(name=unique("Selected"), properties={"a": 1}))
    whole, part = api.body(made), api.body(made, select="name,location,properties")
    assert {word: whole[word] for word in ("name", "location", "properties")} == {
        word: value for word, value in part.items() if "@" not in word
    }
