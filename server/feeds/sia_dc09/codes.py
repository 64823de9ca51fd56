"""What event codes mean: Contact ID (ADM-CID, three digits) and SIA (two letters).

Both are read into the same `Event`: a class of events (`fire`, `gas`, `burglary` ...) and whether it is an alarm, a
trouble, a test and so on. Most SIA codes are systematic: the first letter names the class, the second what happened;
those that are not have an entry of their own. Contact ID goes by the standard's groups of a hundred.
"""

from msgspec import Struct

from server.feeds.sia_dc09.two_letters import SIA, Kind


class Event(Struct, frozen=True):
    """A code's meaning. `measure` is the class of events, `text` what the table calls it."""

    measure: str
    kind: Kind
    text: str


CID: dict[int, tuple[str, Kind, str]] = {
    100: ("medical", "alarm", "Medical"),
    101: ("medical", "alarm", "Personal emergency"),
    102: ("medical", "alarm", "Failed to report in"),
    103: ("medical", "alarm", "Fall"),
    110: ("fire", "alarm", "Fire"),
    111: ("smoke", "alarm", "Smoke"),
    112: ("fire", "alarm", "Combustion"),
    113: ("sprinkler", "alarm", "Water flow (sprinkler)"),
    114: ("heat", "alarm", "Heat"),
    115: ("fire", "alarm", "Manual call point"),
    116: ("smoke", "alarm", "Duct detector"),
    117: ("fire", "alarm", "Flame"),
    118: ("fire", "alarm", "Near alarm (fire)"),
    120: ("panic", "alarm", "Panic"),
    121: ("panic", "alarm", "Duress"),
    122: ("panic", "alarm", "Panic, silent"),
    123: ("panic", "alarm", "Panic, audible"),
    124: ("panic", "alarm", "Duress, access granted"),
    125: ("panic", "alarm", "Duress, egress granted"),
    129: ("panic", "alarm", "Panic verified"),
    130: ("burglary", "alarm", "Burglary"),
    131: ("burglary", "alarm", "Burglary, perimeter"),
    132: ("burglary", "alarm", "Burglary, interior"),
    133: ("burglary", "alarm", "Burglary, 24 hours"),
    134: ("burglary", "alarm", "Burglary, entry or exit"),
    135: ("burglary", "alarm", "Burglary, day or night"),
    136: ("burglary", "alarm", "Burglary, outdoor"),
    137: ("tamper", "alarm", "Tamper"),
    138: ("burglary", "alarm", "Near alarm (burglary)"),
    139: ("burglary", "alarm", "Intrusion verified"),
    140: ("general", "alarm", "General alarm"),
    141: ("trouble", "trouble", "Polling loop open"),
    142: ("trouble", "trouble", "Polling loop short"),
    143: ("trouble", "trouble", "Expansion module failure"),
    144: ("tamper", "alarm", "Sensor tamper"),
    145: ("tamper", "alarm", "Expansion module tamper"),
    146: ("burglary", "alarm", "Silent burglary"),
    147: ("trouble", "trouble", "Sensor supervision failure"),
    150: ("general", "alarm", "24 hours, no burglary"),
    151: ("gas", "alarm", "Gas detected"),
    152: ("refrigeration", "alarm", "Refrigeration"),
    153: ("temperature", "alarm", "Loss of heat"),
    154: ("water", "alarm", "Water leakage"),
    155: ("glass_break", "alarm", "Glass break"),
    156: ("trouble", "trouble", "Day trouble"),
    157: ("gas", "trouble", "Low bottled gas level"),
    158: ("temperature", "alarm", "High temperature"),
    159: ("temperature", "alarm", "Low temperature"),
    161: ("air_flow", "alarm", "Loss of air flow"),
    162: ("carbon_monoxide", "alarm", "Carbon monoxide detected"),
    163: ("tank_level", "alarm", "Tank level"),
    168: ("humidity", "alarm", "High humidity"),
    169: ("humidity", "alarm", "Low humidity"),
    200: ("fire", "supervision", "Fire supervisory"),
    201: ("sprinkler", "supervision", "Low water pressure"),
    202: ("sprinkler", "supervision", "Low CO2"),
    203: ("sprinkler", "supervision", "Gate valve"),
    204: ("sprinkler", "supervision", "Low water level"),
    205: ("sprinkler", "supervision", "Pump activated"),
    206: ("sprinkler", "supervision", "Pump failure"),
    300: ("trouble", "trouble", "System trouble"),
    301: ("power", "trouble", "AC loss"),
    302: ("battery", "trouble", "Low system battery"),
    305: ("system", "other", "System reset"),
    306: ("system", "other", "Programming changed"),
    308: ("system", "trouble", "System shutdown"),
    309: ("battery", "trouble", "Battery test failure"),
    311: ("battery", "trouble", "Battery missing or dead"),
    321: ("trouble", "trouble", "Bell 1"),
    330: ("trouble", "trouble", "System peripheral trouble"),
    333: ("trouble", "trouble", "Expansion module failure"),
    344: ("communication", "trouble", "Radio receiver jam detected"),
    350: ("communication", "trouble", "Communication trouble"),
    351: ("communication", "trouble", "Telephone line 1"),
    352: ("communication", "trouble", "Telephone line 2"),
    354: ("communication", "trouble", "Failure to communicate"),
    356: ("communication", "trouble", "Loss of radio supervision"),
    370: ("trouble", "trouble", "Protection loop"),
    373: ("fire_trouble", "trouble", "Fire trouble"),
    380: ("trouble", "trouble", "Sensor trouble"),
    381: ("communication", "trouble", "Loss of supervision (radio)"),
    383: ("tamper", "alarm", "Sensor tamper"),
    384: ("battery", "trouble", "Low battery (radio)"),
    391: ("trouble", "trouble", "Sensor watch failure"),
    400: ("arming", "close", "Opening or closing"),
    401: ("arming", "close", "Opening or closing by user"),
    402: ("arming", "close", "Opening or closing of a group"),
    403: ("arming", "close", "Automatic opening or closing"),
    406: ("cancel", "cancel", "Cancelled by user"),
    407: ("arming", "close", "Remote arming or disarming"),
    408: ("arming", "close", "Quick arming"),
    409: ("arming", "close", "Key switch opening or closing"),
    441: ("arming", "close", "Armed, staying in"),
    454: ("arming", "other", "Failed to close"),
    455: ("arming", "trouble", "Failed to arm"),
    456: ("arming", "close", "Partly armed"),
    459: ("arming", "other", "Recent closing"),
    570: ("bypass", "bypass", "Zone bypassed"),
    571: ("bypass", "bypass", "Fire zone bypassed"),
    572: ("bypass", "bypass", "24-hour zone bypassed"),
    573: ("bypass", "bypass", "Burglary zone bypassed"),
    574: ("bypass", "bypass", "Group bypassed"),
    601: ("test", "test", "Manual test"),
    602: ("test", "test", "Periodic test"),
    603: ("test", "test", "Periodic radio test"),
    604: ("test", "test", "Fire test"),
    606: ("test", "test", "Listen-in to follow"),
    607: ("test", "test", "Walk test mode"),
    608: ("test", "test", "Periodic test, trouble present"),
    616: ("system", "other", "Service request"),
    625: ("system", "other", "Time or date reset"),
    627: ("system", "other", "Programming mode entered"),
    628: ("system", "other", "Programming mode left"),
}
"""Contact ID codes that panels send; `close` is what qualifier 3 means, qualifier 1 is then the opening."""

