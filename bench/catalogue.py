"""How long the catalogue of 1,000 data sets takes, in each form, beside its bar.

Usage: ``python bench/catalogue.py``. 1,000 data sets of observations with five files each; all pages are asked for in
process, one after the other. The processor time of this process is counted, the best of several runs.
"""

import os
import sys
import tempfile
import time
from pathlib import Path

import msgspec

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
DATASETS, RUNS, BAR_S = 1_000, 3, 1.0


def _enter() -> None:
    from allmende.catalog.models import Dataset, Licence

    licence = Licence.objects.create(slug="cc-by-4-0", title="CC-BY-4.0")
    Dataset.objects.bulk_create(
        Dataset(
            slug=f"reihe-{n}",
            title_de=f"Messreihe {n} in der Straße",
            title_en=f"Series {n} in the street",
            description_de="Was dort gemessen wird.",
            description_en="What is measured there.",
            publisher=f"Amt {n % 20}",
            licence=licence,
            attribution="Stadt",
        )
        for n in range(DATASETS)
    )


def _fill() -> None:
    from allmende.catalog.door import gate
    from allmende.gate.door import Ask, Asker
    from allmende.gate.query import Arrival, Datastream, Location, ObservedProperty, Sensor, Thing
    from tests.weather_rules import WEATHER_RULES

    city = gate()
    city.publish(WEATHER_RULES, actor="bench")
    grant = city.grant(Ask(Asker("system:bench"), "collect", "climate-adaptation", "administration"))
    sensor = city.create(grant, "Sensors", Sensor(name="S", description=""))
    seen = ObservedProperty(name="T", definition="https://example.org/t", description="")
    observed = city.create(grant, "ObservedProperties", seen)
    arrivals = []
    for n in range(DATASETS):
        point = {"type": "Point", "coordinates": [9 + n / 1000, 47.5]}
        place = city.create(grant, "Locations", Location(name="O", description="", location=point))
        thing = city.create(grant, "Things", Thing(name=f"T{n}", description="", location_ids=(place,)))
        stream = Datastream(
            name="Temperatur",
            description="",
            thing_id=thing,
            sensor_id=sensor,
            observed_property_id=observed,
            unit="Cel",
            category="weather",
            data_use="bench",
            properties={"dataset": f"reihe-{n}", "observed": "air-temperature"},
        )
        number = city.create(grant, "Datastreams", stream)
        arrivals.append(Arrival(datastream_id=number, phenomenon_start=1_720_000_000_000_000, result=20.5))
    city.append(grant, arrivals)


def _measure(ending: str) -> tuple[float, int]:
    from django.test import Client

    client, best, size = Client(), float("inf"), 0
    for _ in range(RUNS):
        began, size, page = time.process_time(), 0, 1
        while True:
            answer = client.get(f"/catalog.{ending}?page={page}")
            if answer.status_code != 200:
                break
            size, page = size + len(answer.content), page + 1
        best = min(best, time.process_time() - began)
    return best, size


def main() -> int:
    """Measure all forms."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(ALLMENDE_HOME=folder, DJANGO_SETTINGS_MODULE="allmende.serve.django_settings")
        import django

        django.setup()
        from django.conf import settings
        from django.core.management import call_command

        from allmende.gate.door import migrate_store

        settings.ALLMENDE = msgspec.structs.replace(settings.ALLMENDE, home=Path(folder))
        settings.ALLOWED_HOSTS = ["testserver"]
        migrate_store(settings.ALLMENDE.store_url)
        call_command("migrate", verbosity=0)
        _enter()
        _fill()
        slow = False
        for ending in ("ttl", "rdf", "jsonld"):
            seconds, size = _measure(ending)
            slow = slow or seconds > BAR_S
            print(f"catalogue of {DATASETS:,} data sets, .{ending}: {seconds:.2f} s, {size:,} bytes; bar {BAR_S} s")
    return int(slow)


if __name__ == "__main__":
    sys.exit(main())
