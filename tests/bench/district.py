"""A district of about 300,000 people as an extract: the exercise town, side by side 200 times (154,000 buildings)."""

from pathlib import Path
from typing import Any, cast

import osmium
from osmium.osm.mutable import Node, Relation, Way

from fixtures.library import town_osm_path

COPIES = 200
COLUMNS = 20
STEP_LON_DEG, STEP_LAT_DEG = 0.02, 0.0105
ID_STEP = 1_000_000


def write_district(path: Path, copies: int = COPIES) -> Path:
    """Write the extract (the suffix says the format) and return where it is."""
    town = list(_town())
    with osmium.SimpleWriter(str(path), overwrite=True) as writer:
        for kind, add in ((Node, writer.add_node), (Way, writer.add_way), (Relation, writer.add_relation)):
            for copy in range(copies):
                for element in town:
                    if isinstance(element, kind):
                        add(_moved(element, copy))
    return path


def _town() -> list[Any]:
    found: list[Any] = []
    item: Any
    for item in osmium.FileProcessor(str(town_osm_path())):
        common: dict[str, Any] = {"id": item.id, "version": 1, "tags": dict(item.tags)}
        if item.is_node():
            found.append(Node(location=(item.lon, item.lat), **common))
        elif item.is_way():
            found.append(Way(nodes=[node.ref for node in item.nodes], **common))
        else:
            found.append(Relation(members=[(one.type, one.ref, one.role) for one in item.members], **common))
    return found


def _moved(element: Any, copy: int) -> Any:
    shift = copy * ID_STEP
    common: dict[str, Any] = {"id": element.id + shift, "version": 1, "tags": element.tags}
    if isinstance(element, Node):
        row, column = divmod(copy, COLUMNS)
        lon, lat = cast(tuple[float, float], element.location)
        return Node(location=(lon + column * STEP_LON_DEG, lat + row * STEP_LAT_DEG), **common)
    if isinstance(element, Way):
        return Way(nodes=[ref + shift for ref in cast(list[int], element.nodes)], **common)
    members = cast(list[tuple[str, int, str]], element.members)
    return Relation(members=[(kind, ref + shift, role) for kind, ref, role in members], **common)
