"""Which missions are ours, which is shown, and whether one is new: a new one comes to the front until somebody
confirms.
"""

from dataclasses import dataclass, field
from typing import Any

from layers.wire import Feature


def of_layer(features: dict[str, Feature], layer: str, part: str | None = None) -> list[Feature]:
    """Features of a layer, of one part if given, in the order of their ids."""
    found = [
        feature
        for feature in features.values()
        if feature["properties"].get("layer") == layer and part in (None, feature["properties"].get("part"))
    ]
    return sorted(found, key=lambda feature: str(feature["id"]))


def own_unit(features: dict[str, Feature], unit: str | None) -> Feature | None:
    """The feature of the own vehicle."""
    return features.get(unit) if unit else None


def own_missions(features: dict[str, Feature], unit: str | None) -> list[Feature]:
    """Missions that the own unit is assigned to, open ones first, the newest alarm first."""
    mine = own_unit(features, unit)
    assigned = mine["properties"].get("mission") if mine else None
    found = [
        mission
        for mission in of_layer(features, "missions", "mission")
        if unit and (unit in (mission["properties"].get("units") or ()) or mission["id"] == assigned)
    ]
    found.sort(key=_alarmed_at, reverse=True)
    return sorted(found, key=lambda mission: is_ended(mission))


def is_ended(mission: Feature) -> bool:
    """Whether the mission is over."""
    return bool(mission["properties"].get("state") == "ended")


def _alarmed_at(mission: Feature) -> str:
    properties = mission["properties"]
    return str(properties.get("issued_at") or properties.get("observed_at") or "")


def seen_by_us(mission: Feature, unit: str | None) -> bool:
    """Whether the server knows that this crew has seen the mission."""
    return any(entry.get("by") == unit for entry in mission["properties"].get("seen_by") or ())


@dataclass
class Alarms:
    """Missions that nobody in this cab has confirmed yet. What was confirmed is remembered by the caller's store."""

    confirmed: set[str] = field(default_factory=set)

    def waiting(self, features: dict[str, Feature], unit: str | None) -> list[Feature]:
        """Own open missions that are new, the newest first."""
        return [
            mission
            for mission in own_missions(features, unit)
            if not is_ended(mission) and mission["id"] not in self.confirmed and not seen_by_us(mission, unit)
        ]

    def confirm(self, mission_id: str) -> None:
        """Somebody pressed "Verstanden"."""
        self.confirmed.add(mission_id)


def address(mission: Feature) -> str:
    """The address as a line, "" where none is known or shown."""
    given: Any = mission["properties"].get("address")
    return str(given.get("text") or "") if isinstance(given, dict) else ""
