"""Streets of a district as a road graph of about 190,000 segments: crooked blocks, main roads, gaps, one-ways."""

import random

from server.base.road_build import NodeFacts, Piece, make
from server.base.road_graph import RoadGraph
from server.base.road_rules import way

SIDE = 316
"""Crossings in a row, and rows: 2 * 316 * 315 stretches, of which one in twenty is missing."""
BLOCK_LON_DEG, BLOCK_LAT_DEG = 0.00145, 0.0009
"""About 100 metres each at this latitude."""
MISSING, ONEWAY = 0.05, 0.15
LON, LAT = 8.5, 51.6


def district_roads(side: int = SIDE, seed: int = 7) -> RoadGraph:
    """The graph; the same for the same seed."""
    rng = random.Random(seed)
    places = {
        row * side + column: (
            LON + (column + rng.uniform(-0.15, 0.15)) * BLOCK_LON_DEG,
            LAT + (row + rng.uniform(-0.15, 0.15)) * BLOCK_LAT_DEG,
        )
        for row in range(side)
        for column in range(side)
    }
    pieces: list[Piece] = []
    for row in range(side):
        for column in range(side):
            here = row * side + column
            for there, line in ((here + 1, row), (here + side, column)):
                if there >= side * side or (there == here + 1 and column == side - 1):
                    continue
                tags = _tags(line, rng)
                if tags["highway"] == "residential" and rng.random() < MISSING:
                    continue
                made = way(tags)
                assert made is not None
                pieces.append(Piece(len(pieces), made, [here, there], [places[here], places[there]]))
    signals = {
        row * side + column: NodeFacts(signals=True) for row in range(0, side, 9) for column in range(0, side, 9)
    }
    return make(pieces, signals, [], [])


def _tags(line: int, rng: random.Random) -> dict[str, str]:
    """A main road every third of a kilometre to three kilometres; streets between them, some of them one-way."""
    if line % 27 == 0:
        return {"highway": "primary", "maxspeed": "70"}
    if line % 9 == 0:
        return {"highway": "secondary", "maxspeed": "50"}
    if line % 3 == 0:
        return {"highway": "tertiary", "maxspeed": "50"}
    tags = {"highway": "residential", "maxspeed": "30"}
    if rng.random() < ONEWAY:
        tags["oneway"] = rng.choice(("yes", "-1"))
    return tags
