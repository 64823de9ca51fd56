"""Images of drones. The frames are in fixtures/frames/drone_image; Pillow is the second opinion on their EXIF."""

import io
import struct
from datetime import UTC, datetime
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET
from PIL import ExifTags
from PIL import Image as Picture

from layers.content import Image
from layers.geo import area_m2
from server.feeds import DecodeError, feeds
from server.feeds._shots import ShotOptions, shot
from server.feeds._tags import angle, number, safe_name
from server.feeds.drone_image import MAX_BYTES, NAME, exif, xmp
from tests.feeds.frames import FRAMES, context, yielded
from tests.feeds.fuzz import survives

FOLDER = FRAMES / NAME
NADIR = (FOLDER / "nadir.jpg").read_bytes()


def image(name: str) -> tuple[Image, Any]:
    """The image of a frame and its observation."""
    (observation,) = yielded(FOLDER / name).observations
    assert isinstance(observation.content, Image)
    return observation.content, observation


def tags(**more: Any) -> dict[str, Any]:
    """What is enough for a footprint of 80 m x 60 m."""
    enough = {"ImageWidth": 160, "ImageHeight": 120, "CalibratedFocalLength": "160", "GPSLatitude": 51.83}
    place = {"GPSLongitude": 8.78, "GPSLatitudeRef": "N", "GPSLongitudeRef": "E", "RelativeAltitude": "+80.00"}
    pose = {"GimbalPitchDegree": "-90.0", "GimbalYawDegree": "+30.0", "Make": "DJI"}
    return {**enough, **place, **pose, **more}


def seen(options: ShotOptions | None = None, **more: Any) -> tuple[Image, frozenset[str]]:
    """The image that tags make, and its flags."""
    found = shot(tags(**more), "UTC", options or ShotOptions())
    return found.content, found.flags


def test_straight_down_with_everything() -> None:
    content, observation = image("nadir.jpg")
    assert (content.view, content.truncated, content.rtk, content.media_type) == ("nadir", False, "fixed", "image/jpeg")
    assert (content.height_m, content.height_source, content.altitude_m) == (80.0, "takeoff", 215.3)
    assert (content.heading_deg, content.pitch_deg, content.focal_px, content.gsd_m) == (30.0, -90.0, 120.0, 0.66667)
    assert isinstance(content.footprint, dict)
    assert area_m2(content.footprint) == pytest.approx(160 * 120 * (80 / 120) ** 2, rel=1e-3)
    assert content.taken_at == datetime(2026, 11, 21, 18, 5, 11, 250_000, UTC)
    assert observation.accuracy_m == 0.015
    assert observation.flags == ()
    assert observation.subject == f"drone_image:{str(content.media)[:32]}"


@pytest.mark.parametrize(
    ("frame", "view", "flags"),
    [
        ("horizon.jpg", "horizon", ("tz_assumed",)),
        ("not_xml.jpg", "up", ("looks_up", "no_focal_length", "tz_assumed", "xmp_not_xml")),
        ("nowhere.jpg", "unknown", ("no_gps", "no_height", "no_pose", "tz_assumed")),
        ("handheld.jpg", "photo", ("tz_assumed",)),
        ("fixed_wing.jpg", "nadir", ("altitude_ref_assumed", "no_height", "pose_of_aircraft")),
        ("band.tif", "unknown", ("no_focal_length", "no_height", "no_pose", "tz_assumed")),
    ],
)
def test_what_is_missing_is_said(frame: str, view: str, flags: tuple[str, ...]) -> None:
    content, observation = image(frame)
    assert (content.view, observation.flags) == (view, flags)
    assert (content.footprint is UNSET) == (frame != "horizon.jpg")
    assert (observation.geometry is UNSET) == (frame == "nowhere.jpg")


def test_the_southern_and_western_hemisphere() -> None:
    lon, lat = image("not_xml.jpg")[1].geometry["coordinates"]
    assert (lon, lat) == pytest.approx((-8.78, -51.83))


