"""Drones: UAVStatus."""

from typing import Any

from layers.content import Drone, Fence, Media, Waypoint
from server.feeds.ngsi.table import GEOMETRY, EntityType, Row, each
from server.feeds.ngsi.values import (
    Bad,
    Reading,
    area,
    choice,
    count,
    degrees,
    flag,
    mps,
    percent,
    point,
    text,
    url,
)


def fences(value: Any, reading: Reading) -> tuple[Fence, ...]:
    """`[{inclusion, geometry}]`; a fence without a shape is left out. Without `inclusion` it keeps the drone in."""
    found = []
    for item in each(value, reading.context.limits.items):
        geometry, inside = area(item.get("geometry"), reading), flag(item.get("inclusion"), reading)
        if isinstance(geometry, dict):
            found.append(Fence(inclusion=inside is not False, geometry=geometry))
    return tuple(found)


def media(value: Any, reading: Reading) -> tuple[Media, ...]:
    """`[{mediaType, url}]`."""
    kind = choice("IMAGE", "VIDEO", "VIDEOSTREAM", unknown="IMAGE")
    found = []
    for item in each(value, reading.context.limits.items):
        link = url(item.get("url"), reading)
        if link is not None:
            found.append(Media(type=kind(item.get("mediaType") or "IMAGE", reading) or "IMAGE", url=link))
    return tuple(found)


def waypoints(value: Any, reading: Reading) -> tuple[Waypoint, ...]:
    """`[{waypointNo, geometry}]` in the order of their numbers."""
    found = []
    for item in each(value, reading.context.limits.items):
        number, geometry = count(item.get("waypointNo"), reading), point(item.get("geometry"), reading)
        if number is None or not isinstance(geometry, dict):
            raise Bad("a waypoint has a number and a point")
        found.append(Waypoint(number=number, geometry=geometry))
    return tuple(sorted(found, key=lambda waypoint: waypoint.number))


UAV_STATUS = EntityType(
    names=("UAVStatus",),
    content=Drone,
    rows=(
        Row("name", "name", text),
        Row("location", GEOMETRY, point),  # third coordinate: metres above ground
        Row("homePosition", "home", point),
        Row("heading", "heading_deg", degrees),
        Row("groundSpeed", "ground_speed_mps", mps),
        Row("verticalSpeed|vertialSpeed", "vertical_speed_mps", mps),
        Row("flightStatus", "flight_status", choice("MISSION", "HOLD", "MANUAL", "RETURN", "LAND", "TAKEOFF")),
        Row("isRecordingVideo", "recording", flag),
        Row("isArmed", "armed", flag),
        Row("fuel", "battery_pct", percent),
        Row("geoFence", "fences", fences),
        Row("media", "media", media),
        Row("nextWaypoint", "next_waypoint", count),
        Row("calculatedFlightPath", "path", waypoints),
    ),
)

TABLES = (UAV_STATUS,)
