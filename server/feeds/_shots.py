"""From the tags of an image to what it shows: time, place, pose, focal length, footprint.

The tags have the names that ExifTool gives them (a metadata table of ExifTool is read by the same rules as the images
themselves); their values are numbers, or text as cameras and ExifTool write it. What is missing for a footprint is said
in the flags: `no_gps`, `no_height`, `no_pose`, `no_focal_length`, `looks_up`.
"""

import math
import re
from datetime import datetime
from typing import Any

from msgspec import UNSET, Struct, UnsetType, field

from layers.content import Image
from layers.footprint import (
    LARGE_M2,
    Axes,
    Lens,
    body_axes,
    focal_px_of_35mm,
    gimbal_axes,
    ground,
    pitch_deg,
    polygon,
    yaw_deg,
)
from layers.geo import offset
from layers.observation import Geometry
from server.feeds._tags import Tags, altitude, number, place, taken_at, text

MAX_PIXELS = 1_000_000_000
"""A larger image is refused: it is a map, or made to fill the memory of whoever opens it."""
NADIR_DEG = -70.0
"""A camera that looks down steeper than this is called nadir."""
LEAST_BODY_PITCH_DEG = -45.0
"""No fixed wing flies so steeply: a `Camera:Pitch` below it is that of the camera itself, seen from the horizon."""
FOCAL_OF_SIZE = (0.15, 60.0)
"""Focal lengths in image widths that cameras have, from fisheye to 60-fold zoom."""
CALIBRATION_FACTOR = 2.5
"""By how much a calibrated focal length may differ from the 35 mm equivalent."""
DRONE_MAKERS = re.compile(r"dji|hasselblad|parrot|sensefly|micasense|autel|skydio|yuneec|sentera|wingtra|delair", re.I)
RTK = {0: "none", 16: "single", 34: "float", 50: "fixed"}


class ShotOptions(Struct, frozen=True, kw_only=True):
    """What of images an operator may set. `ground_elevation_m` stands in where no height above take-off is given."""

    ground_elevation_m: float | None = None
    pixel_pitch_um: dict[str, float] = field(default_factory=lambda: {"FLIR": 17.0})
    """Size of a pixel by model, where the file does not tell the focal length in pixels: Zenmuse XT."""
    zoom_in_f35: bool = True
    """Whether the 35 mm focal length already counts the digital zoom, as DJI's does."""


class Shot(Struct, frozen=True):
    """What an image is, ready to be claimed."""

    content: Image
    geometry: Geometry | UnsetType
    at: datetime | None
    accuracy_m: float | None
    flags: frozenset[str]
    extra: dict[str, Any]


def shot(tags: Tags, zone: str, options: ShotOptions, **more: Any) -> Shot:
    """The shot that the tags tell of; `more` are contents that they do not hold (media, media_type ...)."""
    flags: set[str] = set()
    at = taken_at(tags, zone, flags)
    where = place(tags, flags)
    altitude_m = altitude(tags, flags)
    height_m, height_source = _height(tags, altitude_m, options)
    size = _size(tags)
    axes, heading = _pose(tags, flags)
    drone = _is_drone(tags)
    lens = None if size is None else _lens(tags, size, options, flags)
    pose: dict[str, Any] = {}
    if axes is not None:
        pose = {"heading_deg": yaw_deg(axes) if heading is None else heading % 360.0, "pitch_deg": pitch_deg(axes)}
        pose["roll_deg"] = number(tags, "GimbalRollDegree", "CameraRollDegree") or 0.0
        if not flags.isdisjoint({"pose_of_aircraft", "pose_of_camera"}):
            pose["roll_deg"] = number(tags, "Roll") or 0.0
    elif heading is not None:
        pose = {"heading_deg": heading % 360.0}
    view: dict[str, Any] = {"view": "unknown" if drone else "photo"}
    if axes is not None:
        view["view"] = "nadir" if pitch_deg(axes) <= NADIR_DEG else "oblique"
    if drone:
        view |= _footprint(axes, lens, height_m, where, flags)
    elif where is UNSET:
        flags.add("no_gps")
    rtk = number(tags, "RtkFlag")
    content = Image(
        camera=_camera(tags),
        taken_at=at or UNSET,
        height_m=_told(height_m, 3),
        height_source=height_source if height_m is not None else UNSET,
        altitude_m=_told(altitude_m, 3),
        focal_px=_told(None if lens is None else lens.focal_px, 2),
        rtk=UNSET if rtk is None else RTK.get(int(rtk), "unknown"),
        **_sizes(size),
        **{name: _told(value, 4) for name, value in pose.items()},
        **view,
        **more,
    )
    return Shot(content, where, at, _accuracy(tags), frozenset(flags), _extra(tags))


def _camera(tags: Tags) -> str | UnsetType:
    """Make and model; many models begin with their make."""
    make, model = text(tags, "Make") or "", text(tags, "Model") or ""
    return " ".join(filter(None, ("" if model.startswith(make) else make, model))) or UNSET


