"""Extracts: whole, cut at the border, broken, truncated, foreign; what is read and what is said."""

import bz2
import gzip
from pathlib import Path

import osmium
import pytest

from fixtures.library import town_osm_path
from server.base.deleted import BLOCK_BYTES, deleted
from server.base.elements import Element
from server.base.extract import Extract, ExtractError
from server.base.read_share import ReadShare
from tests.base.osm import Sheet


def read(path: Path) -> tuple[list[Element], Extract]:
    extract = Extract(path, lambda _tags: True)
    return list(extract.elements()), extract


def test_each_kind_of_element(tmp_path: Path) -> None:
    sheet = Sheet()
    hydrant = sheet.node(8.0, 51.0, emergency="fire_hydrant", fire_hydrant__type="pillar")
    street = sheet.way([(8.0, 51.0), (8.001, 51.0), (8.002, 51.001)], highway="residential", name="Kamp")
    loop = sheet.way([(8.0, 51.0), (8.001, 51.0), (8.001, 51.001)], closed=True, highway="service")
    house = sheet.square(8.01, 51.0, 0.001, building="yes")
    outer, inner = sheet.square(8.02, 51.0, 0.004), sheet.square(8.021, 51.001, 0.001)
    wood = sheet.relation([("way", outer, "outer"), ("way", inner, "inner")], type="multipolygon", landuse="forest")
    ban = sheet.relation([("way", street, "from"), ("node", 1, "via"), ("way", loop, "to")], type="restriction")
    elements, extract = read(sheet.write(tmp_path / "a.osm"))
    by_id = {(one.osm_type, one.id): one for one in elements}
    assert set(by_id) == {
        ("node", hydrant), ("way", street), ("way", loop), ("way", house), ("relation", wood), ("relation", ban),
    }  # fmt: skip
    assert by_id["node", hydrant].tags == {"emergency": "fire_hydrant", "fire_hydrant:type": "pillar"}
    line = by_id["way", street]
    assert (line.kind, line.refs) == ("way", (2, 3, 4))
    places = [(round(lon, 7), round(lat, 7)) for lon, lat in line.geometry.coords]  # type: ignore[union-attr]
    assert places == [(8.0, 51.0), (8.001, 51.0), (8.002, 51.001)]
    assert by_id["way", loop].kind == "way", "a street that comes back to its start is no area"
    area = by_id["way", house]
    assert (area.kind, area.geometry.geom_type) == ("area", "MultiPolygon")  # type: ignore[union-attr]
    assert area.geometry.area == pytest.approx(0.001**2)  # type: ignore[union-attr]
    assert by_id["relation", wood].geometry.area == pytest.approx(0.004**2 - 0.001**2)  # type: ignore[union-attr]
    assert by_id["relation", ban].members == (("way", street, "from"), ("node", 1, "via"), ("way", loop, "to"))
    assert (extract.problems.counts, extract.broken_off) == ({}, None)
    assert extract.bbox == pytest.approx((8.0, 51.0, 8.024, 51.004))


def test_ways_cut_at_the_border_and_missing_nodes(tmp_path: Path) -> None:
    sheet = Sheet(bounds=(7.9, 50.9, 8.1, 51.1))
    at = [sheet.node(8.0 + n / 1000, 51.0) for n in range(5)]
    cut = sheet.way([77701, at[0], at[1], at[2], 77702, at[3], at[4]], highway="residential")
    corners = [sheet.node(8.0, 51.0), sheet.node(8.004, 51.0), sheet.node(8.004, 51.004)]
    lake = sheet.way([77703, *corners], closed=True, natural="water")
    gone = sheet.way([77704, 77705], highway="service")
    elements, extract = read(sheet.write(tmp_path / "a.osm"))
    assert [(one.id, one.refs) for one in elements if one.kind == "way"] == [(cut, tuple(at[:3])), (cut, tuple(at[3:]))]
    (area,) = (one for one in elements if one.kind == "area")
    assert (area.id, area.geometry.area) == (lake, pytest.approx(0.004**2 / 2))  # type: ignore[union-attr]
    assert extract.problems.counts == {"cut_ways": 3, "missing_nodes": 5, "ways_without_shape": 1}
    assert extract.problems.examples["ways_without_shape"] == [f"way {gone}"]
    assert extract.bbox == (7.9, 50.9, 8.1, 51.1), "what the file says it covers"


def test_broken_relations(tmp_path: Path) -> None:
    sheet = Sheet()
    one, other = sheet.square(8.0, 51.0, 0.001), sheet.way([(8.1, 51.0), (8.2, 51.0), (8.2, 51.1)])
    partly = sheet.relation([("way", one, "outer"), ("way", 555, "outer")], type="multipolygon", landuse="forest")
    nothing = sheet.relation([("way", other, "outer"), ("way", 556, "outer")], type="multipolygon", landuse="forest")
    sheet.relation([], type="multipolygon", landuse="forest")
    elements, extract = read(sheet.write(tmp_path / "a.osm"))
    assert [(found.id, found.kind) for found in elements] == [(partly, "area")]
    assert extract.problems.counts == {"cut_relations": 1, "relations_without_area": 2}
    assert f"relation {nothing}" in extract.problems.examples["relations_without_area"]


