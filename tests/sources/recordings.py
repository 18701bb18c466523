"""What the shipped connectors read of replies: recorded ones, and small ones with the faults their sources have."""

import io
import json
import zipfile
from typing import Any

import msgspec

Seen = tuple[str, str, str, float | bool]


class Recorded(msgspec.Struct, frozen=True):
    """A file of the samples: what a connector has to see in it among other things, how much, and what it refuses.

    ``keys`` replaces texts of the recipe, such as the key of a station.
    """

    connector: str
    file: str
    sees: tuple[Seen, ...]
    count: int
    refuses: dict[str, int] = {}
    keys: dict[str, str] = {}
    part: str | None = None


RECORDED = (
    Recorded(
        "pegelonline",
        "pegelonline/currentmeasurement.json",
        (("2021-08-01T14:00:00Z", "pegel-konstanz", "water-level", 238.0),),
        1,
    ),
    Recorded(
        "gbfs",
        "gbfs/v2.2-lillestrom/station_status.json",
        (
            ("2021-09-10T07:23:51Z", "sharing-station", "vehicles-available", 10.0),
            ("2021-09-10T07:23:51Z", "sharing-station", "docks-available", 10.0),
            ("2021-09-10T07:23:51Z", "sharing-station", "renting", True),
        ),
        3,
        {"unknown-station": 5},
        {'key: "1"': "key: YLS:VehicleSharingParkingArea:3"},
    ),
    Recorded(
        "gbfs",
        "gbfs/v2.1-synthetic/station_status.json",
        (("2015-06-11T20:31:18Z", "sharing-station", "vehicles-disabled", 2.0),),
        4,
        {"unknown-station": 1},
        {'key: "1"': "key: TST:Station:1"},
    ),
    Recorded(
        "gbfs-vehicles",
        "gbfs/v2.1-synthetic/free_bike_status.json",
        (
            ("2020-12-01T21:26:08Z", "sharing-zeus", "vehicles-available", 1.0),
            ("2020-12-01T21:26:08Z", "sharing-zeus", "vehicles-disabled", 1.0),
        ),
        3,
    ),
    Recorded(
        "gbfs-vehicles",
        "gbfs/v3.0-check-almere/vehicle_status.json",
        (("2025-05-21T07:48:04.229881Z", "sharing-zeus", "vehicles-available", 4.0),),
        3,
    ),
    Recorded(
        "konstanz-parking",
        "parking/konstanz.json",
        (
            ("2024-08-17T08:30:05Z", "parkhaus-lago", "free-spaces", 881.0),
            ("2024-08-17T08:30:05Z", "parkhaus-altstadt", "free-spaces", 182.0),
            ("2024-08-17T08:30:05Z", "parkplatz-doebele", "spaces", 335.0),
        ),
        22,
    ),
    Recorded(
        "parkapi",
        "parking/mannheim.json",
        (
            ("2024-02-20T16:05:33Z", "my-car-park", "free-spaces", 27.0),
            ("2024-02-20T16:05:33Z", "my-car-park", "spaces", 60.0),
        ),
        2,
    ),
    Recorded("parkapi", "parking/parkapi-v1/parkapi-reutlingen.json", (), 0, {"left-out": 30}),
    Recorded(
        "mosmix",
        "dwd-mosmix/MOSMIX_S.kmz",
        (
            ("2020-03-13T10:00:00Z", "mosmix-10929", "forecast-air-pressure-sea-level", 990.0),
            ("2020-03-13T11:00:00Z", "mosmix-10929", "forecast-air-pressure-sea-level", 991.3),
        ),
        1_677,
        keys={'"10929"': '"01028"'},
    ),
    Recorded(
        "dwd",
        "dwd-cdc/10_minutes/10minutenwerte_SOLAR_01766_akt.zip",
        (("2023-06-08T23:50:00Z", "dwd-02712", "sunshine-duration", 0.0),),
        288,
        part="solar/now/10minutenwerte_SOLAR",
    ),
    Recorded(
        "dwd-hourly",
        "dwd-cdc/hourly/observations_recent_TU_akt.zip",
        (("2018-09-15T00:00:00Z", "dwd-02712", "air-temperature", 13.7),),
        20,
        part="air_temperature/recent/stundenwerte_TU",
    ),
    Recorded(
        "dwd-hourly",
        "dwd-cdc/hourly/observations_recent_FF_akt.zip",
        (("2018-09-15T01:00:00Z", "dwd-02712", "wind-direction", 140.0),),
        19,
        {"sentinel": 1},
        part="wind/recent/stundenwerte_FF",
    ),
    Recorded(
        "dwd-hourly",
        "dwd-cdc/hourly/observations_recent_P0_hist.zip",
        (("2020-03-17T23:00:00Z", "dwd-02712", "air-pressure", 989.8),),
        10,
        part="pressure/recent/stundenwerte_P0",
    ),
    Recorded(
        "dwd-hourly",
        "dwd-cdc/hourly/observations_recent_RR_akt.zip",
        (
            ("2018-09-22T19:00:00Z", "dwd-02712", "precipitation", 0.0),
            ("2020-02-11T01:00:00Z", "dwd-02712", "precipitation", 0.3),
        ),
        10,
        part="precipitation/recent/stundenwerte_RR",
    ),
    Recorded(
        "dwd-daily",
        "dwd-cdc/daily/tageswerte_KL_03987_akt.zip",
        (
            ("2015-08-02T00:00:00Z", "dwd-02712", "air-temperature-max", 30.0),
            ("2017-02-01T00:00:00Z", "dwd-02712", "air-temperature-max", 0.0),
        ),
        2_200,
        keys={
            "path: TMK": "path: LUFTTEMPERATUR",
            "path: TXK": "path: LUFTTEMPERATUR_MAXIMUM",
            "path: TNK": "path: LUFTTEMPERATUR_MINIMUM",
            "path: SDK": "path: SONNENSCHEINDAUER",
        },
    ),
    Recorded(
        "opensensemap",
        "opensensemap/box_6107df25c4aab8001b94e043.json",
        (
            ("2023-12-08T13:08:47.652Z", "sensebox-muenster", "air-temperature", 4.9),
            ("2023-12-08T13:08:47.652Z", "sensebox-muenster", "pm2-5", 11.4),
        ),
        4,
        {"sentinel": 1, "no-value": 2},
    ),
    Recorded(
        "ecocounter-csv",
        "eco-counter/100020113/2024-03.csv",
        (
            ("2024-03-31T00:45:00Z", "wolbecker-strasse", "bicycles", 12.0),
            ("2024-03-31T01:00:00Z", "wolbecker-strasse", "bicycles", 7.0),
        ),
        2_972,
        {"unknown-station": 5_944},
    ),
    Recorded(
        "ecocounter-csv",
        "eco-counter/100020113/2023-10.csv",
        (("2023-10-28T23:45:00Z", "wolbecker-strasse", "bicycles", 36.0),),
        2_972,
        {"unknown-station": 5_944, "doubled-time": 12},
    ),
    Recorded(
        "ecocounter-csv",
        "eco-counter/300037931/2026-06.csv",
        (("2026-05-31T22:30:00Z", "wolbecker-strasse", "bicycles", 2.0),),
        2_880,
        {"unknown-station": 5_760},
        keys={'"100020113"': '"353413846"'},
    ),
    Recorded(
        "mastr",
        "mastr/stromspeicher_ge_10MW_2022-08.json",
        (("", "mastr-08335043", "storage-units", 23.0), ("", "mastr-08335043", "storage-power", 409_400.0)),
        2,
    ),
    Recorded(
        "ocpi",
        "charging/ocpi_locations_chargecloud_ludwigsburg.json",
        (
            ("", "charging-location", "charging-points", 2.0),
            ("", "charging-location", "charging-points-occupied", 1.0),
        ),
        4,
        {"unknown-station": 59},
    ),
)


