"""Units of measurement by their UCUM code, with the sign and name that people read."""

import msgspec

from allmende.kernel.errors import ErrorCode, Invalid
from allmende.kernel.text import Text

UNKNOWN_UNIT = ErrorCode(
    "units.unknown",
    Text("Die Einheit „{code}“ ist nicht bekannt.", "The unit “{code}” is not known."),
    Text(
        "Verwenden Sie einen UCUM-Code, zum Beispiel Cel, %, hPa, mm, m/s.",
        "Use a UCUM code, such as Cel, %, hPa, mm, m/s.",
    ),
)


class Unit(msgspec.Struct, frozen=True):
    """A unit: UCUM code, printed sign, name in both languages."""

    ucum: str
    symbol: str
    name: Text

    @property
    def definition(self) -> str:
        """Name the unit with an address, as SensorThings asks for."""
        return f"https://ucum.org/ucum#{self.ucum}"


UNITS: dict[str, Unit] = {
    unit.ucum: unit
    for unit in (
        Unit("1", "1", Text("Eins", "one")),
        Unit("%", "%", Text("Prozent", "percent")),
        Unit("Cel", "°C", Text("Grad Celsius", "degree Celsius")),
        Unit("K", "K", Text("Kelvin", "kelvin")),
        Unit("hPa", "hPa", Text("Hektopascal", "hectopascal")),
        Unit("mm", "mm", Text("Millimeter", "millimetre")),
        Unit("cm", "cm", Text("Zentimeter", "centimetre")),
        Unit("m", "m", Text("Meter", "metre")),
        Unit("km", "km", Text("Kilometer", "kilometre")),
        Unit("m/s", "m/s", Text("Meter pro Sekunde", "metre per second")),
        Unit("km/h", "km/h", Text("Kilometer pro Stunde", "kilometre per hour")),
        Unit("deg", "°", Text("Grad", "degree")),
        Unit("ug/m3", "µg/m³", Text("Mikrogramm pro Kubikmeter", "microgram per cubic metre")),
        Unit("mg/m3", "mg/m³", Text("Milligramm pro Kubikmeter", "milligram per cubic metre")),
        Unit("[ppm]", "ppm", Text("Millionstel", "parts per million")),
        Unit("W/m2", "W/m²", Text("Watt pro Quadratmeter", "watt per square metre")),
        Unit("kW.h", "kWh", Text("Kilowattstunde", "kilowatt hour")),
        Unit("MW.h", "MWh", Text("Megawattstunde", "megawatt hour")),
        Unit("kW", "kW", Text("Kilowatt", "kilowatt")),
        Unit("MW", "MW", Text("Megawatt", "megawatt")),
        Unit("V", "V", Text("Volt", "volt")),
        Unit("dB", "dB", Text("Dezibel", "decibel")),
        Unit("dB[SPL]", "dB", Text("Dezibel Schalldruck", "decibel sound pressure")),
        Unit("lx", "lx", Text("Lux", "lux")),
        Unit("L", "l", Text("Liter", "litre")),
        Unit("m3", "m³", Text("Kubikmeter", "cubic metre")),
        Unit("t", "t", Text("Tonne", "tonne")),
        Unit("kg", "kg", Text("Kilogramm", "kilogram")),
        Unit("m2", "m²", Text("Quadratmeter", "square metre")),
        Unit("s", "s", Text("Sekunde", "second")),
        Unit("min", "min", Text("Minute", "minute")),
        Unit("h", "h", Text("Stunde", "hour")),
        Unit("d", "d", Text("Tag", "day")),
        Unit("{count}", "Anzahl", Text("Anzahl", "count")),
        Unit("{EUR}", "€", Text("Euro", "euro")),
    )
}


def unit_from_ucum(code: str) -> Unit:
    """Look up a unit; raise ``units.unknown`` for a code that is not on the list."""
    if code not in UNITS:
        raise Invalid(UNKNOWN_UNIT, code=code[:40])
    return UNITS[code]


_ADDRESSES = ("https://ucum.org/ucum#", "http://unitsofmeasure.org/", "ucum:", "urn:ogc:def:uom:UCUM:", "")
# Signs that others use for something else too: only name or definition tell these units.
_UNSURE = {"dB", "min", "mm"}
_BY_NAME = {name.lower(): unit.ucum for unit in UNITS.values() for name in (unit.name.de, unit.name.en)}
_BY_SYMBOL = {unit.symbol: unit.ucum for unit in UNITS.values() if unit.symbol == "%" or len(unit.symbol) > 1}


def ucum_from_words(name: str | None, symbol: str | None, definition: str | None) -> str | None:
    """Recognise a unit by its definition, its name, or a sign that is unmistakable; None for a foreign one."""
    for address in _ADDRESSES:
        code = (definition or "").removeprefix(address)
        if (definition or "").startswith(address) and code in UNITS:
            return code
    if name and name.strip().lower() in _BY_NAME:
        return _BY_NAME[name.strip().lower()]
    return _BY_SYMBOL.get(symbol or "") if symbol not in _UNSURE else None