def test_an_area_that_crosses_itself_is_taken_apart(tmp_path: Path) -> None:
    sheet = Sheet()
    sheet.way([(8.0, 51.0), (8.002, 51.002), (8.002, 51.0), (8.0, 51.002)], closed=True, landuse="meadow")
    elements, _ = read(sheet.write(tmp_path / "a.osm"))
    (area,) = elements
    assert area.geometry is not None
    assert (area.geometry.is_valid, len(area.geometry.geoms)) == (True, 2)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("a.osm", b"hello", "is no OpenStreetMap extract"),
        ("a.osm.pbf", b"hello, this is no protobuf", "is no OpenStreetMap extract"),
        ("a.osm.gz", b"\x1f\x8bnot gzip", "is no OpenStreetMap extract"),
        ("a.osm", b"<gpx/>", "Unknown top-level element: gpx"),
        ("a.osm", b"", "is no OpenStreetMap extract"),
        ("a.jpeg", b"\xff\xd8", "Could not detect file format"),
        ("a.osm", b'<osm version="0.6"><node id="x1" lat="1" lon="1"/></osm>', "illegal id: 'x1'"),
        ("a.osm", b'<osm version="0.6"><node id="1" lat="abc" lon="1"/></osm>', "wrong format for coordinate: 'abc'"),
        ("a.osm", Sheet(nodes={1: (8.0, 51.0, {"name": "x" * 2000})}).text().encode(), "value is too long"),
        ("a.osh", Sheet(nodes={1: (8.0, 51.0, {"place": "town"})}).text().encode(), "history of objects"),
        ("a.osm", b'<?xml version="1.0"?><osm version="0.6"/>', "without any tagged element"),
        ("a.osm", Sheet(nodes={1: (8.0, 51.0, {})}).text().encode(), "without any tagged element"),
    ],
)
def test_what_is_no_extract(tmp_path: Path, name: str, content: bytes, why: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ExtractError, match=why):
        read(tmp_path / name)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ExtractError, match="No such file"):
        read(tmp_path / "none.osm")


