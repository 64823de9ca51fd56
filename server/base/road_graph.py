"""The road graph: segments between junctions, two directed edges each, as arrays in one file that opens fast.

Edges are sorted by the node they leave, so those that leave node n are `first[n] .. first[n + 1]`. Every segment has an
edge in each direction; whether it may be used is a question of tags and vehicle (`server.base.road_costs`).
"""

import json
from dataclasses import dataclass, fields
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
FILE = "roads.npz"
VERSION = 2
TEXTS = ("names", "conditions")


class GraphError(ValueError):
    """The file is no road graph of this version; the message is for the operator."""


@dataclass(frozen=True, kw_only=True, eq=False)
class RoadGraph:
    """See the module. Lengths in metres, speeds in km/h, weights in tonnes, positions in degrees, bearings in degrees
    clockwise from north; NaN where nobody tagged it."""

    node_position: Floats
    """(nodes, 2): longitude, latitude."""
    node_barrier: Ints
    node_signals: Ints
    node_max_height_m: Floats
    node_max_width_m: Floats
    node_rails: Ints
    """1 where the node is a level crossing."""
    segment_way: Ints
    segment_class: Ints
    segment_flags: Ints
    segment_name: Ints
    """Place in `names`; 0 is the empty name."""
    segment_ref: Ints
    segment_kmh: Floats
    """(segments, 2): forward, backward."""
    segment_max_height_m: Floats
    segment_max_weight_t: Floats
    segment_max_width_m: Floats
    segment_width_m: Floats
    segment_length_m: Floats
    segment_first: Ints
    """(segments + 1): where the positions of each segment begin in `positions`."""
    positions: Floats
    """(n, 2): longitude, latitude."""
    edge_segment: Ints
    edge_backward: Ints
    edge_tail: Ints
    edge_head: Ints
    edge_twin: Ints
    """The edge of the same segment in the other direction."""
    edge_leaves_deg: Floats
    edge_arrives_deg: Floats
    first: Ints
    banned: Ints
    """(n, 2): an edge, and one that must never follow it."""
    barred_first: Ints
    """Where each longer sequence of edges that must not be driven begins in `barred_edges`, or one that depends on a
    condition; and the end of the last."""
    barred_edges: Ints
    barred_condition: Ints
    """By sequence, place in `conditions`."""
    segment_condition: Ints
    node_condition: Ints
    """Place in `conditions` of what the tags depend on."""
    conditions: tuple[str, ...]
    """The first is empty: always. Else JSON (`server.base.moments`): `tags` as written, and `kind` of a restriction."""
    cut_first: Ints
    cut_positions: Floats
    """Lines that no hose crosses, as `segment_first` and `positions`."""
    names: tuple[str, ...]

    def line(self, segment: int) -> Floats:
        """Positions of a segment."""
        return self.positions[self.segment_first[segment] : self.segment_first[segment + 1]]

    def way_along(self, edge: int) -> Floats:
        """Positions of an edge in the direction of travel."""
        line = self.line(int(self.edge_segment[edge]))
        return line[::-1] if self.edge_backward[edge] else line

    def name(self, segment: int) -> str:
        """What the street is called: its name, else its number, else nothing."""
        return self.names[int(self.segment_name[segment])] or self.names[int(self.segment_ref[segment])]

    def save(self, path: Path) -> None:
        """Write the file."""
        arrays: dict[str, Any] = {field.name: getattr(self, field.name) for field in fields(self)}
        for texts in TEXTS:
            arrays[texts] = np.frombuffer(json.dumps(arrays[texts], ensure_ascii=False).encode(), dtype=np.uint8)
        with path.open("wb") as file:
            np.savez(file, version=np.array([VERSION]), **arrays)

    @classmethod
    def load(cls, path: Path) -> "RoadGraph":
        """Read the file. Raises GraphError."""
        try:
            with np.load(BytesIO(path.read_bytes()), allow_pickle=False) as stored:
                if int(stored["version"][0]) != VERSION:
                    raise GraphError(f"{path.name} is of version {stored['version'][0]}, not {VERSION}: build it anew")
                arrays: dict[str, Any] = {field.name: stored[field.name] for field in fields(cls)}
        except (OSError, EOFError, KeyError, ValueError, BadZipFile) as error:
            if isinstance(error, GraphError):
                raise
            raise GraphError(f"{path.name} is no road graph: {error}") from error
        for texts in TEXTS:
            arrays[texts] = tuple(json.loads(arrays[texts].tobytes()))
        return cls(**arrays)
