"""What the types of Cursor on Target mean: a tree of words from left to right, matched by the longest known prefix.

Atoms (`a-`) begin with affiliation and dimension; upper-case fields are those of MIL-STD-2525, lower-case ones CoT's
own. The letters of incidents are CAP's categories.
"""

import re

AFFILIATIONS = {
    "p": "pending",
    "u": "unknown",
    "a": "assumed_friend",
    "f": "friend",
    "n": "neutral",
    "s": "suspect",
    "h": "hostile",
    "j": "joker",
    "k": "faker",
    "o": "none",
    "x": "other",
}
DIMENSIONS = {
    "P": "space",
    "A": "air",
    "G": "ground",
    "S": "sea_surface",
    "U": "subsurface",
    "F": "sof",
    "X": "other",
}
OWN = frozenset({"friend", "assumed_friend"})
DRONE = re.compile(r"a-[a-z]-A-[MC](?:-[HFL])?-[Qq](?:-.*)?")

ATOMS = {
    "A": "Luftfahrzeug",
    "A-M-H": "Hubschrauber",
    "A-C-H": "Hubschrauber",
    "A-M-F": "Flugzeug",
    "A-C-F": "Flugzeug",
    "A-M-H-Q": "Drohne (Drehflügler)",
    "A-M-F-Q": "Drohne (Starrflügler)",
    "A-C-F-q": "Drohne (Starrflügler)",
    "G": "Einheit am Boden",
    "G-U-C": "TAK-Client",
    "G-E-V": "Fahrzeug",
    "G-E-V-C": "Fahrzeug",
    "G-U-i": "Einsatzkräfte",
    "G-U-i-f": "Feuerwehr",
    "G-U-i-f-efp": "Löschfahrzeug",
    "G-U-i-f-fta": "Feuerwehrfahrzeug",
    "G-U-i-f-wt": "Tanklöschfahrzeug",
    "G-U-i-f-fb": "Löschboot",
    "G-U-i-f-hf": "Löschhubschrauber",
    "G-U-i-f-het": "Gefahrgutzug",
    "G-U-i-f-hc": "Löschtrupp",
    "G-U-i-f-st": "Löschzug",
    "G-U-i-f-mcu": "Fernmeldefahrzeug",
    "G-U-i-f-imt": "Einsatzleitung",
    "G-U-i-m": "Rettungsdienst",
    "G-U-i-m-ag": "Rettungswagen",
    "G-U-i-m-ast": "Rettungsdienst-Zug",
    "G-U-i-m-aar": "Rettungshubschrauber",
    "G-U-i-m-aaf": "Ambulanzflugzeug",
    "G-U-i-l": "Polizei",
    "G-U-i-s": "Suche und Rettung",
    "G-U-i-s-cdr": "Rettungshunde",
    "G-U-i-e": "Katastrophenschutz",
    "G-U-i-e-imt": "Führungsstab",
    "G-U-i-e-mcc": "Mobile Fernmeldezentrale",
    "G-U-i-e-mfk": "Feldküche",
    "G-U-i-h": "Gesundheitsdienst",
    "G-U-i-p": "Technische Dienste",
    "G-I": "Einrichtung",
    "G-I-i-f-fd": "Feuerwache",
    "G-I-i-e-icp": "Einsatzleitung",
    "G-I-i-e-eoc": "Leitstelle",
    "G-I-i-o-sa": "Bereitstellungsraum",
    "G-I-X-H": "Krankenhaus",
    "S": "Wasserfahrzeug",
    "X-i": "Einsatz",
    "X-i-g": "Einsatz (Geo)",
    "X-i-m": "Einsatz (Wetter)",
    "X-i-s": "Einsatz (Sicherheit)",
    "X-i-l": "Einsatz (Polizei)",
    "X-i-r": "Einsatz (Rettung)",
    "X-i-f": "Einsatz (Brand)",
    "X-i-h": "Einsatz (Gesundheit)",
    "X-i-e": "Einsatz (Umwelt)",
    "X-i-t": "Einsatz (Verkehr)",
    "X-i-i": "Einsatz (Infrastruktur)",
    "X-i-c": "Einsatz (ABC)",
    "X-i-o": "Einsatz (sonstiger)",
}
"""Names by what stands behind the affiliation."""

EMERGENCIES = {
    "b-a-o-tbl": "911 Alert",
    "b-a-o-pan": "Ring The Bell",
    "b-a-o-opn": "In Contact",
    "b-a-g": "Geo-fence Breached",
    "b-a-o": "Alert",
    "b-r-f-h-c": "CASEVAC",
}
CANCEL = "b-a-o-can"

MARKS = {
    "b-m-p-s-m": "spot",
    "b-m-p-s-p-loc": "sensor",
    "b-m-p-s-p": "spot",
    "b-m-p-w": "waypoint",
    "b-m-p-c": "waypoint",
    "b-m-p": "marker",
    "b-m-r": "route",
    "u-d-c-c": "circle",
    "u-d-c-e": "ellipse",
    "u-r-b-c-c": "circle",
    "u-d-r": "rectangle",
    "u-d-f": "freeform",
    "u-d-v": "freeform",
    "u-d-p": "marker",
    "u-rb-a": "range",
    "u-r-b-bullseye": "bullseye",
    **dict.fromkeys(EMERGENCIES, "emergency"),
    "b-r-f-h-c": "casevac",
}
"""What a type draws, by its longest known prefix."""

CHAT = "b-t-f"
PICTURES = ("b-i-x-i", "b-i-v")
DELETE = "t-x-d-d"
PING, PONG = "t-x-c-t", "t-x-c-t-r"
OFFER, REQUEST, RESPONSE = "t-x-takp-v", "t-x-takp-q", "t-x-takp-r"
SILENT = ("b-t-f-", "b-f-t-", "t-", "y-")
"""Receipts, file transfers and control messages: no objects, even where they carry a point."""


def longest(kind: str, table: dict[str, str]) -> str | None:
    """What the table says of the longest beginning of a type that it has."""
    parts = kind.split("-")
    for end in range(len(parts), 0, -1):
        found = table.get("-".join(parts[:end]))
        if found is not None:
            return found
    return None


def atom_name(kind: str) -> str | None:
    """What an atom is, in words."""
    return longest("-".join(kind.split("-")[2:]), ATOMS) if kind.startswith("a-") else None