@pytest.mark.parametrize("suffix", ["osm", "osm.gz"])
def test_of_a_file_that_breaks_off_the_beginning_is_read(tmp_path: Path, suffix: str) -> None:
    whole = town_osm_path().read_bytes()
    data = gzip.compress(whole) if suffix == "osm.gz" else whole
    path = tmp_path / f"a.{suffix}"
    path.write_bytes(data[: len(data) * 3 // 4])
    elements, extract = read(path)
    assert extract.broken_off
    assert 100 < len(elements) < len(read(town_osm_path())[0])


def test_what_an_editor_saved_before_it_was_uploaded_has_negative_ids(tmp_path: Path) -> None:
    path = tmp_path / "a.osm"
    path.write_text(
        """<osm version="0.6"><node id="-1" lat="51.0" lon="8.0"/><node id="-2" lat="51.001" lon="8.0"/>
        <node id="3" version="1" lat="51.002" lon="8.0"/>
        <way id="-4"><nd ref="-1"/><nd ref="-2"/><nd ref="3"/><nd ref="-9"/>
        <tag k="highway" v="service"/></way></osm>"""
    )
    (element,), extract = read(path)
    assert element.geometry is not None
    assert list(element.geometry.coords) == [(8.0, 51.0), (8.0, 51.001), (8.0, 51.002)]
    assert element.refs == (-1, -2, 3)
    assert dict(extract.problems.counts) == {"cut_ways": 1, "missing_nodes": 1}


def test_what_cannot_be_read_in_the_middle_ends_it_there(tmp_path: Path) -> None:
    sheet = Sheet()
    for number in range(40_000):
        sheet.node(8.0 + number * 1e-5, 51.0, name=f"a{number}")
    text = sheet.text().replace('lat="51.0" lon="8.39999"', 'lat="51.0" lon="east"')
    path = tmp_path / "a.osm"
    path.write_text(text)
    elements, extract = read(path)
    assert extract.broken_off == "wrong format for coordinate: 'east'"
    assert [element.tags["name"] for element in elements] == [f"a{number}" for number in range(len(elements))]
    assert 1000 < len(elements) < 40_000


def test_signs_that_turn_the_order_of_letters_are_left_out(tmp_path: Path) -> None:
    sheet = Sheet()
    sheet.node(8.0, 51.0, name="Feuer\u202ewache")
    assert read(sheet.write(tmp_path / "a.osm"))[0][0].tags == {"name": "Feuerwache"}


EDITED = """<?xml version='1.0' encoding='UTF-8'?>
<osm version='0.6' generator='JOSM'>
<node id='1' action='delete' version='2' lat='51.0' lon='8.0'><tag k='emergency' v='fire_hydrant'/></node>
<node id='2' visible='true' version='1' lat='51.0' lon='8.0'><tag k='note' v='action="delete"'/></node>
<node id='3' version='1' lat='51.001' lon='8.0'/>
<node id='5' visible='false' version='7' lat='51.0' lon='8.0'><tag k='emergency' v='siren'/></node>
<way id='1' version='1'><nd ref='2'/><nd ref='3'/><tag k='highway' v='service'/></way>
<way id='4' action='delete' version='1'><nd ref='2'/><nd ref='3'/><tag k='highway' v='primary'/></way>
<relation id='1' version='1'><member type='way' ref='1' role='x'/><tag k='type' v='site'/></relation>
<relation id='2' version='1' action='delete'><member type='way' ref='1' role='x'/><tag k='type' v='site'/></relation>
</osm>"""


@pytest.mark.parametrize(
    ("suffix", "content"),
    [
        ("osm", EDITED.encode()),
        ("osm.gz", gzip.compress(EDITED.encode())),
        ("osm.bz2", bz2.compress(EDITED.encode())),
    ],
    ids=["plain", "gz", "bz2"],
)
def test_what_an_editor_marked_as_deleted_is_left_out(tmp_path: Path, suffix: str, content: bytes) -> None:
    path = tmp_path / f"a.{suffix}"
    path.write_bytes(content)
    elements, extract = read(path)
    assert [(one.osm_type, one.id) for one in elements] == [("relation", 1), ("node", 2), ("way", 1)]
    assert dict(extract.problems.counts) == {"deleted": 4}
    assert extract.problems.examples["deleted"] == ["relation 2", "node 1", "node 5", "way 4"]


def test_a_mark_across_two_blocks_is_seen(tmp_path: Path) -> None:
    head = '<osm version="0.6"><!--'
    path = tmp_path / "a.osm"
    filling = "x" * (BLOCK_BYTES - len(head) - 25)
    path.write_text(f'{head}{filling}--><node id="7" action="delete" lat="1" lon="1"/></osm>')
    assert 0 < path.read_text().index('action="delete"') - BLOCK_BYTES + 15 < 15
    assert deleted(path) == {("node", 7)}


@pytest.mark.parametrize(
    "versions",
    [
        """<node id="1" version="1" lat="51" lon="8"><tag k="place" v="town"/></node>
        <node id="1" version="2" lat="51" lon="8"/>""",
        """<node id="1" version="1" lat="51" lon="8"><tag k="place" v="town"/></node>
        <node id="1" version="2" visible="false"/>""",
        """<way id="1" version="1"><tag k="highway" v="service"/></way><way id="1" version="2"/>""",
        """<relation id="1" version="1"><tag k="type" v="site"/></relation><relation id="1" version="2"/>""",
    ],
)
def test_a_history_that_is_named_as_an_extract_is_refused(tmp_path: Path, versions: str) -> None:
    (tmp_path / "a.osm").write_text(f'<osm version="0.6">{versions}</osm>')
    with pytest.raises(ExtractError, match="history of objects"):
        read(tmp_path / "a.osm")


def test_one_misplaced_node_does_not_make_the_area(tmp_path: Path) -> None:
    sheet = Sheet()
    for number in range(6):
        sheet.node(8.0 + number / 100, 51.0 + number / 100, place="hamlet")
    lost = sheet.node(0.0, 0.0, emergency="fire_hydrant")
    astray = sheet.way([(8.0, 51.0), (0.0, 51.0)], highway="service")
    for number in range(40):
        sheet.node(8.0 + number / 1000, 51.0, emergency="fire_hydrant")
    elements, extract = read(sheet.write(tmp_path / "a.osm"))
    assert extract.bbox == pytest.approx((8.0, 51.0, 8.05, 51.05))
    assert dict(extract.problems.counts) == {"far_off": 2}
    assert extract.problems.examples == {"far_off": [f"node {lost}", f"way {astray}"]}
    assert len(elements) == 48, "they are told, and read"


@pytest.mark.parametrize(
    ("places", "box"),
    [
        ([(8.0, 51.0)], (8.0, 51.0, 8.0, 51.0)),
        ([(8.0, 51.0), (9.0, 52.0)], (8.0, 51.0, 9.0, 52.0)),
        ([(8.0, 51.0), (8.1, 51.0), (0.0, 0.0)], (8.0, 51.0, 8.1, 51.0)),
        ([*[(8.0 + n / 100, 51.0) for n in range(60)], *[(11.0, 50.0)] * 20], (8.0, 50.0, 11.0, 51.0)),
    ],
    ids=["a point", "two", "three, one misplaced", "two towns"],
)
def test_where_nearly_all_lies(
    tmp_path: Path, places: list[tuple[float, float]], box: tuple[float, float, float, float]
) -> None:
    sheet = Sheet()
    for place in places:
        sheet.node(*place, place="hamlet")
    assert read(sheet.write(tmp_path / "a.osm"))[1].bbox == pytest.approx(box)


def packed(data: bytes, kind: str) -> bytes:
    match kind.rpartition(".")[2]:
        case "gz":
            return gzip.compress(data)
        case "bz2":
            return bz2.compress(data)
    return data


LINES = """<?xml version="1.0" encoding="UTF-8"?>
<osm version="0.6">
<node id="1" lat="51.0" lon="8.0"><tag k="name" v="Ä"/></node>
<node id="2" lat="51.0" lon="8.1"><tag k="name" v="B"/></node>
<way id="3"><nd ref="1"/><nd ref="2"/><tag k="highway" v="service"/></way>BREAK
<node id="4" lat="51.0" lon="8.2"><tag k="name" v="C"/></node>
<relation id="5"><member type="way" ref="3" role=""/><tag k="type" v="route"/></relation>
</osm>
"""


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        (LINES.replace("BREAK", "\x01"), [1, 2, 3]),
        (LINES.replace("BREAK", "<"), [1, 2, 3]),
        (LINES.replace("BREAK", "").replace('ref="2"/><tag', 'ref="2"><tag'), [1, 2]),
        (LINES.replace("BREAK", "").replace("\n", "").replace('v="C"', "v=C"), [1, 2, 3]),
        (LINES.replace("BREAK", "") + "<node", [5, 1, 2, 3, 4]),
    ],
    ids=["character", "bracket", "tag", "one line", "behind the end"],
)
@pytest.mark.parametrize("suffix", ["osm", "osm.gz", "osm.bz2"])
def test_what_is_no_xml_in_the_middle_ends_it_before_that(
    tmp_path: Path, text: str, ids: list[int], suffix: str
) -> None:
    path = tmp_path / f"a.{suffix}"
    path.write_bytes(packed(text.encode(), suffix))
    elements, extract = read(path)
    assert [element.id for element in elements] == ids
    assert extract.broken_off


