"""Who sees which feature, and which of its fields."""

from msgspec import Struct

from layers.assignment import missions_of
from layers.picture import Picture
from layers.wire import Feature

ROLES = ("control", "crew", "planner", "liaison", "feed", "admin")
ALL_LAYERS = (
    *("missions", "units", "crowd", "drones", "buildings", "devices", "reports", "warnings", "notes", "sources"),
    "cards",
)
PERSONAL: dict[str, tuple[str, ...]] = {
    "missions": ("reporter",),
    "buildings": ("name", "email", "floor_plan_url"),
    "reports": ("author", "sender_id", "sender_name"),
    "notes": ("sender_name",),
}
"""Fields with personal data, by layer: dropped outside the control room and the crews of the mission."""


def layers_for(role: str) -> tuple[str, ...]:
    """The layers a role may ask for; none for a feed or an unknown role."""
    if role == "feed" or role not in ROLES:
        return ()
    if role == "liaison":
        return tuple(layer for layer in ALL_LAYERS if layer not in ("devices", "cards"))
    return ALL_LAYERS


class View(Struct, frozen=True):
    """What one kind of reader sees; equal views share one encoding.

    `unit` is the subject of a crew's unit, `layers` narrows what is sent, `mission` is the one a crew looks at.
    """

    role: str
    unit: str | None = None
    layers: tuple[str, ...] | None = None
    mission: str | None = None

    def scope(self, picture: Picture) -> tuple[str, ...]:
        """What the view depends on besides the feature itself: when it changes, everything is to be shown anew."""
        return tuple(missions_of(picture.book, self.unit)) if self.role == "crew" and self.unit else ()

    def show(self, feature: Feature, picture: Picture) -> Feature | None:  # noqa: ARG002
        """The feature as this reader may see it, None where it may not. Never changes the feature."""
        layer = feature["properties"]["layer"]
        if layer not in layers_for(self.role) or (self.layers is not None and layer not in self.layers):
            return None
        personal = PERSONAL.get(layer)
        if self.role == "control" or personal is None:
            return feature
        properties = {key: value for key, value in feature["properties"].items() if key not in personal}
        return {**feature, "properties": properties}
