"""Own objects of a pack: read with care, near by, on the map; what no longer holds is not shown."""

import io
import json
import sqlite3
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from mobile import geo, near
from mobile.i18n import Words
from mobile.map.figures import Area, Badge, Drawing, Scene, Stroke
from mobile.map.own import lay_under
from mobile.own import OwnObject, Plan, PlanPlace, is_whole_png, read_own
from mobile.pack import Pack

HERE = (8.7757, 51.8290)
NOON = datetime.fromisoformat("2026-09-12T12:00:00+00:00")
LINE = {"type": "LineString", "coordinates": [[8.7757, 51.8281], [8.7957, 51.8281]]}
CLOSURE = OwnObject("own:c:1", "closure", "Baustelle", "", (8.7857, 51.8281), LINE, data_at="2026-09-01T08:00:00Z")


POINT = '{"type": "Point", "coordinates": [8.7757, 51.829]}'


def point(name: str, kind: str, lat: float, **more: Any) -> OwnObject:
    return OwnObject(name, kind, name, "", (HERE[0], lat), {"type": "Point", "coordinates": [HERE[0], lat]}, **more)


@pytest.mark.parametrize(
    ("begins", "ends", "holds"),
    [
        ("", "", True),
        ("2026-09-12T12:00:00Z", "", True),
        ("2026-09-12T12:00:01Z", "", False),
        ("", "2026-09-12T12:00:00Z", False),
        ("2026-09-12T10:00:00Z", "2026-09-12T12:00:01Z", True),
        ("heute", "morgen", True),
    ],
)
def test_a_closure_is_shown_while_it_holds(begins: str, ends: str, holds: bool) -> None:
    one = replace(CLOSURE, valid_from=begins, valid_to=ends)
    rows = near.entries({}, [], HERE, None, NOON, Words(), [one])
    assert [row.title for row in rows] == (["Baustelle"] if holds else [])
    drawing = Drawing()
    lay_under(drawing, [one], Scene(geo.Plane(*HERE), None, NOON, Words()))
    assert (len(drawing.strokes), len(drawing.badges)) == ((1, 1) if holds else (0, 0))
    assert near.entries({}, [], HERE, None, None, Words(), [one]), "without a clock nothing is held back"


def test_the_list_is_by_distance_to_the_nearest_part_and_leaves_hydrants_to_the_water() -> None:
    plan = Plan("a" * 64, "EG.pdf", 2)
    objects = [
        CLOSURE,
        point("fern", "other", 51.8500),
        point("Rathaus", "object_plan", 51.8293, plans=(plan,)),
        point("H1", "hydrant", 51.8290),
    ]
    rows = near.entries({}, [], HERE, None, NOON, Words(), objects)
    told = [(row.title, row.text, round(row.distance_m), row.age, row.plans) for row in rows]
    assert told == [
        ("Rathaus", "Objektplan", 33, "", (plan,)),
        ("Baustelle", "Sperrung", 100, "Stand 1. September 2026", ()),
    ]


def test_the_map_draws_them_below_what_is_happening() -> None:
    ring = [[8.77, 51.82], [8.78, 51.82], [8.78, 51.83], [8.77, 51.82]]
    area = replace(CLOSURE, id="own:c:2", geometry={"type": "Polygon", "coordinates": [ring]})
    unit = Badge("unit", (0.0, 0.0), "box", "1", "accent", "on_accent")
    drawing = Drawing(badges=[unit])
    objects = [area, CLOSURE, point("K", "key_safe", 51.829), point("H", "hydrant", 51.829, hydrant="pillar")]
    lay_under(drawing, objects, Scene(geo.Plane(*HERE), None, NOON, Words()))
    assert [(badge.id, badge.shape, badge.text) for badge in drawing.badges] == [
        ("own:c:2", "circle", "–"), ("own:c:1", "circle", "–"), ("K", "box", "FSD"), ("H", "box", "H"),
        ("unit", "box", "1"),
    ]  # fmt: skip
    (drawn,), (line,) = drawing.areas, drawing.strokes
    assert isinstance(drawn, Area)
    assert isinstance(line, Stroke)
    assert drawn.dashed
    assert line.dashed
    assert drawing.badges[1].at == pytest.approx((line.line[0][0] / 2 + line.line[-1][0] / 2, line.line[0][1]), abs=0.5)


@pytest.mark.parametrize(
    ("properties", "geometry"),
    [
        ("{", POINT),
        ("[]", POINT),
        (None, POINT),
        ('{"diameter_mm": "x"}', POINT),
        ("{}", None),
        ("{}", "{"),
        ("{}", "[]"),
        ("{}", "{}"),
    ],
)
def test_what_cannot_be_read_is_left_out(properties: str | None, geometry: str | None) -> None:
    assert read_own(("k", "other", "T", "", *HERE, properties, geometry), ()) is None
    assert read_own(("k", "other", "T", "", *HERE, "{}", POINT), ()) is not None


def test_a_plan_without_pages_is_a_leaf_that_says_so() -> None:
    big, small = Plan("a" * 64, "big.pdf", 0), Plan("b" * 64, "small.pdf", 2)
    assert PlanPlace("T", (big, small)).leaves == [(big, 0), (small, 1), (small, 2)]


def test_a_page_that_the_disk_has_damaged_is_no_picture() -> None:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "red").quantize(8).save(out, "PNG")
    whole = out.getvalue()
    assert is_whole_png(whole)
    damaged = [whole[:number] + bytes([whole[number] ^ 1]) + whole[number + 1 :] for number in range(len(whole))]
    cut = [whole[:number] for number in range(len(whole))]
    assert not any(map(is_whole_png, [*damaged, *cut, whole + b"x"]))


def test_plans_of_a_later_version_of_the_part_are_left_alone(town_pack: tuple[object, Path], tmp_path: Path) -> None:
    path = tmp_path / "own.pack"
    path.write_bytes(town_pack[1].read_bytes())
    geometry = json.dumps({"type": "Point", "coordinates": list(HERE)})
    with sqlite3.connect(path) as file:
        row = ("own:a:1", "a", "object_plan", "T", "", *HERE, "", "crew", "{}", geometry, None, None)
        file.execute("INSERT INTO object VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)", row)
        file.execute("CREATE TABLE object_plan (object TEXT, number INTEGER, name TEXT, plan TEXT, pages INTEGER)")
        file.execute("INSERT INTO object_plan VALUES ('own:a:1', 1, 'n', 'p', 1)")
        file.execute("INSERT INTO part VALUES ('plans', 1, 1, '')")
    for version, count in ((1, 1), (2, 0)):
        with sqlite3.connect(path) as file:
            file.execute("UPDATE part SET version = ? WHERE name = 'plans'", (version,))
        pack = Pack(path)
        (one,) = pack.own(HERE, 100.0)
        assert len(one.plans) == count
        pack.close()
    file.close()
