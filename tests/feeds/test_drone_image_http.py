"""Images over HTTP: taken, placed, kept as they came, and shown small."""

import io
from pathlib import Path

import pytest
from PIL import Image

from server.media import media_id
from server.thumbnails import thumbnail
from tests.feeds.frames import FRAMES
from tests.feeds.gate import Gate

FOLDER = FRAMES / "drone_image"
NADIR = (FOLDER / "nadir.jpg").read_bytes()
TYPE = {"Content-Type": "image/jpeg"}


def test_an_image_is_placed_kept_and_shown_small(gate: Gate) -> None:
    first = gate.post(NADIR, "/feeds/drone_image", feed="quad", headers=TYPE)
    assert (first.status_code, first.json()["accepted"], first.json()["refused"]) == (200, 1, 0)
    subject = f"drone_image:{media_id(NADIR)[:32]}"
    feature = gate.feature(subject)
    assert feature["geometry"] == {"type": "Point", "coordinates": [8.780012, 51.830034]}
    footprint = gate.feature(f"{subject}#footprint")
    assert footprint["geometry"]["type"] == "Polygon"
    properties = feature["properties"]
    assert (properties["media"], properties["url"]) == (media_id(NADIR), f"/media/{media_id(NADIR)}")
    original = gate.read(properties["url"])
    assert (original.content, original.headers["Content-Type"]) == (NADIR, "image/jpeg")
    small = Image.open(io.BytesIO(gate.read(properties["thumbnail_url"]).content))
    assert (small.format, small.size, dict(small.getexif())) == ("JPEG", (160, 120), {})
    again = gate.post(NADIR, "/feeds/drone_image", feed="quad", headers=TYPE)
    assert (again.json()["accepted"], again.json()["duplicates"]) == (0, 1)


def test_an_image_without_a_place_is_listed(gate: Gate) -> None:
    body = (FOLDER / "nowhere.jpg").read_bytes()
    assert gate.post(body, "/feeds/drone_image", feed="quad", headers=TYPE).status_code == 200
    feature = gate.feature(f"drone_image:{media_id(body)[:32]}")
    assert feature["geometry"] is None
    assert "no_gps" in feature["properties"]["flags"]


def test_what_is_no_image_is_refused_and_not_kept(gate: Gate) -> None:
    body = b"\x89PNG\r\n\x1a\n" + bytes(40)
    assert gate.post(body, "/feeds/drone_image", feed="quad", headers=TYPE).status_code == 400
    assert gate.read(f"/media/{media_id(body)}").status_code == 404


@pytest.mark.parametrize("frame", sorted(FOLDER.glob("*.jpg")), ids=lambda path: path.name)
def test_small_pictures_hold_no_metadata(frame: Path) -> None:
    small = thumbnail(frame.read_bytes())
    assert small is not None
    with Image.open(io.BytesIO(small)) as picture:
        assert max(picture.size) <= 512
        assert dict(picture.getexif()) == {}
    assert b"http://ns.adobe.com" not in small


def test_an_image_on_its_side_is_set_upright() -> None:
    small = thumbnail((FOLDER / "handheld.jpg").read_bytes())
    assert small is not None
    assert Image.open(io.BytesIO(small)).size == (48, 64)


@pytest.mark.parametrize("length", [0, 20, 400, 1_000])
def test_an_image_that_is_broken_off_makes_no_trouble(length: int) -> None:
    found = thumbnail(NADIR[:length])
    assert found is None or found[:2] == b"\xff\xd8"


def test_a_band_of_16_bits_is_stretched() -> None:
    band = Image.new("I;16", (40, 30), 20_000)
    band.putpixel((0, 0), 21_000)
    written = io.BytesIO()
    band.save(written, "TIFF")
    small = thumbnail(written.getvalue())
    assert small is not None
    assert Image.open(io.BytesIO(small)).convert("L").getpixel((30, 20)) == 0