def test_the_satellites_clock_counts_before_a_clock_without_a_zone() -> None:
    assert image("fixed_wing.jpg")[0].taken_at == datetime(2026, 11, 21, 18, 10, 3, tzinfo=UTC)


def test_the_same_file_is_the_same_image_whenever_it_comes() -> None:
    feed = feeds()[NAME]
    one = feed.decode(NADIR, context(NAME))
    later = feed.decode(NADIR, context(NAME, zone="Asia/Tokyo"))
    assert one.observations[0].id == later.observations[0].id
    assert feed.decode(NADIR + b"\0", context(NAME)).observations[0].id != one.observations[0].id


@pytest.mark.parametrize("frame", ["nadir.jpg", "handheld.jpg", "fixed_wing.jpg", "not_xml.jpg"])
def test_another_reader_of_exif_finds_the_same(frame: str) -> None:
    body = (FOLDER / frame).read_bytes()
    found = exif.read(body).tags
    with Picture.open(io.BytesIO(body)) as picture:
        other = picture.getexif()
        gps, inner = other.get_ifd(ExifTags.IFD.GPSInfo), other.get_ifd(ExifTags.IFD.Exif)
        assert (found["ImageWidth"], found["ImageHeight"]) == picture.size
    assert (found["Make"], found["Model"]) == (other[ExifTags.Base.Make], other[ExifTags.Base.Model])
    assert found["DateTimeOriginal"] == inner[ExifTags.Base.DateTimeOriginal]
    degrees, minutes, seconds = gps[ExifTags.GPS.GPSLatitude]
    assert found["GPSLatitude"] == pytest.approx(float(degrees) + float(minutes) / 60 + float(seconds) / 3600)


def test_a_position_whose_hemisphere_nobody_tells_is_none() -> None:
    without = {key: value for key, value in tags().items() if key != "GPSLatitudeRef"}
    # A number from EXIF has no sign.
    found = shot(without, "UTC", ShotOptions())
    assert found.geometry is UNSET
    assert {"hemisphere_missing", "no_gps"} <= found.flags
    signed = shot({**without, "GpsLatitude": "-51.83", "GpsLongtitude": "8.78"}, "UTC", ShotOptions())
    assert signed.geometry == {"type": "Point", "coordinates": [8.78, -51.83]}


def test_nought_nought_is_no_position() -> None:
    found = shot(tags(GPSLatitude=0.0, GPSLongitude=0.0), "UTC", ShotOptions())
    assert found.geometry is UNSET
    assert {"no_position", "no_gps"} <= found.flags


def test_the_calibrated_focal_length_is_first_and_shrinks_with_the_image() -> None:
    assert seen()[0].focal_px == 160.0
    assert seen(FocalLengthIn35mmFormat=28)[0].focal_px == 160.0
    assert seen(ExifImageWidth=320)[0].focal_px == 80.0
    assert seen(CalibratedOpticalCenterX="320")[0].focal_px == 40.0
    assert seen(CalibratedFocalLength="0", Model="FLIR", FocalLength=1.7)[0].focal_px == 100.0
    assert seen(CalibratedFocalLength=None, FocalLengthIn35mmFormat="43.2666 mm")[0].focal_px == pytest.approx(200.0)
    content, flags = seen(CalibratedFocalLength="1")
    assert content.footprint is UNSET
    assert {"focal_length_implausible", "no_focal_length"} <= flags


def test_the_digital_zoom_counts_where_the_focal_length_does_not_hold_it() -> None:
    assert seen(DigitalZoomRatio=2.0)[0].focal_px == 320.0
    by_film: dict[str, Any] = {
        "CalibratedFocalLength": None,
        "FocalLengthIn35mmFormat": 43.2666,
        "DigitalZoomRatio": 2.0,
    }
    assert seen(**by_film)[0].focal_px == pytest.approx(200.0)
    assert seen(ShotOptions(zoom_in_f35=False), **by_film)[0].focal_px == pytest.approx(400.0)
    assert "digital_zoom" in seen(DigitalZoomRatio=2.0)[1]


