"""The Python client ``frost_sta_client`` as it comes from PyPI creates, reads, queries, changes and deletes."""

from typing import Any

import frost_sta_client as fsc  # type: ignore[import-untyped]
import pytest
from geojson import Point  # type: ignore[import-untyped]

from tests.standards.sensorthings.api import MEASUREMENT, Api, unique


@pytest.fixture
def service(api: Api) -> Any:
    """Give the client, signed in with HTTP Basic as it knows it: any name, the token as password."""
    handler = fsc.AuthHandler(username="token", password=api.token) if api.token else None
    return fsc.SensorThingsService(api.root, auth_handler=handler)


def _station(service: Any, api: Api) -> tuple[Any, Any]:
    """Create a Thing with a Location, and a Datastream, one by one."""
    place = fsc.Location(
        name=unique("Client place"),
        description="made by the client",
        encoding_type="application/geo+json",
        location=Point((9.17, 47.66)),
    )
    host = fsc.Thing(name=unique("Client thing"), description="made by the client", properties={"colour": "blue"})
    host.locations = fsc.EntityList(entity_class="frost_sta_client.model.location.Location", entities=[place])
    service.create(host)
    probe = fsc.Sensor(
        name=unique("Client sensor"),
        description="made by the client",
        encoding_type="text/html",
        metadata="https://example.org",
    )
    service.create(probe)
    seen = fsc.ObservedProperty(
        name=unique("Client property"), definition="https://example.org/t", description="made by the client"
    )
    service.create(seen)
    stream = fsc.Datastream(
        name=unique("Client series"),
        description="made by the client",
        observation_type=MEASUREMENT,
        unit_of_measurement=fsc.UnitOfMeasurement("degree Celsius", "°C", "https://ucum.org/ucum#Cel"),
        properties=dict(api.demanded),
        thing=host,
        sensor=probe,
        observed_property=seen,
    )
    service.create(stream)
    return host, stream


def _observe(service: Any, stream: Any, count: int) -> list[Any]:
    made = []
    for hour in range(count):
        seen = fsc.Observation(phenomenon_time=f"2024-05-01T{hour:02}:00:00Z", result=hour + 0.5, datastream=stream)
        service.create(seen)
        made.append(seen)
    return made


def test_the_client_creates_and_reads(service: Any, api: Api) -> None:
    host, stream = _station(service, api)
    (seen,) = _observe(service, stream, 1)
    assert service.things().find(host.id).properties == {"colour": "blue"}
    found = service.datastreams().find(stream.id)
    assert (found.name, found.unit_of_measurement.symbol) == (stream.name, "°C")
    assert service.observations().find(seen.id).result == 0.5
    assert service.locations().query().filter(f"Things/id eq {host.id}").list().entities[0].location["coordinates"] == [
        *(9.17, 47.66),
    ]


def test_the_client_queries(service: Any, api: Api) -> None:
    host, stream = _station(service, api)
    _observe(service, stream, 7)
    of_stream = service.datastreams().find(stream.id).get_observations()
    found = of_stream.query().filter("result gt 2").orderby("phenomenonTime", "DESC").count().list()
    assert found.count == 5
    assert [entry.result for entry in found] == [6.5, 5.5, 4.5, 3.5, 2.5]
    expanded = service.things().query().filter(f"id eq {host.id}").expand("Locations,Datastreams").list()
    (one,) = list(expanded)
    assert [entry.id for entry in one.datastreams] == [stream.id]
    assert len(one.locations.entities) == 1
    assert (
        len(service.observations().query().filter(f"Datastream/id eq {stream.id}").top(3).skip(5).list().entities) == 2
    )


def test_the_client_follows_pages(service: Any, api: Api) -> None:
    _host, stream = _station(service, api)
    _observe(service, stream, 7)
    chosen = service.observations().query().filter(f"Datastream/id eq {stream.id}")
    assert sorted(entry.result for entry in chosen.top(2).orderby("id", "ASC").list()) == [
        hour + 0.5 for hour in range(7)
    ]


def test_the_client_changes(service: Any, api: Api) -> None:
    host, _stream = _station(service, api)
    found = service.things().find(host.id)
    found.description = "put by the client"
    service.update(found)
    assert service.things().find(host.id).description == "put by the client"
    service.patch(found, [{"op": "replace", "path": "/properties/colour", "value": "green"}])
    assert service.things().find(host.id).properties == {"colour": "green"}


def test_the_client_deletes(service: Any, api: Api) -> None:
    host, stream = _station(service, api)
    (seen,) = _observe(service, stream, 1)
    service.delete(seen)
    assert api.get(f"Observations({seen.id})").status_code == 404
    service.delete(host)
    assert api.get(f"Datastreams({stream.id})").status_code == 404


def test_the_client_sends_arrays(service: Any, api: Api) -> None:
    _host, stream = _station(service, api)
    value = fsc.model.ext.data_array_value.DataArrayValue()
    properties = {value.Property.PHENOMENON_TIME, value.Property.RESULT}
    value.components, value.datastream = properties, stream
    for hour in range(3):
        value.add_observation(
            fsc.Observation(phenomenon_time=f"2024-05-01T0{hour}:00:00Z", result=hour, datastream=stream)
        )
    document = fsc.model.ext.data_array_document.DataArrayDocument()
    document.add_data_array_value(value)
    assert len(service.observations().create(document)) == 3
    assert sorted(
        entry.result for entry in service.datastreams().find(stream.id).get_observations().query().list()
    ) == [
        *(0, 1, 2),
    ]


def test_a_wrong_password_does_not_write(api: Api) -> None:
    service = fsc.SensorThingsService(api.root, auth_handler=fsc.AuthHandler(username="token", password="invented"))
    name = unique("Stranger")
    with pytest.raises(Exception, match="401"):
        service.create(fsc.Thing(name=name, description="x"))
    assert api.values("Things", filter=f"name eq '{name}'") == []