def _told(value: Any, digits: int) -> Any:
    return UNSET if value is None else round(value, digits)


def _is_drone(tags: Tags) -> bool:
    named = ("RelativeAltitude", "GimbalPitchDegree", "GimbalYawDegree", "FlightYawDegree", "CameraPitchDegree")
    posed = number(tags, *named, "Pitch") is not None
    return posed or DRONE_MAKERS.search(text(tags, "Make") or "") is not None


def _height(tags: Tags, altitude_m: float | None, options: ShotOptions) -> tuple[float | None, str]:
    relative = number(tags, "RelativeAltitude")
    if relative is not None and abs(relative) < 100_000:
        return relative, "takeoff"
    above_ground = number(tags, "AboveGroundAltitude")
    if above_ground is not None and abs(above_ground) < 100_000:
        return above_ground, "told"
    if options.ground_elevation_m is not None and altitude_m is not None:
        return altitude_m - options.ground_elevation_m, "setting"
    return None, ""


def _size(tags: Tags) -> tuple[int, int] | None:
    """Width and height as shown, upright."""
    width = number(tags, "ImageWidth", "ExifImageWidth")
    height = number(tags, "ImageHeight", "ExifImageHeight")
    if width is None or height is None or not (1 <= width <= 1e6 and 1 <= height <= 1e6):
        return None
    return (int(height), int(width)) if _is_turned(tags) else (int(width), int(height))


def _is_turned(tags: Tags) -> bool:
    orientation = tags.get("Orientation")
    if isinstance(orientation, str) and not orientation.strip().isdecimal():
        return "90" in orientation or "270" in orientation
    return number(tags, "Orientation") in (5, 6, 7, 8)


def _sizes(size: tuple[int, int] | None) -> dict[str, Any]:
    return {} if size is None else {"width_px": size[0], "height_px": size[1]}


def _pose(tags: Tags, flags: set[str]) -> tuple[Axes | None, float | None]:
    """The camera's axes, and its heading where the axes do not tell it better."""
    pitch = number(tags, "GimbalPitchDegree", "CameraPitchDegree")
    yaw = number(tags, "GimbalYawDegree", "CameraYawDegree")
    flight = number(tags, "FlightYawDegree")
    if pitch is not None and (yaw is not None or flight is not None) and abs(pitch) <= 360:
        if yaw is None:
            flags.add("heading_of_aircraft")
            yaw = flight
        assert yaw is not None
        roll = number(tags, "GimbalRollDegree", "CameraRollDegree") or 0.0
        return gimbal_axes(yaw, pitch, roll), yaw
    body = [number(tags, name) for name in ("Yaw", "Pitch", "Roll")]
    if body[0] is not None and body[1] is not None and body[1] <= LEAST_BODY_PITCH_DEG:
        flags.add("pose_of_camera")
        return gimbal_axes(body[0], body[1], body[2] or 0.0), body[0]
    if body[0] is not None and body[1] is not None:
        flags.add("pose_of_aircraft")
        return body_axes(body[0], body[1], body[2] or 0.0), body[0]
    heading = next((one for one in (yaw, flight, number(tags, "GPSImgDirection", "GPSTrack")) if one is not None), None)
    return None, heading


def _lens(tags: Tags, size: tuple[int, int], options: ShotOptions, flags: set[str]) -> Lens | None:
    """The best focal length there is: calibrated pixels, millimetres and the size of a pixel, the 35 mm equivalent."""
    width, height = size
    scale, zoom = _scale(tags, size), number(tags, "DigitalZoomRatio") or 1.0
    zoom = zoom if 1.0 < zoom <= 100.0 else 1.0
    if zoom > 1.0:
        flags.add("digital_zoom")
    calibrated, centre_x, centre_y = _calibrated(tags, size, scale, flags), None, None
    if calibrated is not None:
        focal = calibrated * scale * zoom
        if not _is_turned(tags) and zoom == 1.0:
            centre_x, centre_y = (_scaled(number(tags, f"CalibratedOpticalCenter{axis}"), scale) for axis in "XY")
    elif (pitch_um := _pixel_pitch_um(tags, options)) is not None and (number(tags, "FocalLength") or 0.0) > 0.0:
        focal = (number(tags, "FocalLength") or 0.0) * 1000.0 / pitch_um * scale * zoom
    elif (f35 := number(tags, "FocalLengthIn35mmFormat", "FocalLengthIn35mmFilm")) is not None and f35 > 0.0:
        focal = focal_px_of_35mm(f35, width, height) * (1.0 if options.zoom_in_f35 else zoom)
    else:
        return None
    if not FOCAL_OF_SIZE[0] * max(size) <= focal <= FOCAL_OF_SIZE[1] * max(size):
        flags.add("focal_length_implausible")
        return None
    return Lens(float(width), float(height), focal, centre_x, centre_y)