def test_a_picture_on_its_side_is_set_upright() -> None:
    assert (seen(Orientation=6)[0].width_px, seen(Orientation=6)[0].height_px) == (120, 160)
    assert seen(Orientation="Rotate 90 CW")[0].width_px == 120
    assert seen(Orientation="Horizontal (normal)")[0].width_px == 160


@pytest.mark.parametrize("height", ["0", "-1.5", "x", None])
def test_without_a_height_there_is_no_footprint(height: Any) -> None:
    content, flags = seen(RelativeAltitude=height)
    assert content.footprint is UNSET
    assert "no_height" in flags


def test_the_ground_level_can_be_set() -> None:
    content, _ = seen(ShotOptions(ground_elevation_m=110.0), RelativeAltitude=None, AbsoluteAltitude="+190.0")
    assert (content.height_m, content.height_source) == (80.0, "setting")
    assert content.footprint is not UNSET


def test_without_a_gimbals_heading_the_aircrafts_counts() -> None:
    content, flags = seen(GimbalYawDegree=None, FlightYawDegree="-90.10")
    assert content.heading_deg == pytest.approx(269.9)
    assert "heading_of_aircraft" in flags
    alone, _ = seen(GimbalPitchDegree=None, GimbalYawDegree=None, FlightYawDegree="-90.10")
    assert (alone.heading_deg, alone.pitch_deg) == (269.9, UNSET)


@pytest.mark.parametrize(
    ("flag", "rtk"), [("0", "none"), ("16", "single"), ("34", "float"), ("50", "fixed"), ("9", "unknown")]
)
def test_how_the_position_was_fixed(flag: str, rtk: str) -> None:
    assert seen(RtkFlag=flag)[0].rtk == rtk


@pytest.mark.parametrize(
    ("value", "reference", "degrees"),
    [
        ("8 deg 17' 39.30\" S", None, -8.29425),
        ("115 deg 27' 42.59\" E", None, 115.4618306),
        ("51.83 N", None, 51.83),
        ("51.83", "S", -51.83),
        ("-51.83", None, -51.83),
        ("51.83", None, 51.83),
        (51.83, "South", -51.83),
        (51.83, None, None),
        ("", None, None),
        ("north", None, None),
    ],
)
def test_angles_as_they_are_written(value: Any, reference: Any, degrees: float | None) -> None:
    assert angle(value, reference) == (None if degrees is None else pytest.approx(degrees))


def test_numbers_and_names_as_they_are_written() -> None:
    assert number({"a": "+1131.876"}, "a") == 1131.876
    assert number({"a": "24.0 mm"}, "a") == 24.0
    assert number({"a": "+50,25"}, "a") == 50.25, "a decimal comma is not the end of a number"
    assert number({"a": "3.2,2.4"}, "a") == 3.2
    assert number({"a": "inf", "b": float("nan"), "c": True}, "a", "b", "c") is None
    assert safe_name("./images/DJI_20251002120847_0345_D.JPG") == "DJI_20251002120847_0345_D.JPG"
    assert safe_name("C:\\Bilder\\Erika Mustermann.jpg") is UNSET
    assert safe_name("../../etc/passwd") is UNSET


NO_GIMBAL: dict[str, Any] = {"GimbalPitchDegree": None, "GimbalYawDegree": None}


def test_a_pitch_that_no_fixed_wing_flies_is_the_cameras() -> None:
    level, flags = seen(**NO_GIMBAL, Yaw="120.0", Pitch="0.0", Roll="0.0")
    assert (level.pitch_deg, level.view, flags) == (
        -90.0,
        "nadir",
        frozenset({"pose_of_aircraft", "tz_assumed"} & flags),
    )
    down, flags = seen(**NO_GIMBAL, Yaw="120.0", Pitch="-90.0", Roll="2.5")
    assert (down.heading_deg, down.pitch_deg, down.roll_deg, down.view) == (120.0, -90.0, 2.5, "nadir")
    assert "pose_of_camera" in flags
    oblique, _ = seen(**NO_GIMBAL, Yaw="120.0", Pitch="-50.0", Roll="0.0")
    assert (oblique.pitch_deg, oblique.view) == (-50.0, "oblique")


