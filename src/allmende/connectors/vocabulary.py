"""The properties that connectors observe, with names in both languages and a public definition.

Definitions are the CF standard names, served at vocab.nerc.ac.uk.
"""

import msgspec

from allmende.kernel.text import Text

_CF = "http://vocab.nerc.ac.uk/standard_name/"


class Property(msgspec.Struct, frozen=True):
    """An observed property: slug, name, address of its definition, what exactly is meant."""

    slug: str
    name: Text
    definition: str
    description: Text


VOCABULARY: dict[str, Property] = {
    entry.slug: entry
    for entry in (
        Property(
            "air-temperature",
            Text("Lufttemperatur", "Air temperature"),
            f"{_CF}air_temperature/",
            Text("Temperatur der Luft am Messgerät.", "Temperature of the air at the instrument."),
        ),
        Property(
            "relative-humidity",
            Text("Relative Luftfeuchte", "Relative humidity"),
            f"{_CF}relative_humidity/",
            Text("Anteil an der größtmöglichen Feuchte der Luft.", "Share of the air's greatest possible humidity."),
        ),
        Property(
            "precipitation",
            Text("Niederschlag", "Precipitation"),
            f"{_CF}lwe_thickness_of_precipitation_amount/",
            Text("Regen, Schnee und Hagel als Wasserhöhe im Zeitraum.", "Depth of water fallen in the interval."),
        ),
        Property(
            "air-pressure",
            Text("Luftdruck", "Air pressure"),
            f"{_CF}air_pressure/",
            Text(
                "Luftdruck in Höhe der Station, nicht auf Meereshöhe umgerechnet.",
                "Pressure at the station's height, not reduced to sea level.",
            ),
        ),
        Property(
            "wind-speed",
            Text("Windgeschwindigkeit", "Wind speed"),
            f"{_CF}wind_speed/",
            Text("Mittel der Windgeschwindigkeit im Zeitraum.", "Mean wind speed in the interval."),
        ),
        Property(
            "wind-speed-max",
            Text("Größte Windgeschwindigkeit", "Highest wind speed"),
            f"{_CF}wind_speed_of_gust/",
            Text("Größte Windgeschwindigkeit im Zeitraum.", "Highest wind speed in the interval."),
        ),
        Property(
            "wind-speed-min",
            Text("Kleinste Windgeschwindigkeit", "Lowest wind speed"),
            f"{_CF}wind_speed/",
            Text("Kleinste Windgeschwindigkeit im Zeitraum.", "Lowest wind speed in the interval."),
        ),
        Property(
            "wind-direction",
            Text("Windrichtung", "Wind direction"),
            f"{_CF}wind_from_direction/",
            Text("Richtung, aus der der Wind weht; 0° ist Norden.", "Direction the wind comes from; 0° is north."),
        ),
        Property(
            "surface-temperature",
            Text("Oberflächentemperatur", "Surface temperature"),
            f"{_CF}surface_temperature/",
            Text("Temperatur der Straßenoberfläche, mit Infrarot gemessen.", "Temperature of the road, by infrared."),
        ),
        Property(
            "road-air-temperature",
            Text("Lufttemperatur an der Straße", "Air temperature at the road"),
            f"{_CF}air_temperature/",
            Text("Lufttemperatur am Gerät des Winterdienstes.", "Air temperature at the winter service's instrument."),
        ),
        Property(
            "water-level",
            Text("Wasserstand", "Water level"),
            f"{_CF}water_surface_height_above_reference_datum/",
            Text("Höhe des Wassers über dem Nullpunkt des Pegels.", "Height of the water above the gauge's zero."),
        ),
        Property(
            "pm10",
            Text("Feinstaub PM10", "Particulate matter PM10"),
            f"{_CF}mass_concentration_of_pm10_ambient_aerosol_particles_in_air/",
            Text("Masse der Teilchen bis 10 µm in der Luft.", "Mass of particles up to 10 µm in the air."),
        ),
        Property(
            "pm2-5",
            Text("Feinstaub PM2,5", "Particulate matter PM2.5"),
            f"{_CF}mass_concentration_of_pm2p5_ambient_aerosol_particles_in_air/",
            Text("Masse der Teilchen bis 2,5 µm in der Luft.", "Mass of particles up to 2.5 µm in the air."),
        ),
        Property(
            "nitrogen-dioxide",
            Text("Stickstoffdioxid", "Nitrogen dioxide"),
            f"{_CF}mass_concentration_of_nitrogen_dioxide_in_air/",
            Text("Masse von Stickstoffdioxid in der Luft.", "Mass of nitrogen dioxide in the air."),
        ),
        Property(
            "ozone",
            Text("Ozon", "Ozone"),
            f"{_CF}mass_concentration_of_ozone_in_air/",
            Text("Masse von Ozon in der Luft.", "Mass of ozone in the air."),
        ),
        Property(
            "air-pressure-sea-level",
            Text("Luftdruck auf Meereshöhe", "Air pressure at sea level"),
            f"{_CF}air_pressure_at_mean_sea_level/",
            Text("Auf Meereshöhe umgerechneter Luftdruck.", "Pressure reduced to sea level."),
        ),
        Property(
            "sunshine-duration",
            Text("Sonnenscheindauer", "Duration of sunshine"),
            f"{_CF}duration_of_sunshine/",
            Text("Dauer des Sonnenscheins im Zeitraum.", "Duration of sunshine in the interval."),
        ),
        Property(
            "air-temperature-max",
            Text("Höchste Lufttemperatur", "Highest air temperature"),
            f"{_CF}air_temperature/",
            Text("Höchste Lufttemperatur im Zeitraum.", "Highest air temperature in the interval."),
        ),
        Property(
            "air-temperature-mean",
            Text("Mittlere Lufttemperatur", "Mean air temperature"),
            f"{_CF}air_temperature/",
            Text("Mittel der Lufttemperatur im Zeitraum.", "Mean air temperature in the interval."),
        ),
        Property(
            "air-temperature-min",
            Text("Tiefste Lufttemperatur", "Lowest air temperature"),
            f"{_CF}air_temperature/",
            Text("Tiefste Lufttemperatur im Zeitraum.", "Lowest air temperature in the interval."),
        ),
    )
}
