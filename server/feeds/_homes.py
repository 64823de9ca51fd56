"""What smart-home formats have in common: whose devices they are, what a property measures, and when it is an alarm."""

import re
from typing import Any

from msgspec import UNSET, Struct, UnsetType

from server.feeds import INVALID, Context, DecodeError
from server.feeds._batch import settings, subject
from server.feeds._geometry import BadGeometry, position
from server.feeds._secrets import MASK
from server.feeds._secrets import clean as without_secrets

OK, WARNING, ALARM, ERROR, UNKNOWN = "OK", "WARNING", "ALARM", "ERROR", "UNKNOWN"
TEST = "test"
"""Flag: the device tests itself; what it says is no alarm."""

ALARMS = frozenset(
    {"smoke", "gas", "carbon_monoxide", "water", "heat", "fire", "panic", "glass_break", "burglary", "safety"}
)
WARNINGS = frozenset({"tamper", "vibration", "problem", "battery_low", "fault", "end_of_service", "cold", "freeze"})
"""Of what is on or off: what is an alarm when it is on, and what is a warning. All else (motion, doors) is neither."""

MEASURES: dict[str, str] = {
    "water_leak": "water",
    "moisture": "water",
    "flood": "water",
    "co": "carbon_monoxide",
    "sos": "panic",
    "occupancy": "motion",
    "moving": "vibration",
    "illuminance": "light",
    "illuminance_lux": "light",
    "opening": "contact",
    "garage_door": "door",
    "sound_pressure": "noiseLevel",
    "noise": "noiseLevel",
}
"""Names of properties and device classes that are other words for a measure."""
MEASURED = frozenset(
    {
        *("temperature", "device_temperature", "humidity", "illuminance", "illuminance_lux", "pressure", "co2", "pm25"),
        *("pm10", "voc", "voc_index", "formaldehyd", "carbon_dioxide", "noise", "sound_pressure", "battery", "power"),
    }
)
"""Names of properties that are a number worth a device of its own."""
_TRUE = frozenset({"on", "true", "yes", "1", "detected", "alarm", "triggered"})
_FALSE = frozenset({"off", "false", "no", "0", "clear", "normal", "none"})
_NOT_SECRET = re.compile(
    rb"(\"[\w ]{0,60}contact[\w ]{0,60}\"\s{0,20}:\s{0,20}(?:true|false|null|[{\[]))", re.IGNORECASE
)
"""A contact of a door is no person's."""
_NETWORK = re.compile(
    rb"(?P<name>\"(?:network_?key|pan_?id|ext_?pan_?id|extended_pan_id|link_?key|install_?code|setup_?code|pin_?code)\""
    rb"\s{0,20}:\s{0,20})(?:\[[^\]]{0,2000}\]?|\"(?:[^\"\\]|\\.)*+\"?|[^\s,\[\]{}\"]++)",
    re.IGNORECASE,
)
"""With what a radio network is entered, and a lock opened."""


class HomeOptions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`building`: the subject of the building that the devices of this source are in; without it only the control room
    sees them. `lon`, `lat`: where they are, if the building's own position is not theirs.
    """

    building: str | None = None
    lon: float | None = None
    lat: float | None = None

    @property
    def geometry(self) -> dict[str, Any] | UnsetType:
        """The position of the settings, UNSET without one. Raises DecodeError for one that cannot be."""
        if self.lon is None or self.lat is None:
            return UNSET
        try:
            return {"type": "Point", "coordinates": position(self.lon, self.lat)}
        except BadGeometry as error:
            raise DecodeError(f"the settings of this source: {error}", INVALID) from error


class Home:
    """The home that a source speaks for: its settings, and subjects of its own (two homes may have a `kitchen`)."""

    def __init__(self, feed: str, context: Context, options: HomeOptions | None = None) -> None:
        self.feed = feed
        self.options = options if options is not None else settings(context, HomeOptions)
        self.instance = context.source.partition("/")[2] or "home"
        self.geometry = self.options.geometry
        self.building: str | UnsetType = self.options.building or UNSET

    def subject(self, *key: str) -> str:
        """The subject of a device."""
        return subject(self.feed, self.instance, *key)


def clean(body: bytes) -> bytes:
    """The message with secrets blanked, also those of radio networks. What is said of a door contact stays."""
    parts = _NOT_SECRET.split(body)
    parts[::2] = [without_secrets(part) for part in parts[::2]]
    return _NETWORK.sub(rb'\g<name>"' + MASK.encode() + b'"', b"".join(parts))


def measure_of(name: str) -> str:
    """What a property or device class measures."""
    return MEASURES.get(name, name)


def on_or_off(value: Any) -> bool | None:
    """Whether something is on, in the many words for it; None where it does not say."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return value != 0
    word = value.strip().casefold() if isinstance(value, str) else ""
    return True if word in _TRUE else False if word in _FALSE else None


def state_of(measure: str, on: bool | None, testing: bool = False) -> str | UnsetType:
    """The state of a detector that is on, off, or does not say; UNSET for what is no detector."""
    if measure not in ALARMS | WARNINGS:
        return UNSET
    if on is None:
        return UNKNOWN
    if not on:
        return OK
    return WARNING if testing or measure in WARNINGS else ALARM
