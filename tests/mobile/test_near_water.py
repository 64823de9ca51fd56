"""Water in the list of what is near: by the length of hose where a pack knows the streets."""

import pytest

from mobile import geo, near
from mobile.hoses import Source
from mobile.pack import WaterPoint
from tests.mobile.test_card import HERE, NOW, US, WORDS, east, feature, hydrant, mission, picture


def test_the_packs_streets_tell_the_length_of_hose_from_here() -> None:
    features = picture(mission(), feature(US, "units", "unit"), hydrant(1, 81.0, b_hoses=5, diameter_mm=100))
    crow = [WaterPoint("node2", "underground", "H2", 100, east(-60))]
    sources = (
        Source("node2", "underground", "H2", 100, east(-60), 214, 11),
        Source("node1", "underground", "H1", 100, (8.7851, 51.83), 430, 22),
        Source("way7", "pond", "", 0, east(90), 512, 26, "Mühlteich", is_open=True),
        Source("own:a:1", "pillar", "W 3", 0, east(50), 600, 30),
    )
    rows = near.entries(features, crow, HERE, US, NOW, WORDS, sources=sources)
    assert [(row.id, row.title, row.text, row.distance_m) for row in rows] == [
        ("base:node1", "Unterflurhydrant H1", "DN 100 · ab Einsatz 80 m Schlauch, 5 B", 430),
        ("base:node2", "Unterflurhydrant H2", "DN 100 · 210 m Schlauch, 11 B", 214),
        ("base:way7", "Teich Mühlteich", "510 m Schlauch, 26 B · Zugang unbekannt", 512),
    ]
    assert rows[1].direction == "W"
    for nothing in (None, ()):
        rows = near.entries(features, crow, HERE, US, NOW, WORDS, sources=nothing)
        assert [row.text for row in rows][1:] == ["DN 100 · Luftlinie"], "where no pack knows the ways"


def test_an_own_hydrant_of_the_mission_is_listed_once() -> None:
    features = picture(mission(), feature(US, "units", "unit"), hydrant(1, 81.0, b_hoses=5, osm="own/a/1"))
    sources = (Source("own:a:1", "pillar", "W 3", 0, (8.7851, 51.83), 90, 5),)
    rows = near.entries(features, [], HERE, US, NOW, WORDS, sources=sources)
    assert [(row.id, row.distance_m) for row in rows] == [("own:a:1", 90)]


def test_from_the_fire_the_servers_hose_is_the_distance() -> None:
    features = picture(mission(), feature(US, "units", "unit"), hydrant(1, 81.0, b_hoses=5))
    fire = geo.centre(mission()["geometry"])
    assert fire is not None
    hydrant_lies_m = geo.distance_m(HERE, (8.7851, 51.83))
    for here, metres in ((fire, 81.0), (HERE, hydrant_lies_m)):
        (row,) = near.entries(features, [], here, US, NOW, WORDS)[-1:]
        assert row.text == "ab Einsatz 80 m Schlauch, 5 B"
        assert row.distance_m == pytest.approx(metres)
