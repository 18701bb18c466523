"""Bodies of entities, complete and as small as the standard allows."""

from typing import Any

Body = dict[str, Any]
POINT = {"type": "Point", "coordinates": [9.1747, 47.6619]}
MEASURED = "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement"
CELSIUS = {"name": "degree Celsius", "symbol": "°C", "definition": "https://ucum.org/ucum#Cel"}


def thing(**more: Any) -> Body:
    """Give a thing."""
    return {"name": "Kiosk", "description": "am Platz", **more}


def location(**more: Any) -> Body:
    """Give a location."""
    return {"name": "Platz", "description": "", "encodingType": "application/geo+json", "location": POINT, **more}


def sensor(**more: Any) -> Body:
    """Give a sensor."""
    return {
        "name": "Fühler", "description": "im Schatten", "encodingType": "text/html", "metadata": "https://x.example",
        **more,
    }  # fmt: skip


def observed(**more: Any) -> Body:
    """Give an observed property."""
    return {"name": "Temperatur", "definition": "https://x.example/t", "description": "der Luft", **more}


def feature(**more: Any) -> Body:
    """Give a feature of interest."""
    return {"name": "Baum", "description": "", "encodingType": "application/geo+json", "feature": POINT, **more}


def stream(**more: Any) -> Body:
    """Give a datastream without its links."""
    return {
        "name": "Luft", "description": "am Kiosk", "observationType": MEASURED, "unitOfMeasurement": CELSIUS, **more,
    }  # fmt: skip


def whole(**more: Any) -> Body:
    """Give a datastream with all that it needs."""
    return stream(
        **{"Thing": thing(Locations=[location()]), "Sensor": sensor(), "ObservedProperty": observed(), **more}
    )


def multi(**more: Any) -> Body:
    """Give a MultiDatastream of two elements with all that it needs."""
    return {
        "name": "Wind", "description": "", "multiObservationDataTypes": [MEASURED, MEASURED],
        "unitOfMeasurements": [
            {"name": "metre per second", "symbol": "m/s", "definition": "https://ucum.org/ucum#m/s"},
            {"name": "Grad", "symbol": "°", "definition": None},
        ],
        "Thing": thing(Locations=[location()]), "Sensor": sensor(),
        "ObservedProperties": [observed(name="Geschwindigkeit"), observed(name="Richtung")], **more,
    }  # fmt: skip


def value(result: Any, minute: int = 0, **more: Any) -> Body:
    """Give an observation."""
    return {"phenomenonTime": f"2025-03-01T12:{minute:02}:00Z", "result": result, **more}


def link(number: int) -> Body:
    """Refer to what is there."""
    return {"@iot.id": number}
