"""STAC items and OpenAerialMap. The frames are in fixtures/frames/stac."""

from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec import UNSET

from layers.content import Image
from server.feeds import Decoded, DecodeError, feeds
from server.feeds.stac import NAME
from tests.feeds.dispatch_tools import decoded, never_said, reasons
from tests.feeds.frames import FRAMES, context, yielded

BOX = [[8.77, 51.82], [8.78, 51.82], [8.78, 51.83], [8.77, 51.83], [8.77, 51.82]]


def images(found: Decoded) -> list[Image]:
    """Every image, in order."""
    return [each.content for each in found.observations if isinstance(each.content, Image)]


def item(**more: Any) -> dict[str, Any]:
    """A small item; `more` are properties."""
    return {"type": "Feature", "stac_version": "1.0.0", "id": "i", "geometry": None, "properties": more, "assets": {}}


def test_an_item_with_everything() -> None:
    found = yielded(FRAMES / NAME / "item.json")
    (observation,) = found.observations
    (image,) = images(found)
    assert observation.subject == "stac:uebungen:libori-2026-07-25"
    assert observation.observed_at == datetime(2026, 7, 25, 10, 20, tzinfo=UTC)
    assert image.footprint == {"type": "Polygon", "coordinates": [BOX]}
    assert (image.name, image.view, image.heading_deg, image.gsd_m) == ("Festplatz", "nadir", 210.0, 0.03)
    assert (image.url, image.thumbnail_url) == (
        "https://bilder.example.org/festplatz.tif",
        "https://bilder.example.org/festplatz.png",
    )
    assert (image.camera, image.footprint_source) == ("Quad 1, L1D-20c", "told")
    assert observation.geometry is UNSET
    never_said(found, "pilot@example.org")


def test_a_collection_keeps_the_good_ones() -> None:
    found = yielded(FRAMES / NAME / "collection.json")
    (image,) = images(found)
    assert image.footprint == {"type": "Polygon", "coordinates": [BOX]}
    assert image.gsd_m == pytest.approx(0.03, rel=0.01)
    assert image.url is UNSET
    assert found.observations[0].flags == ("gsd_in_degrees",)
    assert found.observations[0].observed_at == datetime(2026, 11, 21, 18, 5, 11, 123_456, UTC)
    assert len(reasons(found)) == 4


def test_an_answer_of_openaerialmap() -> None:
    found = yielded(FRAMES / NAME / "openaerialmap.json")
    first, second = images(found)
    assert [each.subject for each in found.observations] == ["stac:openaerialmap:1", "stac:openaerialmap:2"]
    assert first.footprint == {"type": "Polygon", "coordinates": [BOX]}
    assert isinstance(second.footprint, dict)
    assert second.footprint["coordinates"][0][0] == [8.7, 51.8]
    assert (first.view, second.gsd_m) == ("map", 0.05)
    never_said(found, "pilot@example.org")


@pytest.mark.parametrize("wkt", ["POINT(8 51)", "POLYGON((8 51, 9))", "POLYGON((a b, c d, e f))", 7])
def test_a_footprint_that_is_none_leaves_the_image(wkt: Any) -> None:
    (image,) = images(decoded(NAME, {"results": [{"_id": "1", "footprint": wkt}]}))
    assert image.footprint is UNSET


@pytest.mark.parametrize(("degrees", "view"), [(0, "nadir"), (20, "nadir"), (45, "oblique"), (None, "map")])
def test_how_far_it_looks_aside(degrees: Any, view: str) -> None:
    assert images(decoded(NAME, item(**{"view:off_nadir": degrees})))[0].view == view


def test_the_same_item_is_the_same_claim() -> None:
    assert len(decoded(NAME, [item(), item(), item(gsd=1)]).observations) == 2


@pytest.mark.parametrize("assets", [7, {"data": 7}, {"data": {"href": 7, "roles": 7}}, {"data": {"roles": ["data"]}}])
def test_assets_that_are_none(assets: Any) -> None:
    (image,) = images(decoded(NAME, {**item(), "assets": assets}))
    assert image.url is UNSET


@pytest.mark.parametrize("body", [b"[]", b"{", b'{"features": []}', b'{"results": []}'])
def test_what_yields_nothing(body: bytes) -> None:
    with pytest.raises(DecodeError):
        feeds()[NAME].decode(body, context(NAME))


def test_links_of_assets_are_relative_to_the_item() -> None:
    lies = [{"rel": "root", "href": "../c.json"}, {"rel": "self", "href": "https://x.org/c/items/1.json"}]
    assets = {"visual": {"href": "./1.tif", "roles": ["data"]}, "thumbnail": {"href": "../1.png"}}
    (image,) = images(decoded(NAME, {**item(), "links": lies, "assets": assets}))
    assert (image.url, image.thumbnail_url) == ("https://x.org/c/items/1.tif", "https://x.org/c/1.png")
    (image,) = images(decoded(NAME, {**item(), "assets": assets}))
    assert (image.url, image.thumbnail_url) == (UNSET, UNSET)
    odd = {"visual": {"href": "http://[x/1.tif", "roles": ["data"]}}
    assert images(decoded(NAME, {**item(), "links": lies, "assets": odd}))[0].url is UNSET
