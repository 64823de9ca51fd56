"""Contents of what flies and of what it sees; part of `layers.content`."""

from msgspec import UNSET, UnsetType

from layers.content_parts import Base, Fence, Flag, Media, Number, Shape, Text, Time, Waypoint, Whole


class Drone(Base, frozen=True, kw_only=True, omit_defaults=True, tag="drone"):
    """An unmanned aircraft; its geometry's third coordinate is metres above ground. Not `armed`: safe to approach.

    `altitude_m` is above sea level, `hae_m` above the ellipsoid of WGS84. Remote identification tells its
    `registration` and `aircraft_type`, a `remark` of who flies it, and as personal data the operator's id and position.
    """

    name: Text = UNSET
    registration: Text = UNSET
    aircraft_type: Text = UNSET
    remark: Text = UNSET
    operator_id: Text = UNSET
    operator_place: Shape = UNSET
    altitude_m: Number = UNSET
    hae_m: Number = UNSET
    home: Shape = UNSET
    heading_deg: Number = UNSET
    ground_speed_mps: Number = UNSET
    vertical_speed_mps: Number = UNSET
    flight_status: Text = UNSET
    recording: Flag = UNSET
    armed: Flag = UNSET
    battery_pct: Number = UNSET
    fences: tuple[Fence, ...] | UnsetType = UNSET
    media: tuple[Media, ...] | UnsetType = UNSET
    next_waypoint: Whole = UNSET
    path: tuple[Waypoint, ...] | UnsetType = UNSET
    stale_at: Time = UNSET


class Image(Base, frozen=True, kw_only=True, omit_defaults=True, tag="image"):
    """A picture of the ground, or the newest frame of a video; its geometry is where the camera was.

    `media` is the SHA-256 of the file, by which the kept original is found. `view` is nadir, oblique, horizon, up,
    photo (a camera in a hand), map (an orthophoto) or unknown. `footprint` is what it shows of the ground, computed or
    told (`footprint_source`), `truncated` where it is cut at the horizon or at its reach; `centre` the middle of it.
    The pose is that of the camera: heading clockwise from true north, pitch -90 straight down. `height_m` is above
    ground by `height_source`, `altitude_m` above the sea as told; `rtk` is none, single, float, fixed or unknown.
    """

    name: Text = UNSET
    media: Text = UNSET
    media_type: Text = UNSET
    url: Text = UNSET
    thumbnail_url: Text = UNSET
    view: Text = UNSET
    camera: Text = UNSET
    drone: Text = UNSET
    taken_at: Time = UNSET
    width_px: Whole = UNSET
    height_px: Whole = UNSET
    footprint: Shape = UNSET
    footprint_source: Text = UNSET
    truncated: Flag = UNSET
    centre: Shape = UNSET
    heading_deg: Number = UNSET
    pitch_deg: Number = UNSET
    roll_deg: Number = UNSET
    height_m: Number = UNSET
    height_source: Text = UNSET
    altitude_m: Number = UNSET
    focal_px: Number = UNSET
    gsd_m: Number = UNSET
    rtk: Text = UNSET
    stale_at: Time = UNSET
