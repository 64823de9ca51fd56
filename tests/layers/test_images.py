"""Images in layer drones: the camera's place, the footprint, and who may see what of who flies."""

from layers import content as c
from layers.geo import area_m2
from layers.views import View
from tests.layers.test_layers_page import COMMON, words
from tests.layers.world import at, entries, picture_of, point, properties, see, square

SHOT = c.Image(
    name="FC6360",
    media="ab" * 32,
    view="nadir",
    taken_at=at(-30),
    footprint=square(8.78, 51.83),
    footprint_source="computed",
    truncated=False,
    heading_deg=311.4,
    pitch_deg=-89.9,
    height_m=120.99,
    gsd_m=0.0632,
)


def test_an_image_is_where_its_camera_was_and_what_it_shows() -> None:
    picture = picture_of(see("i", SHOT, 0, point(8.781, 51.83, 120.99), accuracy_m=0.02))
    assert set(picture.features) == {"i", "i#footprint", "source:ngsi/leitstelle"}
    assert picture.features["i"]["geometry"] == point(8.781, 51.83)
    assert picture.features["i#footprint"]["geometry"] == square(8.78, 51.83)
    for name, part in (("i", "image"), ("i#footprint", "footprint")):
        seen = properties(picture, name)
        assert (seen["layer"], seen["part"], seen["title"]) == ("drones", part, "FC6360")
        assert (seen["view"], seen["heading_deg"], seen["height_m"], seen["gsd_m"]) == ("nadir", 311.4, 120.99, 0.0632)
        assert seen["taken_at"] == "2026-11-21T18:59:30.000Z"
        assert seen["area_m2"] == round(area_m2(square(8.78, 51.83)), 1)
        assert (seen["stale_at"], seen["expires_at"]) == ("2026-11-21T19:30:00.000Z", "2026-11-22T19:00:00.000Z")
        assert seen["accuracy_m"] == 0.02
        assert set(seen) <= words(COMMON) | words("drones")
    assert properties(picture, "i#footprint")["image"] == "i"


def test_an_image_that_nobody_placed_is_listed() -> None:
    picture = picture_of(see("i", c.Image(camera="DJI M30T", view="unknown"), 0))
    assert picture.features["i"]["geometry"] is None
    assert properties(picture, "i")["title"] == "DJI M30T"
    assert properties(picture, "i")["area_m2"] is None
    assert "i#footprint" not in picture.features


def test_a_footprint_that_is_withdrawn_goes() -> None:
    picture = picture_of(see("i", SHOT, 0, point(8.781, 51.83)))
    changes = picture.apply_many(entries([see("i", c.Image(footprint=None), 1)], 2))
    assert changes.remove == ["i#footprint"]


def test_an_impossible_footprint_is_not_taken() -> None:
    picture = picture_of(see("i", c.Image(footprint={"type": "Polygon", "coordinates": [[[8.0, 51.0]]]}), 0))
    assert set(picture.features) == {"i", "source:ngsi/leitstelle"}


def test_everybody_sees_images_only_control_who_flies() -> None:
    flown = c.Drone(
        registration="1581F", operator_id="DEU87astrdge12k8", operator_place=point(8.77, 51.82), remark="Übung"
    )
    picture = picture_of(see("i", SHOT, 0, point(8.781, 51.83)), see("d", flown, 0, point(8.781, 51.83)))
    for view in (View("control"), View("liaison"), View("crew", unit="u"), View("planner"), View("admin")):
        assert view.show(picture.features["i#footprint"], picture) is not None
        shown = view.show(picture.features["d"], picture)
        assert shown is not None
        assert shown["properties"]["registration"] == "1581F"
        told = {name for name in ("operator_place", "operator_id", "remark") if name in shown["properties"]}
        assert told == ({"operator_place", "operator_id", "remark"} if view.role == "control" else set())
