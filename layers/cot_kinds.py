"""Our words as types and colours of Cursor on Target: kinds of vehicles, categories of missions, radio status."""

import re

UNIT_TYPES: tuple[tuple[str, str], ...] = (
    (r"RTH|ITH|Christoph|Rettungshubschrauber", "a-f-G-U-i-m-aar"),
    (r"RTW|KTW|NEF|NAW|ITW|NKTW|Rettungswagen|Krankentransport|Notarzt|ambulance", "a-f-G-U-i-m-ag"),
    (r"ELW ?[123]?|KdoW|Kdow|MTF?|Einsatzleit\w*|command", "a-f-G-U-i-f-imt"),
    (r"G?TLF|ULF|Tanklösch\w*|tender", "a-f-G-U-i-f-wt"),
    (r"H?T?LF|HLF|LF|MLF|KLF|TSF(-W)?|Löschfahrzeug|Löschgruppen\w*|engine|pumper", "a-f-G-U-i-f-efp"),
    (r"GW-?G\w*|GW-?(Mess|Dekon\w*)|ABC\w*|CBRN\w*|hazmat", "a-f-G-U-i-f-het"),
    (r"MZB|RTB|Boot|Mehrzweckboot|boat", "a-f-G-U-i-f-fb"),
    (r"DLK?A?K?|TM|RW|GW\w*|WLF|SW|MTW|Drehleiter|Rüstwagen|truck|ladder", "a-f-G-U-i-f-fta"),
    (r"FuStW|Streifenwagen|Polizei|police", "a-f-G-U-i-l"),
    (r"THW|MTW-TZ|GKW|MzKW|Fachgruppe", "a-f-G-U-i-e"),
)
"""Kinds of vehicles by the words of their type or call sign, the first that fits."""
OTHER_UNIT = "a-f-G-U-i"
_COMPILED = tuple((re.compile(rf"(?<![\wÄÖÜäöü])(?:{words})(?![^\W\d_])"), kind) for words, kind in UNIT_TYPES)

INCIDENTS = {"fire": "a-n-X-i-f", "medical": "a-n-X-i-h", "technical": "a-n-X-i-r", "cbrn": "a-n-X-i-c"}
"""By category of the mission; the last letter is CAP's category."""
OTHER_INCIDENT = "a-n-X-i-o"

STATUS_COLOURS = {
    0: "#e1000f",
    1: "#2e8b3d",
    2: "#2e8b3d",
    3: "#f2a900",
    4: "#d6361f",
    5: "#8a3ffc",
    6: "#6d767e",
    7: "#1f6fd6",
    8: "#1f6fd6",
}
"""By FMS status: call, free, on its way, there, wants to speak, out of service, with a patient."""
SEVERITY_COLOURS = {"Extreme": "#8e1b9c", "Severe": "#d6361f", "Moderate": "#f28c00", "Minor": "#f2d100"}
NO_COLOUR = "#8f9aa4"


def unit_type(vehicle_type: str | None, name: str | None) -> str:
    """The type of a vehicle by what it is called."""
    for words in (vehicle_type, name):
        for pattern, kind in _COMPILED if words else ():
            if pattern.search(words or ""):
                return kind
    return OTHER_UNIT


def incident_type(category: str | None) -> str:
    """The type of a mission by its category."""
    return INCIDENTS.get(category or "", OTHER_INCIDENT)


def argb(colour: str | None) -> int:
    """`#rrggbb` as a signed number of 32 bits, opaque."""
    given = colour if colour is not None and re.fullmatch(r"#[0-9a-fA-F]{6}", colour) else NO_COLOUR
    return int(given[1:], 16) - 0x1000000


def status_argb(status: int | None) -> int:
    """The colour of a radio status."""
    return argb(STATUS_COLOURS.get(-1 if status is None else status))


def severity_argb(severity: str | None) -> int:
    """The colour of a warning."""
    return argb(SEVERITY_COLOURS.get(severity or ""))
