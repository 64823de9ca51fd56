"""Who sees which feature, and which of its fields: audience and purpose, decided in one place.

Reduced instead of denied where that helps: the geometry of a mission stays, what is private goes. Personal fields
reach the control room and the crews of the mission alone. A home shows nothing before its owner consents; only the
control room sees then that it is there, and may ask. Nothing here changes a feature or looks at a clock: a view is a
pure function of a feature and the picture.
"""

from typing import Any

from msgspec import Struct

from layers.assignment import belongs, missions_of
from layers.book import Book
from layers.brief import HOME_M
from layers.devices import consent
from layers.geo import centre, distance_m
from layers.missions import OPEN, state
from layers.picture import Picture
from layers.position import place
from layers.wire import Feature

ROLES = ("control", "crew", "planner", "liaison", "feed", "admin")
ALL_LAYERS = (
    *("missions", "units", "crowd", "drones", "buildings", "devices", "reports", "warnings", "marks", "notes"),
    *("sources", "cards", "routes", "water"),
)

PERSONAL: dict[str, frozenset[str]] = {
    "missions": frozenset({"reporter"}),
    "drones": frozenset({"operator_place", "operator_id", "remark"}),
    "buildings": frozenset({"name", "email", "floor_plan_url"}),
    "reports": frozenset({"author", "sender_id", "sender_name"}),
    "notes": frozenset({"sender_name"}),
}
"""Fields with personal data, by layer."""
PERSONAL_FACTS = frozenset({"reporter", "floor_plan_url"})
"""Facts of a card that are personal."""

_COMMON = frozenset(
    {
        *("layer", "part", "title", "rev", "observed_at", "reported_at", "received_at", "stale_at", "expires_at"),
        *("sources", "flags", "accuracy_m", "times"),
    }
)
_OTHER_MISSION = _COMMON | {"category", "state", "position_source", "position_accuracy_m"}
"""What a crew sees of a mission that is not its own."""
_CLOSED_HOME = _COMMON | {"permission", "address"}
"""What the control room sees of a home before its owner consents."""
_INSIDE = frozenset({"devices", "persons_probable"})
"""What a building tells of its devices."""
_QUARANTINE = frozenset({"last_refusal", "refusal_why", "peer", "link_reason", "link_why"})
"""Of a source: may quote what was refused, or names machines of the town."""
FIELD = frozenset({"crew", "tak"})
"""Origins of notes that people in the field wrote."""
REDUCED_TITLE = "Einsatz"


def layers_for(role: str) -> tuple[str, ...]:
    """The layers a role may ask for; none for a feed or an unknown role."""
    if role == "feed" or role not in ROLES:
        return ()
    if role == "liaison":
        return tuple(layer for layer in ALL_LAYERS if layer not in ("devices", "cards"))
    return ALL_LAYERS