_GROUPS: dict[int, tuple[str, Kind, str]] = {
    10: ("medical", "alarm", "Medical"),
    11: ("fire", "alarm", "Fire"),
    12: ("panic", "alarm", "Panic"),
    13: ("burglary", "alarm", "Burglary"),
    14: ("general", "alarm", "General alarm"),
    15: ("general", "alarm", "24 hours, no burglary"),
    16: ("general", "alarm", "24 hours, no burglary"),
    20: ("fire", "supervision", "Fire supervisory"),
}
"""Codes that the table does not know, by their first two digits."""
_HUNDREDS: dict[int, tuple[str, Kind, str]] = {
    3: ("trouble", "trouble", "Trouble"),
    4: ("arming", "other", "Access or arming"),
    5: ("bypass", "bypass", "Bypass"),
    6: ("test", "test", "Test or system"),
}

_SUBJECTS = {
    "B": ("burglary", "Burglary"),
    "F": ("fire", "Fire"),
    "G": ("gas", "Gas"),
    "H": ("panic", "Holdup"),
    "K": ("heat", "Heat"),
    "M": ("medical", "Medical"),
    "P": ("panic", "Panic"),
    "Q": ("emergency", "Emergency"),
    "S": ("sprinkler", "Sprinkler"),
    "T": ("tamper", "Tamper"),
    "U": ("general", "Untyped zone"),
    "W": ("water", "Water"),
    "Z": ("freeze", "Freeze"),
}
"""First letters whose second letter is systematic."""
_ACTIONS: dict[str, tuple[Kind, str]] = {
    "A": ("alarm", "alarm"),
    "B": ("bypass", "bypass"),
    "C": ("cancel", "cancel"),
    "H": ("restore", "alarm restore"),
    "I": ("test", "test begin"),
    "J": ("restore", "trouble restore"),
    "K": ("test", "test end"),
    "M": ("alarm", "alarm, cross point"),
    "R": ("restore", "restoral"),
    "S": ("supervision", "supervisory"),
    "T": ("trouble", "trouble"),
    "U": ("other", "unbypass"),
    "V": ("alarm", "verified"),
    "X": ("test", "test"),
    "Y": ("trouble", "missing, trouble"),
    "Z": ("trouble", "missing, supervision"),
}
_TROUBLES = {"fire": "fire_trouble"}
"""A trouble of a fire zone is told apart from its alarm; that of others is a trouble."""