def test_a_height_above_ground_counts_where_none_above_take_off_is_given() -> None:
    content, flags = seen(RelativeAltitude=None, AboveGroundAltitude="30.0")
    assert (content.height_m, content.height_source, "no_height" in flags) == (30.0, "told", False)
    assert seen(AboveGroundAltitude="30.0")[0].height_m == 80.0


def test_the_time_of_the_exposure_is_best() -> None:
    found = shot(
        tags(UTCAtExposure="2026:11:21 18:00:00.123456", DateTimeOriginal="2026:11:21 19:00:00"),
        "Europe/Berlin",
        ShotOptions(),
    )
    assert found.at == datetime(2026, 11, 21, 18, 0, 0, 123_456, UTC)
    assert "tz_assumed" not in found.flags


def test_words_of_several_makers() -> None:
    space = b'"http://www.parrot.com/drone-parrot/1.0/"'
    parrot = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><d xmlns:p=' + space + b' p:CameraPitchDegree="-80"/></x:xmpmeta>'
    assert xmp.words(parrot)[0] == {"CameraPitchDegree": "-80"}
    assert xmp.words(b"<x:xmpmeta><DJI:GimbalYawDegree='+1.5'") == ({"GimbalYawDegree": "+1.5"}, {"xmp_not_xml"})
    assert xmp.words(b"") == ({}, set())
    doctype = (
        b'<!DOCTYPE a [<!ENTITY e "x">]><a xmlns:drone-dji="http://www.dji.com/drone-dji/1.0/" drone-dji:RtkFlag="50"/>'
    )
    assert xmp.words(doctype) == ({"RtkFlag": "50"}, {"xmp_not_xml"})


def test_structures_hold_the_pose_of_the_camera_and_that_of_the_aircraft() -> None:
    content, observation = image("skydio.jpg")
    assert (content.heading_deg, content.pitch_deg, content.height_m, content.view) == (100.0, -45.0, 40.5, "oblique")
    assert observation.extra["FlightYawDegree"] == "10"


@pytest.mark.parametrize(
    ("calibrated", "focal_px", "flagged"),
    [
        ("9100.000000", 757.7, True),  # micrometres: a thermal camera of 9.1 mm and 12 um
        ("760.2", 760.2, False),
        ("0", 757.7, False),
    ],
)
def test_a_calibration_that_contradicts_the_35_mm_equivalent_does_not_count(
    calibrated: str, focal_px: float, flagged: bool
) -> None:
    more: dict[str, Any] = {f"CalibratedOpticalCenter{axis}": "0.000000" for axis in "XY"}
    more |= {"ImageWidth": 640, "ImageHeight": 512, "FocalLengthIn35mmFormat": 40}
    content, flags = seen(CalibratedFocalLength=calibrated, **more)
    assert content.focal_px == pytest.approx(focal_px, abs=0.1)
    assert ("calibration_implausible" in flags) == flagged


def extended(packet: bytes, *cuts: int) -> bytes:
    """The nadir image with a second packet of XMP, in segments that begin at these places."""
    found = NADIR[:2]
    for start, end in zip(cuts, [*cuts[1:], len(packet)], strict=True):
        head = b"http://ns.adobe.com/xmp/extension/\0" + b"0" * 32 + len(packet).to_bytes(4, "big")
        part = head + start.to_bytes(4, "big") + packet[start:end]
        found += b"\xff\xe1" + (len(part) + 2).to_bytes(2, "big") + part
    return found + NADIR[2:]


