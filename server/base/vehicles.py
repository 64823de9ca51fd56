"""Vehicles for which ways are looked for: how high, wide and heavy, and how fast they get on.

The defaults are those of German vehicles in use, rounded up: (H)LF 20 and DLK 23 by DIN 14530-11 and DIN EN 14043 with
crew and equipment, ambulance by DIN EN 1789, command car by DIN SPEC 14507-2.
"""

from collections.abc import Mapping
from typing import Annotated

from msgspec import Meta, Struct

Metres = Annotated[float, Meta(gt=0, le=30)]
Factor = Annotated[float, Meta(gt=0, le=3)]


class Vehicle(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One kind of vehicle."""

    height_m: Metres = 3.5
    width_m: Metres = 2.6
    weight_t: Annotated[float, Meta(gt=0, le=80)] = 18.0
    max_kmh: Annotated[float, Meta(gt=0, le=250)] = 100.0
    speed_factor: Factor = 0.85
    """Of the speed that is allowed on a road, what is driven on the average with blue lights; learned on from here."""
    right_turn_s: float = 3.0
    left_turn_s: float = 5.0
    """What a right angle costs; a gentler bend less, a hairpin more."""
    u_turn_s: float = 40.0
    signals_s: float = 4.0
    """A crossing with traffic lights, with blue light and horn."""
    off_road: bool = False
    """Takes tracks of grade 4 and 5."""


VEHICLES: dict[str, Vehicle] = {
    "HLF": Vehicle(),
    "DLK": Vehicle(height_m=3.3, weight_t=16.0, max_kmh=90.0, speed_factor=0.8, u_turn_s=60.0),
    "RTW": Vehicle(height_m=2.9, width_m=2.3, weight_t=5.0, max_kmh=130.0, speed_factor=0.95, left_turn_s=4.0,
                   right_turn_s=2.5, u_turn_s=25.0),
    "KdoW": Vehicle(height_m=1.9, width_m=2.1, weight_t=2.8, max_kmh=160.0, speed_factor=1.0, left_turn_s=3.0,
                    right_turn_s=2.0, u_turn_s=15.0, signals_s=3.0),
}  # fmt: skip
"""Profiles by name."""
USUAL = "HLF"

_KINDS = (
    ("DLK", ("dlk", "dla(k)", "drehleiter", "ladder", "tm ", "tmf")),
    ("RTW", ("rtw", "ktw", "naw", "nktw", "ambulance", "rettungswagen", "itw")),
    ("KdoW", ("kdow", "nef", "elw", "mtf", "mtw", "kommando", "command", "pkw", "fustw", "streifenwagen", "vrw")),
)


def profile_of(vehicle_type: str | None, call_sign: str | None, profiles: Mapping[str, Vehicle]) -> str:
    """The profile of a unit by what it is called; the heaviest usual one for a name that says nothing."""
    for text in (vehicle_type, call_sign):
        low = f"{text or ''} ".lower()
        for name in profiles:
            if name.lower() in low:
                return name
        for name, words in _KINDS:
            if name in profiles and any(word in low for word in words):
                return name
    return USUAL if USUAL in profiles else next(iter(profiles))
