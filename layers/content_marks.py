"""What people mark on a map, and what they call for: markers, shapes, routes, alarms; part of `layers.content`."""

from typing import Any

from msgspec import UNSET, UnsetType

from layers.content_parts import Base, Flag, Number, Text, Time, Words


class Mark(Base, frozen=True, kw_only=True, omit_defaults=True, tag="mark"):
    """Something drawn or called out by a person or device in the field; its geometry is the observation's.

    `mark` is what it is: marker, spot, waypoint, place, incident, track, sensor, circle, ellipse, rectangle, freeform,
    line, route, range, bullseye, geofence, emergency, casevac or other. `cot_type` is its type in Cursor on Target,
    `affiliation` and `dimension` what that says (friend, neutral, unknown ...; ground, air ...), `how` how the position
    came about (`h-e` by hand, `m-g` by GPS). Colours are `#rrggbb`. A circle has `radius_m`, an ellipse its two semi
    axes and the angle of the major one, clockwise from north; a range line `range_m` and `bearing_deg`; a sensor the
    opening `fov_deg` around `bearing_deg`. `fence` says what a geofence watches. `emergency` is the kind of alarm.
    `parent` is the subject of who made it, `creator` its call sign. `hae_m` is the height above the ellipsoid of WGS84.
    `stale_at` is the end of validity that the sender named; with `archive` it is to be kept all the same.
    """

    mark: Text = UNSET
    name: Text = UNSET
    text: Text = UNSET
    cot_type: Text = UNSET
    affiliation: Text = UNSET
    dimension: Text = UNSET
    how: Text = UNSET
    icon: Text = UNSET
    color: Text = UNSET
    fill: Text = UNSET
    radius_m: Number = UNSET
    major_m: Number = UNSET
    minor_m: Number = UNSET
    angle_deg: Number = UNSET
    range_m: Number = UNSET
    bearing_deg: Number = UNSET
    fov_deg: Number = UNSET
    heading_deg: Number = UNSET
    speed_mps: Number = UNSET
    hae_m: Number = UNSET
    waypoints: Words = UNSET
    fence: dict[str, Any] | None | UnsetType = UNSET
    emergency: Text = UNSET
    parent: Text = UNSET
    creator: Text = UNSET
    archive: Flag = UNSET
    stale_at: Time = UNSET
