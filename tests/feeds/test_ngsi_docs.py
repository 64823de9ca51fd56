"""docs/feeds.md says of every entity type what becomes of its attributes, and nothing that is not so."""

import re
from pathlib import Path

import pytest

from server.feeds.ngsi.types import TYPES

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "feeds.md").read_text(encoding="utf-8")
SECTIONS = {
    tuple(re.findall(r"`(\w+)`", heading)): (kind, body)
    for heading, kind, body in re.findall(r"^#### ([^\n]+): (\w+)\n(.*?)(?=^#|\Z)", PAGE, re.MULTILINE | re.DOTALL)
}


def test_every_type_has_a_section() -> None:
    assert set(SECTIONS) == {table.names for table in TYPES.values()}


@pytest.mark.parametrize("name", sorted(TYPES))
def test_a_section_lists_every_attribute(name: str) -> None:
    table = TYPES[name]
    kind, body = SECTIONS[table.names]
    assert kind == table.content.__struct_config__.tag
    written = {
        (frozenset(re.findall(r"`([\w.]+)`", left)), target.strip("`"), bool(personal))
        for left, target, personal in re.findall(
            r"^\| ?([^|]*) \| (`\w+`|geometry)( \*\*P\*\*)? \|", body, re.MULTILINE
        )
    }
    rows = {(frozenset(row.path.split("|")), row.target.replace("@", ""), row.personal) for row in table.rows}
    joints = {(frozenset(joint.attributes), joint.target, False) for joint in table.joints}
    constants = {(frozenset[str](), target, False) for target in table.constants}
    assert written == rows | joints | constants


@pytest.mark.parametrize("name", sorted(TYPES))
def test_a_section_names_the_time_of_measurement(name: str) -> None:
    _, body = SECTIONS[TYPES[name].names]
    line = re.search(r"Time: (.+?)\.$", body, re.MULTILINE)
    assert line is not None
    assert tuple(re.findall(r"`(\w+)`", line[1])) == TYPES[name].time
