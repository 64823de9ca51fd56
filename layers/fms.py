"""The German radio status (Funkmeldesystem, FMS) of a unit, as data.

Meanings as used in North Rhine-Westphalia and by the common gateways, which agree on 0 to 8; 9 is local, no state. Two
more are not states: 0 is an emergency call and 5 a request to speak; both keep the previous state. No transition is
refused: a crew may go from 3 to 2 (called back) or from 2 to 4 (status 3 was lost on the radio).
"""

from collections.abc import Mapping

from msgspec import Struct


class Status(Struct, frozen=True):
    """One status: its `state` on the map (None: keeps the previous), and whether a unit in it is bound to a mission."""

    meaning_de: str
    meaning_en: str
    state: str | None
    committed: bool | None


UNKNOWN = "unknown"
EMERGENCY = 0
SPEECH_REQUEST = 5

FMS: dict[int, Status] = {
    0: Status("Notruf", "emergency call", None, None),
    1: Status("einsatzbereit über Funk", "available on radio", "available_mobile", False),
    2: Status("einsatzbereit auf Wache", "available at station", "available_station", False),
    3: Status("Einsatz übernommen", "mission accepted, under way", "en_route", True),
    4: Status("am Einsatzort", "on scene", "on_scene", True),
    5: Status("Sprechwunsch", "request to speak", None, None),
    6: Status("nicht einsatzbereit", "out of service", "out_of_service", False),
    7: Status("Patient aufgenommen / einsatzgebunden", "patient aboard / committed", "transporting", True),
    8: Status("am Transportziel", "at destination", "at_destination", True),
    9: Status("örtlich belegt", "local use", None, None),
}
"""Every status, 0 to 9: the default of the table that an operator may change (`PictureSettings.fms`)."""

NEXT: dict[int, frozenset[int]] = {
    1: frozenset({2, 3, 6}),
    2: frozenset({1, 3, 6}),
    3: frozenset({1, 2, 4}),
    4: frozenset({1, 2, 3, 7}),
    6: frozenset({1, 2}),
    7: frozenset({1, 2, 8}),
    8: frozenset({1, 2, 3}),
}
"""What usually follows: called back (3 to 1 or 2), on to the next mission (4 or 8 to 3). All else is taken as well."""

Own = Mapping[str, Status]
"""What a region means by a status otherwise, by its digit: in Bavaria 8 is `limited`, some give 9 a state."""
NOTHING: Own = {}

# Registers: what has to be remembered of the status, each by its own newest claim, so that any order of the same
# reports gives the same state. `fms_status` itself holds the newest status of all.
STATE, CLEARED, CALLED = "_state", "_cleared", "_called"


def meaning(status: int, own: Own = NOTHING) -> Status:
    """What a status 0 to 9 means."""
    return own.get(str(status)) or FMS[status]


def registers(status: int | None, own: Own = NOTHING) -> dict[str, int | None]:
    """Which registers a reported status sets. None (status unknown) ends the state but not an emergency."""
    if status is None:
        return {STATE: None}
    if status == EMERGENCY:
        return {CALLED: status}
    if meaning(status, own).state is None:
        return {}
    return {STATE: status, CLEARED: status}


def is_unusual(before: int, after: int, own: Own = NOTHING) -> bool:
    """Whether a change skips a step (2 to 4: the 3 was lost). Never where a region means something else by either."""
    if before == after or str(before) in own or str(after) in own:
        return False
    return before in NEXT and after in NEXT and after not in NEXT[before]


def state(status: int | None, own: Own = NOTHING) -> str:
    """The state that the newest state-giving status stands for, `unknown` without one."""
    return (meaning(status, own).state if status is not None else None) or UNKNOWN