def test_a_packet_of_xmp_in_several_segments() -> None:
    packet = b'<r xmlns:d="http://www.dji.com/drone-dji/1.0/" d:LRFTargetDistance="71.5" d:RelativeAltitude="+1"/>'
    (whole,) = feeds()[NAME].decode(extended(packet, 0, 40), context(NAME)).observations
    assert (whole.extra["LRFTargetDistance"], whole.content.height_m) == ("71.5", 80.0)  # type: ignore[union-attr]
    (torn,) = feeds()[NAME].decode(extended(packet, 40), context(NAME)).observations
    assert "LRFTargetDistance" not in torn.extra


@pytest.mark.parametrize("form", ["PNG", "WEBP", "JPEG"])
@pytest.mark.parametrize("lossless", [False, True])
def test_what_another_library_writes(form: str, lossless: bool) -> None:
    file, tags_of = io.BytesIO(), Picture.Exif()
    tags_of[ExifTags.Base.Make] = "DJI"
    tags_of.get_ifd(ExifTags.IFD.GPSInfo).update({1: "S", 2: (51.0, 30.0, 0.0), 3: "W", 4: (8.0, 45.0, 0.0)})
    Picture.new("RGB", (64, 48)).save(file, form, exif=tags_of, lossless=lossless)
    (found,) = feeds()[NAME].decode(file.getvalue(), context(NAME)).observations
    assert isinstance(found.content, Image)
    assert (found.content.width_px, found.content.height_px, found.content.camera) == (64, 48, "DJI")
    assert found.content.media_type == f"image/{form.lower()}"
    assert found.geometry == {"type": "Point", "coordinates": [-8.75, -51.5]}


def test_the_size_of_a_raw_file_is_not_that_of_its_thumbnail() -> None:
    entries = [(0xFE, 4, 1, 1), (0x100, 4, 1, 160), (0x101, 4, 1, 120), (0x14A, 4, 1, 8 + 2 + 4 * 12 + 4)]
    full = [(0xFE, 4, 1, 0), (0x100, 4, 1, 5280), (0x101, 4, 1, 3956)]
    body = b"II*\0\x08\0\0\0"
    for directory in (entries, full):
        body += struct.pack("<H", len(directory)) + b"".join(struct.pack("<HHII", *entry) for entry in directory)
        body += bytes(4)
    tags_found = exif.read(body).tags
    assert (tags_found["ImageWidth"], tags_found["ImageHeight"]) == (5280, 3956)


@pytest.mark.parametrize(
    "body",
    [
        b"\xff\xd8",
        b"\xff\xd8\xff\xd9",
        b"\xff\xd8\xff\xe0\x00\x10JFIF\0",
        b"II*\0\x08\0\0\0\0\0",
        b"MM\0*",
        b"II+\0\x08\0\0\0",
        b"\x89PNG\r\n\x1a\n",
        b"II*\0\xff\xff\xff\xff",
    ],
)
def test_what_yields_nothing(body: bytes) -> None:
    with pytest.raises(DecodeError):
        feeds()[NAME].decode(body, context(NAME))


def test_limits_of_bytes_and_pixels() -> None:
    with pytest.raises(DecodeError, match="bytes"):
        feeds()[NAME].decode(bytes(MAX_BYTES + 1), context(NAME))
    tiff = bytearray((FOLDER / "band.tif").read_bytes())
    order: Literal["little", "big"] = "little" if tiff[:2] == b"II" else "big"
    start = int.from_bytes(tiff[4:8], order) + 2
    for entry in (start, start + 12):
        tiff[entry + 2 : entry + 12] = (4).to_bytes(2, order) + (1).to_bytes(4, order) + (65_000).to_bytes(4, order)
    with pytest.raises(DecodeError, match="pixels"):
        feeds()[NAME].decode(bytes(tiff), context(NAME))


@given(st.binary(max_size=400))
def test_any_bytes_behind_a_head_are_survived(rest: bytes) -> None:
    survives(NAME, b"\xff\xd8" + rest)
    survives(NAME, b"II*\0" + rest)
    survives(NAME, NADIR[:40] + rest + NADIR[40:])


@given(st.integers(0, len(NADIR)))
def test_a_file_that_ends_early_is_survived(length: int) -> None:
    survives(NAME, NADIR[:length])
