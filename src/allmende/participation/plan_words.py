"""Words for the codes of plans and of steps in XBeteiligung, and how a procedure stands on a day.

Sources: the list of kinds of plans of the registry GDI-DE (PlanTypeNameValue); the steps as the schema of
XBeteiligung names them (2000, 4000, 5000, 6000) and as systems in use write them (1000, 7000, 8000).
"""

import datetime as dt

from allmende.kernel.text import Text

EARLY, DISPLAY = "4000", "6000"
STEPS: dict[str, Text] = {
    "1000": Text("Einleitungsphase", "opening phase"),
    "2000": Text("Frühzeitige Beteiligung der Behörden", "early participation of authorities"),
    EARLY: Text("Frühzeitige Beteiligung der Öffentlichkeit", "early participation of the public"),
    "5000": Text("Beteiligung der Behörden", "participation of authorities"),
    DISPLAY: Text("Veröffentlichung des Entwurfs (öffentliche Auslegung)", "publication of the draft (public display)"),
    "7000": Text("Feststellungsverfahren", "adoption"),
    "8000": Text("Schlussphase", "closing phase"),
}
_DEVELOPMENT = Text("Bebauungsplan", "local development plan")
_LAND_USE = Text("Flächennutzungsplan", "land-use plan")
KINDS: dict[str, Text] = {
    "6_Bebauungsplan": _DEVELOPMENT,
    "6_1_QualifizierterBPlan": Text("Qualifizierter Bebauungsplan", "qualified local development plan"),
    "6_2_VorhabenbezogenerBPlan": Text(
        "Vorhabenbezogener Bebauungsplan", "local development plan for a single project"
    ),
    "6_3_EinfacherBPlan": Text("Einfacher Bebauungsplan", "simple local development plan"),
    "6_5_VorhabenUndErschliessungsplan": Text(
        "Vorhaben- und Erschließungsplan", "plan for a project and its infrastructure"
    ),
    "6_6_BebauungsplanZurWohnraumversorgung": Text(
        "Bebauungsplan zur Wohnraumversorgung", "local development plan for housing"
    ),
    "7_InnenbereichsSatzung": Text("Innenbereichssatzung", "by-law on the built-up area"),
    "7_1_KlarstellungsSatzung": Text("Klarstellungssatzung", "by-law that clarifies the built-up area"),
    "7_2_EntwicklungsSatzung": Text("Entwicklungssatzung", "by-law that extends the built-up area"),
    "7_3_ErgaenzungsSatzung": Text("Ergänzungssatzung", "by-law that adds to the built-up area"),
    "8_AussenbereichsSatzung": Text("Außenbereichssatzung", "by-law on the undesignated outlying area"),
    "4_1_RegFPlan": Text("Regionaler Flächennutzungsplan", "regional land-use plan"),
    "4_2_GemeinsamerFPlan": Text("Gemeinsamer Flächennutzungsplan", "joint land-use plan"),
    "5_1_FPlanRegPlan": _LAND_USE,
    "5_2_FPlan": _LAND_USE,
    "5_3_SachlicherTeilplan": Text("Sachlicher Teilflächennutzungsplan", "land-use plan on one subject"),
    "6_4_Gruenordnungsplan": Text("Grünordnungsplan", "plan of green spaces"),
}
STATES: dict[str, Text] = {
    "running": Text("läuft", "running"),
    "ahead": Text("beginnt noch", "yet to begin"),
    "undated": Text("ohne Zeitraum", "without a period"),
    "ended": Text("vorbei", "over"),
}


def plan_kind(code: str, name: str) -> Text | None:
    """Name a kind of plan; one that is not known by its code as the message names it."""
    return _named(KINDS, code, name)


def plan_step(code: str, name: str) -> Text | None:
    """Name a step; one that is not known by its code as the message names it."""
    return _named(STEPS, code, name)


def _named(known: dict[str, Text], code: str, name: str) -> Text | None:
    if code in known:
        return known[code]
    words = name or code
    return Text(words, words) if words else None


def plan_state(begins: dt.date | None, ends: dt.date | None, day: dt.date) -> str:
    """Give how a procedure stands on a day; the last day belongs to it, and without one nothing is promised."""
    if ends is not None and ends < day:
        return "ended"
    if begins is not None and begins > day:
        return "ahead"
    return "running" if ends is not None else "undated"