class View(Struct, frozen=True):
    """What one kind of reader sees; equal views share one encoding.

    `unit` is the subject of a crew's unit. `layers` narrows what is sent; with a `mission`, cards and notes of others
    are left out.
    """

    role: str
    unit: str | None = None
    layers: tuple[str, ...] | None = None
    mission: str | None = None

    def scope(self, picture: Picture) -> tuple[str, ...]:
        """What the view depends on besides the feature itself: when it changes, everything is to be shown anew.

        A crew's own missions, and again (marked `open:`) those that are still open.
        """
        if self.role != "crew" or self.unit is None:
            return ()
        own = missions_of(picture.book, self.unit)
        return (*own, *(f"open:{mission}" for mission in _open(picture.book, own)))

    def show(self, feature: Feature, picture: Picture) -> Feature | None:
        """The feature as this reader may see it, None where it may not. Never changes the feature."""
        layer = feature["properties"]["layer"]
        if layer not in layers_for(self.role) or (self.layers is not None and layer not in self.layers):
            return None
        if self.mission is not None and layer in ("cards", "notes") and _mission(feature) not in (None, self.mission):
            return None
        if layer == "buildings":
            return self._building(feature, picture.book)
        if layer == "devices":
            return self._device(feature, picture.book)
        if self.role == "crew":
            return self._crew(feature, picture.book)
        if self.role == "control":
            return feature
        if layer == "notes" and not _may_read(self.role, feature):
            return None
        if layer == "sources" and self.role == "liaison":
            return without(feature, _QUARANTINE)
        return impersonal(feature)

    def _crew(self, feature: Feature, book: Book) -> Feature | None:
        layer = feature["properties"]["layer"]
        if layer == "missions":
            return feature if self._is_own(feature["id"], book) else _reduced(feature)
        if layer in ("cards", "routes"):
            return feature if self._is_own(_mission(feature), book) else None
        if layer == "notes":
            return self._note(feature, book)
        if layer == "sources":
            return without(feature, _QUARANTINE)
        return impersonal(feature)

    def _is_own(self, mission: str | None, book: Book) -> bool:
        """Whether it is a mission of the crew's unit."""
        return self.unit is not None and mission is not None and belongs(book, self.unit, mission)

    def _note(self, feature: Feature, book: Book) -> Feature | None:
        """A crew reads what concerns its missions, what is meant for it, what it wrote, and what control tells all."""
        properties = feature["properties"]
        mission, receiver = properties["mission"], properties["receiver"]
        if self._is_own(mission, book):
            return feature
        to_all = properties["origin"] == "control" and receiver is None and mission is None
        mine = self.unit is not None and self.unit in (receiver, properties["sender_id"])
        return impersonal(feature) if to_all or mine else None

    def _building(self, feature: Feature, book: Book) -> Feature | None:
        if feature["properties"]["part"] != "building":
            return self._inside(feature, book)
        if feature["properties"]["permission"] != "GRANTED":
            return _closed(feature) if self.role == "control" else None
        if self.role == "control" or (self.role == "crew" and self._is_at_hand(feature, book)):
            return feature
        if self.role == "liaison":
            return without(impersonal(feature), _INSIDE)
        return impersonal(feature) if self.role != "crew" else None

    def _inside(self, feature: Feature, book: Book) -> Feature | None:
        """Rooms: who may see the building's devices. Persons: the control room and the crews at hand."""
        record = book.record(feature["id"], "room", "occupant")
        if record is None or consent(book, record) != "granted" or self.role == "liaison":
            return None
        if self.role == "control" or (self.role == "crew" and self._is_at_hand(feature, book)):
            return feature
        return feature if self.role != "crew" and record.kind == "room" else None

    def _device(self, feature: Feature, book: Book) -> Feature | None:
        """Consent is asked of the picture, not of the feature: it counts now."""
        record = book.record(feature["id"], "device")
        given = consent(book, record) if record is not None else "unknown"
        if given == "unknown":
            return feature if self.role == "control" else None
        if given != "granted" or (self.role == "crew" and not self._is_at_hand(feature, book)):
            return None
        return feature

    def _is_at_hand(self, feature: Feature, book: Book) -> bool:
        """Whether a home is within reach of an own open mission."""
        geometry = feature["geometry"]
        if geometry is None or self.unit is None:
            return False
        lon, lat = centre(geometry)
        for mission in _open(book, missions_of(book, self.unit)):
            here = place(book.records[mission])
            if here is not None and distance_m(lon, lat, *centre(here)) <= HOME_M:
                return True
        return False


def _open(book: Book, missions: list[str]) -> list[str]:
    known = ((mission, book.record(mission, "mission")) for mission in missions)
    return [mission for mission, record in known if record is not None and state(record, book.time()) == OPEN]


def _may_read(role: str, note: Feature) -> bool:
    """Planner, liaison and admin: what people in the field say is not for the liaison, what they say to one, for none.

    Control room and crews are asked elsewhere.
    """
    told = note["properties"]
    if told["origin"] == "tak" and told["receiver"] is not None:
        return False
    return role != "liaison" or told["origin"] not in FIELD


def _mission(feature: Feature) -> Any:
    return feature["properties"]["mission"]


def without(feature: Feature, names: frozenset[str]) -> Feature:
    """The feature without some of its properties (the same object where it has none of them)."""
    properties = feature["properties"]
    if names.isdisjoint(properties):
        return feature
    kept = {key: value for key, value in properties.items() if key not in names}
    kept["times"] = {key: value for key, value in kept["times"].items() if key not in names}
    return {**feature, "properties": kept}


def impersonal(feature: Feature) -> Feature:
    """The feature without its personal fields."""
    properties = feature["properties"]
    if properties["layer"] == "cards":
        sections = {
            name: [fact for fact in facts if fact["key"] not in PERSONAL_FACTS]
            for name, facts in properties["sections"].items()
        }
        return {**feature, "properties": {**properties, "sections": sections}}
    personal = PERSONAL.get(properties["layer"])
    return feature if personal is None else without(feature, personal)


def _reduced(feature: Feature) -> Feature:
    """Somebody else's mission: that there is one, of what kind, and whether it is still open."""
    properties = {key: value for key, value in feature["properties"].items() if key in _OTHER_MISSION}
    return {**feature, "properties": {**properties, "title": REDUCED_TITLE, "times": {}}}


def _closed(feature: Feature) -> Feature:
    """A home whose owner has not consented: where it is, and how far the asking is."""
    properties = {key: value for key, value in feature["properties"].items() if key in _CLOSED_HOME}
    address = properties["address"]
    title = address["text"] if address is not None else None
    return {**feature, "properties": {**properties, "title": title, "times": {}}}