def contact_id(qualifier: str, code: int) -> Event | None:
    """What a Contact ID event says; None for a code of no group. Qualifier 1 new, 3 restored, 6 still so."""
    found = CID.get(code) or _GROUPS.get(code // 10) or _HUNDREDS.get(code // 100)
    if found is None:
        return None
    measure, kind, text = found
    if kind == "close":
        return Event(measure, "open", text) if qualifier == "1" else Event(measure, "close", text)
    if qualifier == "3" and kind in ("alarm", "trouble", "supervision", "bypass"):
        return Event(measure, "restore", f"{text}, restored")
    return Event(measure, kind, text)


def sia(code: str) -> Event | None:
    """What a two-letter code says; None for one that is not known."""
    found = SIA.get(code)
    if found is not None:
        return Event(*found)
    first, second = code[:1], code[1:2]
    if first in ("C", "O") and second:
        return _arming(code)
    if first not in _SUBJECTS or second not in _ACTIONS:
        return None
    measure, name = _SUBJECTS[first]
    kind, action = _ACTIONS[second]
    if kind in ("trouble", "supervision") or second == "J":
        measure = _TROUBLES.get(measure, "trouble")
    elif kind in ("bypass", "test", "cancel"):
        measure = kind
    return Event(measure, kind, f"{name} {action}")


_CLOSINGS = {
    "A": "Automatic closing",
    "E": "Closing extended",
    "F": "Forced closing",
    "G": "Area closing",
    "J": "Late closing",
    "K": "Early closing",
    "L": "Closing",
    "P": "Automatic closing",
    "Q": "Remote closing",
    "R": "Recent closing",
    "S": "Key switch closing",
    "W": "Forced closing",
    "Z": "Point closing",
}
_OPENINGS = {
    "A": "Automatic opening",
    "G": "Area opening",
    "H": "Early opening from alarm",
    "J": "Late opening",
    "K": "Early opening",
    "L": "Late opening from alarm",
    "P": "Opening",
    "Q": "Remote opening",
    "R": "Opening from alarm",
    "S": "Key switch opening",
    "Z": "Point opening",
}
_NOT_DONE = {
    "CD": "Closing delinquent",
    "CI": "Fail to close",
    "CT": "Late to open",
    "OI": "Fail to open",
    "OT": "Late to close",
}


def _arming(code: str) -> Event | None:
    if code in _NOT_DONE:
        return Event("arming", "other", _NOT_DONE[code])
    closing, opening = _CLOSINGS.get(code[1]), _OPENINGS.get(code[1])
    if code[0] == "C":
        return Event("arming", "close", closing) if closing else None
    return Event("arming", "open", opening) if opening else None