class Faulty(msgspec.Struct, frozen=True):
    """A small reply with a fault: exactly what is seen and refused, or the words of the error."""

    connector: str
    why: str
    body: bytes
    sees: tuple[tuple[str, float | bool], ...] = ()
    refuses: tuple[str, ...] = ()
    error: str = ""
    part: str | None = None


def _json(tree: Any) -> bytes:
    return json.dumps(tree).encode()


def _zip(**files: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in files.items():
            archive.writestr(name.replace("__", "."), text)
    return packed.getvalue()


def _lubw(*values: tuple[str, str, float | None]) -> bytes:
    rows = [{"startZeit": start, "endZeit": end, "wert": value} for start, end, value in values]
    return _json({"station": "Konstanz", "komponente": "O3", "messwerte": rows})


def _kml(steps: str, values: str, more: str = "") -> bytes:
    return (
        f'<?xml version="1.0" encoding="ISO-8859-1"?>{more}'
        '<kml:kml xmlns:kml="http://www.opengis.net/kml/2.2" '
        'xmlns:dwd="https://opendata.dwd.de/weather/lib/pointforecast_dwd_extension_V1_0.xsd"><kml:Document>'
        "<dwd:IssueTime>2026-01-01T09:00:00.000Z</dwd:IssueTime>"
        + "".join(f"<dwd:TimeStep>{one}</dwd:TimeStep>" for one in steps.split())
        + "<kml:Placemark><kml:name>10929</kml:name><kml:description>KÖNSTANZ</kml:description><kml:ExtendedData>"
        + "".join(
            f'<dwd:Forecast dwd:elementName="{name}"><dwd:value>{values}</dwd:value></dwd:Forecast>'
            for name in ("TTT", "Td", "PPPP", "FF", "DD")
        )
        + "</kml:ExtendedData></kml:Placemark></kml:Document></kml:kml>"
    ).encode("latin-1")


def _bast(*rows: str, head: str = "TKNR;Zst;Datum;Stunde;KFZ_R1;K_KFZ_R1;KFZ_R2;K_KFZ_R2") -> bytes:
    return "\r\n".join((head, *rows, "")).encode("latin-1")


def _observation(when: str, result: Any, unit: str = "°C", **more: Any) -> dict[str, Any]:
    stream = {"unitOfMeasurement": {"symbol": unit}, "ObservedProperty": {"name": "Air temperature"}}
    return {"phenomenonTime": when, "resultTime": None, "result": result, "Datastream": stream, **more}


def _station(**more: Any) -> bytes:
    return _json({"last_updated": 1_700_000_000, "version": "1.0", "data": {"stations": [{"station_id": "1", **more}]}})


GBFS = ("2023-11-14T22:13:20Z",)
FAULTY = (
    Faulty(
        "gbfs",
        "GBFS 1 has truths as 1 and 0; last_reported may be missing; more bikes than capacity",
        _station(num_bikes_available=0, num_docks_available=10, is_renting=1, is_installed=1, capacity=3),
        ((GBFS[0], 0.0), (GBFS[0], 10.0), (GBFS[0], True)),
    ),
    Faulty(
        "gbfs",
        "a station that is not installed has no zeros",
        _station(num_bikes_available=0, num_docks_available=0, is_installed=0),
        (),
        ("no-value",),
    ),
    Faulty("gbfs", "no data", _json({"last_updated": 1, "data": []}), error="no list of records"),
    Faulty("gbfs", "a list of texts", _json({"last_updated": 1, "data": {"stations": ["1"]}}), error="no list"),
    Faulty(
        "gbfs-vehicles",
        "what stands at a station is not free-floating, and what is reserved is not available",
        _json(
            {
                "last_updated": "2023-11-14T22:13:20.123456+00:00",
                "data": {"vehicles": [{"station_id": "1"}, {"is_reserved": True}, {"is_disabled": True}, {}, {}]},
            }
        ),
        tuple((f"{GBFS[0][:-1]}.123456Z", one) for one in (2.0, 1.0, 1.0)),
    ),
    Faulty(
        "konstanz-parking",
        "closed, never updated, blank, more free than there is, the clock behind in winter",
        _json(
            {
                "features": [
                    {"attributes": {"id": 4.0, "opening_s": "nein", "updated": 1, "real_fcap": 0}},
                    {"attributes": {"id": 3.0, "opening_s": "ja", "updated": " ", "real_fcap": 5, "real_capa": 161}},
                    {"attributes": {"id": 5.0, "opening_s": "ja", "updated": None, "real_fcap": 5}},
                    {
                        "attributes": {
                            **{"id": 2.0, "opening_s": "ja", "updated": 1_704_106_800_000.0},
                            **{"real_fcap": 130.0, "real_capa": " "},
                        }
                    },
                ]
            }
        ),
        (("2024-01-01T12:00:00Z", 130.0),),
        ("left-out", "no-time", "no-time"),
    ),
    Faulty(
        "konstanz-parking",
        "an error of ArcGIS comes with 200",
        _json({"error": {"code": 400, "message": "Invalid URL", "details": []}}),
        error="no list of records",
    ),
    Faulty(
        "parkapi",
        "numbers as text, and version 1 writes UTC without saying so",
        _json(
            {
                "last_updated": "2021-09-09T08:40:03.944966",
                "lots": [
                    {"name": "P8_Parkdeck_Altstadt_Haagstrasse", "state": "open", "free": "0", "total": "12"},
                    {"name": "P8_Parkdeck_Altstadt_Haagstrasse", "state": "closed", "free": 0, "total": 12},
                ],
            }
        ),
        (("2021-09-09T08:40:03.944966Z", 0.0), ("2021-09-09T08:40:03.944966Z", 12.0)),
        ("left-out",),
    ),
    Faulty(
        "mosmix",
        "zero degrees are a value and - is none",
        _kml("2026-01-01T10:00:00.000Z 2026-01-01T11:00:00.000Z", "273.15 -"),
        (
            ("2026-01-01T10:00:00Z", 0.0),
            ("2026-01-01T10:00:00Z", 0.0),
            ("2026-01-01T10:00:00Z", 2.7315),
            ("2026-01-01T10:00:00Z", 273.15),
            ("2026-01-01T10:00:00Z", 273.15),
        ),
        ("no-value",),
    ),
    Faulty("mosmix", "more steps than values", _kml("2026-01-01T10:00:00Z 2026-01-01T11:00:00Z", "1"), error="differ"),
    Faulty("mosmix", "an entity", _kml("2026-01-01T10:00:00Z", "1", "<!DOCTYPE a>"), error="DTD"),
    Faulty("mosmix", "an archive without KML", _zip(a__txt="x"), error="not hold exactly one"),
    Faulty(
        "dwd-hourly",
        "a change of form in the part that was asked for",
        _zip(produkt_x="STATIONS_ID;MESS_DATUM;TT;eor\n 1;2020010100; 1.0;eor\n"),
        error="“TT_TU”",
        part="air_temperature/recent/stundenwerte_TU",
    ),
    Faulty(
        "dwd-hourly",
        "-999 in two spellings, no summer time",
        _zip(
            produkt_x="STATIONS_ID;MESS_DATUM;TT_TU;RF_TU;eor\n"
            "1;2024033101;-999;-999.0;eor\n1;2024033102; 0.0; 96.0;eor\n",
            Metadaten_x="x",
        ),
        (("2024-03-31T02:00:00Z", 0.0), ("2024-03-31T02:00:00Z", 96.0)),
        ("sentinel", "sentinel"),
        part="air_temperature/recent/stundenwerte_TU",
    ),
    Faulty(
        "lubw",
        "UTC+1 in summer too, null in an hour of calibration, negative values are real, zero is one",
        _lubw(
            ("2025-07-01T00:00:00", "2025-07-01T01:00:00", -0.55),
            ("2025-07-01T01:00:00", "2025-07-01T02:00:00", None),
            ("2025-10-26T02:00:00", "2025-10-26T03:00:00", 0),
            ("2025-03-30T02:00:00", "2025-03-30T03:00:00", 1),
        ),
        (("2025-06-30T23:00:00Z", -0.55), ("2025-10-26T01:00:00Z", 0.0), ("2025-03-30T01:00:00Z", 1.0)),
        ("no-value",),
        part="O3",
    ),
    Faulty("lubw", "nothing yet", _json({"messwerte": []}), part="PM2,5"),
    Faulty("lubw", "an error", _json({"error": "no component"}), error="no list of records", part="PM2,5"),
    Faulty(
        "opensensemap",
        "lastMeasurement absent, null, or only an id; both micro signs; stuck at 100",
        _json(
            {
                "_id": "6107df25c4aab8001b94e043",
                "sensors": [
                    {"title": "Temperatur", "unit": "°C", "sensorType": "HDC1080", "lastMeasurement": "5f"},
                    {"title": "Luftdruck", "unit": "hPa", "sensorType": "BMP280", "lastMeasurement": None},
                    *(
                        {
                            **{"title": title, "unit": unit, "sensorType": kind},
                            "lastMeasurement": {"value": value, "createdAt": "2023-12-08T13:08:47.652Z"},
                        }
                        for title, unit, kind, value in (
                            ("rel. Luftfeuchte", "%", "HDC1080", "100"),
                            ("PM10", "\u00b5g/m³", "SDS 011", "0"),
                            ("PM2.5", "\u03bcg/m³", "SDS 011", "1.5"),
                        )
                    ),
                ],
            }
        ),
        (("2023-12-08T13:08:47.652Z", 0.0), ("2023-12-08T13:08:47.652Z", 1.5)),
        ("no-time", "no-time", "sentinel"),
    ),
    Faulty(
        "opensensemap",
        "the owner changed the unit",
        _json(
            {
                "_id": "6107df25c4aab8001b94e043",
                "sensors": [
                    {
                        **{"title": "Temperatur", "unit": "°F", "sensorType": "HDC1080"},
                        "lastMeasurement": {"value": "40", "createdAt": "2023-12-08T13:08:47.652Z"},
                    }
                ],
            }
        ),
        error="Temperatur",
    ),
    Faulty(
        "ecocounter",
        "null is no count, zero is one, a time without its offset is none",
        _json(
            [
                {
                    "data": [
                        {"timestamp": "2024-03-31T01:45:00+0100", "traffic": {"counts": 0}},
                        {"timestamp": "2024-03-31T03:00:00+0200", "traffic": {"counts": 12}},
                        {"timestamp": "2024-03-31T03:15:00+0200", "traffic": {"counts": None}},
                        {"timestamp": "2024-03-31T03:30:00", "traffic": {"counts": 7}},
                    ]
                }
            ]
        ),
        (("2024-03-31T00:45:00Z", 0.0), ("2024-03-31T01:00:00Z", 12.0)),
        ("no-value", "no-time"),
    ),
    Faulty("ecocounter", "nothing", b"[]"),
    Faulty("ecocounter", "several series", _json([{"data": []}, {"data": []}]), error="no list of records"),
    Faulty(
        "ecocounter-csv",
        "modified values, empty channels, a hole in spring",
        b"Datetime,100020113 (A),2 (B),100020113-status,2-status\n"
        b"2024-03-31 01:45,0,,0,\n2024-03-31 02:00,5,,0,\n2024-03-31 03:00,5,,modified,\n2024-03-31 03:15,6,,4,\n",
        (("2024-03-31T00:45:00Z", 0.0),),
        ("skipped-time", "no-value", "no-value"),
    ),
    Faulty("ecocounter-csv", "a cut line", b"Datetime,1 (A),1-status\n2024-03-31 01:45,0\n", error="line 2"),
    Faulty(
        "bast",
        "hours from 1 to 24, padded, doubtful counts, both changes of clocks",
        _bast(
            "8219;8077;230101;01;   12;-;    0;-",
            "8219;8077;230101;24;   13;a;   14;d",
            "8219;8077;230101;25;   13;-;   14;-",
            "8219;8077;230326;03;    1;-;    1;-",
            "8219;8077;231029;03;    1;-;    1;-",
        ),
        (("2022-12-31T23:00:00Z", 12.0), ("2022-12-31T23:00:00Z", 0.0)),
        ("no-value", "no-time", "skipped-time", "doubled-time"),
    ),
    Faulty("bast", "another head", _bast("1;2", head="a;b"), error="columns"),
    Faulty(
        "mastr",
        "operating units alone, no names, a missing power",
        _json(
            {
                "Data": [
                    {
                        **{"BetriebsStatusId": 35, "EnergietraegerName": "Solare Strahlungsenergie"},
                        **{"Nettonennleistung": 9.9, "AnlagenbetreiberName": "natürliche Person (ABR1)"},
                    },
                    {"BetriebsStatusId": 31, "EnergietraegerName": "Wind", "Nettonennleistung": 4000.0},
                    {"BetriebsStatusName": "In Betrieb", "EnergietraegerName": "Speicher", "Nettonennleistung": None},
                ],
                "Total": 3,
            }
        ),
        (("", 1.0), ("", 9.9), ("", 1.0), ("", 0.0)),
    ),
    Faulty("mastr", "a part of the register", _json({"Data": [{}], "Total": 4711}), error="1 / 4711"),
    Faulty("mastr", "a wrong filter gives nothing", _json({"Data": [], "Total": 0})),
    Faulty(
        "ocpi",
        "planned points are not there, and a location may have none",
        _json(
            {
                "data": [
                    {
                        "id": "1588625",
                        "evses": [{"status": one} for one in ("AVAILABLE", "PLANNED", "OUTOFORDER", "UNKNOWN", "odd")],
                    },
                    {"id": "1588625", "evses": [{"status": "REMOVED"}]},
                    {"id": "1588625"},
                ]
            }
        ),
        (("", 4.0), ("", 1.0), ("", 0.0), ("", 1.0)),
        ("no-value", "no-value"),
    ),
    Faulty(
        "sensorthings",
        "intervals and instants, results that are no numbers, resultTime null, zero",
        _json(
            {
                "value": [
                    _observation("2024-07-01T10:00:00Z/2024-07-01T11:00:00Z", 0),
                    _observation("2024-07-01T11:00:00.000+02:00", 1.5, resultTime="2024-07-01T11:00:05Z"),
                    _observation("2024-07-01T12:00:00Z", "warm"),
                    _observation("2024-07-01T12:00:00Z", {"a": 1}),
                    _observation("", 1),
                ]
            }
        ),
        (("2024-07-01T10:00:00Z", 0.0), ("2024-07-01T09:00:00Z", 1.5)),
        ("no-number", "no-number", "no-time"),
    ),
    Faulty(
        "sensorthings", "another unit", _json({"value": [_observation("2024-07-01T10:00:00Z", 70, "°F")]}), error="°F"
    ),
    Faulty("sensorthings", "one entity, not a list", _json({"@iot.id": 1, "name": "x"}), error="no list of records"),
)