@pytest.mark.parametrize("name", ["a.osm.pbf", "a.osm.gz", "a.osm", "a.osm.bz2", "a", "a.download"])
@pytest.mark.parametrize("kind", ["osm", "osm.gz", "osm.bz2", "pbf", "pbf.gz"])
def test_what_a_file_is_its_first_bytes_say_and_not_its_name(tmp_path: Path, name: str, kind: str) -> None:
    sheet = Sheet()
    sheet.node(8.0, 51.0, name="A")
    plain = sheet.text().encode()
    if kind.startswith("pbf"):
        with osmium.SimpleWriter(str(tmp_path / "made.osm.pbf")) as writer:
            for item in osmium.FileProcessor(str(sheet.write(tmp_path / "made.osm"))):
                writer.add(item)
        plain = (tmp_path / "made.osm.pbf").read_bytes()
    path = tmp_path / name
    path.write_bytes(packed(plain, kind))
    elements, extract = read(path)
    assert [element.tags for element in elements] == [{"name": "A"}]
    assert extract.broken_off is None


def test_of_a_file_under_a_wrong_name_that_breaks_off_the_beginning_is_read(tmp_path: Path) -> None:
    data = gzip.compress(town_osm_path().read_bytes())
    path = tmp_path / "a.osm.pbf"
    path.write_bytes(data[: len(data) * 3 // 4])
    elements, extract = read(path)
    assert (len(elements) > 100, extract.broken_off is not None) == (True, True)


def test_how_much_a_library_has_read_of_a_file(tmp_path: Path) -> None:
    path, other = tmp_path / "a", tmp_path / "b"
    path.write_bytes(b"x" * 400_000)
    other.write_bytes(b"x" * 10)
    reading = ReadShare(path)
    assert reading.share() == 0.0
    with other.open("rb"), path.open("rb", buffering=0) as file:
        file.read(100_000)
        assert reading.share() == 0.25
        file.seek(0)
        assert reading.share() == 0.25, "never less"
        file.read(300_000)
        assert reading.share() == 0.75
    assert reading.share() == 1.0


def test_the_share_that_is_read_grows_to_all(tmp_path: Path) -> None:
    extract = Extract(town_osm_path(), lambda _tags: True)
    shares = [extract.share_read() for _ in extract.elements()]
    assert shares == sorted(shares)
    assert (shares[0] < 1.0, extract.share_read()) == (True, 1.0)