def _calibrated(tags: Tags, size: tuple[int, int], scale: float, flags: set[str]) -> float | None:
    """The calibrated focal length in pixels of the image as its camera wrote it.

    Thermal cameras of some DJI models give theirs in micrometres (9100 for 9.1 mm, and 0 for the optical centre): one
    that the 35 mm equivalent contradicts does not count (flagged).
    """
    calibrated = number(tags, "CalibratedFocalLength")
    if calibrated is None or calibrated <= 0.0:
        return None
    f35 = number(tags, "FocalLengthIn35mmFormat", "FocalLengthIn35mmFilm")
    by_f35 = focal_px_of_35mm(f35, *size) if f35 is not None and 0.0 < f35 < 10_000.0 else calibrated * scale
    if not 1.0 / CALIBRATION_FACTOR <= calibrated * scale / by_f35 <= CALIBRATION_FACTOR:
        flags.add("calibration_implausible")
        return None
    return calibrated


def _scaled(value: float | None, scale: float) -> float | None:
    return None if value is None or not 0.0 < value < 1e6 else value * scale


def _scale(tags: Tags, size: tuple[int, int]) -> float:
    """By how much the image was made smaller since its camera wrote the tags."""
    stored = size[1] if _is_turned(tags) else size[0]
    told = number(tags, "ExifImageWidth")
    centre = number(tags, "CalibratedOpticalCenterX")
    if told is not None and told >= 1 and told != stored:
        return stored / told
    if centre is not None and centre > 1 and not 0.75 < 2.0 * centre / stored < 1.25:
        return stored / (2.0 * centre)
    return 1.0


def _pixel_pitch_um(tags: Tags, options: ShotOptions) -> float | None:
    pitch = options.pixel_pitch_um.get(text(tags, "Model") or "")
    return pitch if pitch is not None and pitch > 0 else None


def _footprint(
    axes: Axes | None, lens: Lens | None, height_m: float | None, where: Geometry | UnsetType, flags: set[str]
) -> dict[str, Any]:
    """What the image shows of the ground, and how to call the view."""
    if where is UNSET or axes is None or lens is None or height_m is None or height_m <= 0.0:
        missing = {"no_pose": axes is None, "no_focal_length": lens is None}
        flags.update(name for name, holds in missing.items() if holds)
        if height_m is None or height_m <= 0.0:
            flags.add("no_height")
        if axes is None or pitch_deg(axes) <= 0.0:
            return {}
        flags.add("looks_up")
        return {"view": "up"}
    seen = ground(axes, lens, height_m)
    if seen is None:
        flags.add("looks_up")
        return {"view": "up"}
    lon, lat = where["coordinates"]
    shape = polygon(seen.outline, lon, lat)
    if shape is None:
        return {}
    if seen.area_m2 > LARGE_M2:
        flags.add("footprint_large")
    found: dict[str, Any] = {"footprint": shape, "footprint_source": "computed", "truncated": seen.truncated}
    if None in seen.corners:
        found["view"] = "horizon"
    if seen.centre is not None and math.hypot(*seen.centre) < 20_000.0:
        x, y = offset(lon, lat, *seen.centre)
        found["centre"] = {"type": "Point", "coordinates": [round(x, 7), round(y, 7)]}
        found["gsd_m"] = round(math.hypot(height_m, *seen.centre) / lens.focal_px, 5)
    return found


def _accuracy(tags: Tags) -> float | None:
    std = [number(tags, name) for name in ("RtkStdLat", "RtkStdLon")]
    if std[0] is not None and std[1] is not None and (std[0] > 0 or std[1] > 0):
        return round(min(math.hypot(std[0], std[1]), 1e5), 4)
    found = number(tags, "GPSXYAccuracy", "GPSHPositioningError")
    return round(found, 4) if found is not None and 0 < found < 1e5 else None


_EXTRA = (
    *(
        "FocalLength",
        "FocalLengthIn35mmFormat",
        "DigitalZoomRatio",
        "GpsStatus",
        "RtkFlag",
        "RtkStdHgt",
        "GPSZAccuracy",
    ),
    *(
        "AltitudeType",
        "FlightYawDegree",
        "FlightPitchDegree",
        "FlightRollDegree",
        "BandName",
        "ImageSource",
        "LRFStatus",
    ),
    *("LRFTargetDistance", "LRFTargetLon", "LRFTargetLat", "LRFTargetAlt", "LRFTargetAbsAlt", "GimbalReverse"),
    *("SerialNumber", "CaptureUUID"),
)


def _extra(tags: Tags) -> dict[str, Any]:
    """Tags worth keeping that have no place of their own."""
    found: dict[str, Any] = {}
    for name in _EXTRA:
        value = tags.get(name)
        if isinstance(value, str):
            found[name] = value[:200]
        elif isinstance(value, int | float) and math.isfinite(value):
            found[name] = value
    return found
