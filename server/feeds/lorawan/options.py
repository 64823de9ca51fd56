"""What an operator sets for LoRaWAN devices: their model, their place, what they count."""

from typing import Any

from msgspec import UNSET, Struct, UnsetType

from server.feeds import INVALID, DecodeError
from server.feeds._geometry import BadGeometry, position


class Mapped(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A value of the network server's `decoded_payload` at `path` (names and numbers of items, divided by dots) is a
    `measure`; for an event, `probability` is the path of its probability, 0 to 1.
    """

    path: str
    measure: str
    probability: str | None = None


class DeviceEntry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A device. `regions` and `lines`: the subject of the region that its region or line number counts for.

    `period_s` is its reporting interval, over which the counts of a period were made.
    """

    model: str | None = None
    name: str | None = None
    lon: float | None = None
    lat: float | None = None
    building: str | None = None
    regions: dict[str, str] = {}
    lines: dict[str, str] = {}
    period_s: float | None = None
    fields: tuple[Mapped, ...] = ()

    @property
    def geometry(self) -> dict[str, Any] | UnsetType:
        """Its position, UNSET without one. Raises DecodeError for one that cannot be."""
        if self.lon is None or self.lat is None:
            return UNSET
        try:
            return {"type": "Point", "coordinates": position(self.lon, self.lat)}
        except BadGeometry as error:
            raise DecodeError(f"the settings of this source: {error}", INVALID) from error


class LorawanOptions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`devices` by EUI or by the network server's device id; `model` holds for all that have none of their own."""

    devices: dict[str, DeviceEntry] = {}
    model: str | None = None

    def device(self, eui: str | None, device_id: str | None) -> DeviceEntry:
        """The entry of a device, an empty one without."""
        wanted = {key.casefold() for key in (eui, device_id) if key}
        return next((entry for key, entry in self.devices.items() if key.casefold() in wanted), DeviceEntry())
