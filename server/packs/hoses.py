"""Part hoses of a pack: the ways that a hose may follow and the water beside them, cell by cell, so that a tablet finds
the nearest water by the length of hose without a network (ADR 0142; docs/base.md, "Offline packs").

A cell is a hundredth of a degree each way. Its body is JSON, deflated; places are millionths of a degree from its south
west corner, lengths are decimetres.
"""

import json
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from math import floor
from typing import Any

import numpy as np
import shapely

from server.base.base import Base
from server.base.extract import Box
from server.base.hoses import REACH_M, Hoses
from server.base.road_graph import GraphError

Cell = tuple[int, int]
Place = tuple[float, float]
CELLS_PER_DEGREE = 100
MICRO = 1_000_000
MARGIN = 2
"""Cells round the area: a fire at its edge may have its water beyond."""
MOST_POINTS = 256
"""Of a piece of open water: a sea is cut up before anything is measured to it."""
LEVEL = 6


def rows(base: Base, box: Box) -> Iterator[tuple[int, int, bytes]]:
    """Column, row and body of every cell in the box or near it that holds a way; none where there is no graph."""
    try:
        hoses = base.get(Hoses)
    except GraphError:
        return
    west, south, east, north = (_cell(edge) for edge in box)
    within = west - MARGIN, south - MARGIN, east + MARGIN, north + MARGIN
    cells: dict[Cell, dict[str, list[Any]]] = defaultdict(lambda: {"w": [], "r": [], "c": [], "p": []})
    ways = _ways(hoses, cells, within)
    _cuts(hoses, cells)
    _water(hoses, cells, ways)
    for x, y in sorted(cells):
        yield x, y, zlib.compress(json.dumps(cells[x, y], separators=(",", ":"), ensure_ascii=False).encode(), LEVEL)


def _ways(hoses: Hoses, cells: dict[Cell, Any], within: tuple[int, int, int, int]) -> dict[int, list[Cell]]:
    """Write the usable segments into the cells they touch, and level crossings; the cells of each segment."""
    graph, pairs = hoses.streets.graph, hoses.streets.pairs
    west, south, east, north = within
    rails = graph.node_rails.tolist()
    found: dict[int, list[Cell]] = {}
    for segment in hoses.usable:
        line = graph.line(segment)
        low, high = line.min(axis=0).tolist(), line.max(axis=0).tolist()
        columns = range(max(west, _cell(low[0])), min(east, _cell(high[0])) + 1)
        touched = [(x, y) for x in columns for y in range(max(south, _cell(low[1])), min(north, _cell(high[1])) + 1)]
        if not touched:
            continue
        found[segment] = touched
        edge = pairs[segment][0]
        tail, head = int(graph.edge_tail[edge]), int(graph.edge_head[edge])
        length_dm = round(float(graph.segment_length_m[segment]) * 10)
        for cell in touched:
            cells[cell]["w"].append([segment, tail, head, length_dm, _packed(line.tolist(), cell)])
            cells[cell]["r"] += [node for node in (tail, head) if rails[node]]
    return found


def _cuts(hoses: Hoses, cells: dict[Cell, Any]) -> None:
    """Write what no hose crosses into cells that have ways: pieces of lines, one after the other."""
    graph = hoses.streets.graph
    for first, last in pairwise(graph.cut_first.tolist()):
        runs: dict[Cell, list[Place]] = {}
        for a, b in pairwise(map(tuple, graph.cut_positions[first:last].tolist())):
            touched = set(_between(a, b))
            for cell in [cell for cell in runs if cell not in touched]:
                cells[cell]["c"].append(_packed(runs.pop(cell), cell))
            for cell in touched & cells.keys():
                runs.setdefault(cell, [a]).append(b)
        for cell, run in runs.items():
            cells[cell]["c"].append(_packed(run, cell))


def _between(a: Place, b: Place) -> Iterator[Cell]:
    """The cells that the box round two places touches."""
    for x in range(_cell(min(a[0], b[0])), _cell(max(a[0], b[0])) + 1):
        for y in range(_cell(min(a[1], b[1])), _cell(max(a[1], b[1])) + 1):
            yield x, y


def _water(hoses: Hoses, cells: dict[Cell, Any], ways: dict[int, list[Cell]]) -> None:
    """Write the water beside each segment: where along it, how far from it, what it is."""
    for segment, joints in sorted(hoses.hung_points.at.items()):
        for joint in joints:
            row = hoses.hung_points.points[joint.row]
            what = [f"{row['osm_type']}{row['osm_id']}", row["kind"], row["ref"] or "", row["diameter_mm"] or 0, ""]
            where = (row["lon_deg"], row["lat_deg"])
            for cell in ways.get(segment, ()):
                cells[cell]["p"].append([segment, *_at(joint.along_m, joint.off_m, where, cell), *what, 0])
    for segment, body, along_m, off_m, where in banks(hoses, sorted(ways)):
        row = hoses.bodies[body]
        what = [f"{row['osm_type']}{row['osm_id']}", row["kind"], "", 0, row["name"] or ""]
        for cell in ways[segment]:
            cells[cell]["p"].append([segment, *_at(along_m, off_m, where, cell), *what, 1])


def banks(hoses: Hoses, segments: Sequence[int]) -> Iterator[tuple[int, int, float, float, Place]]:
    """Open water beside streets that carry an engine: segment, row of the body, metres along it and off it, where."""
    lines = hoses.streets.snapper.lines
    chosen = np.array([segment for segment in segments if hoses.carries_engine(segment)], dtype=np.int64)
    if not len(chosen) or not len(hoses.shapes):
        return
    pieces = [(body, piece) for body, shape in enumerate(hoses.shapes) for piece in _cut_up(shape)]
    owner, shapes = np.array([body for body, _ in pieces]), np.array([piece for _, piece in pieces], dtype=object)
    near, which = shapely.STRtree(shapes).query(lines[chosen], predicate="dwithin", distance=REACH_M)
    beside: dict[tuple[int, int], list[Any]] = defaultdict(list)
    for segment, piece in zip(chosen[near].tolist(), which.tolist(), strict=True):
        beside[segment, int(owner[piece])].append(shapes[piece])
    for (segment, body), parts in sorted(beside.items()):
        west, south, east, north = shapely.bounds(lines[segment]).tolist()
        reach = 2.0 * REACH_M
        window = shapely.box(west - reach, south - reach, east + reach, north + reach)
        bank = shapely.intersection(shapely.union_all(parts) if len(parts) > 1 else parts[0], window)
        for _, along_m, off_m, where in hoses.banks_at(body, segment, bank):
            yield segment, body, along_m, off_m, where


def _cut_up(shape: Any) -> Iterator[Any]:
    """A shape in pieces of few points, halved across its longer side again and again."""
    if shapely.get_num_coordinates(shape) <= MOST_POINTS:
        if not shapely.is_empty(shape):
            yield shape
        return
    west, south, east, north = shapely.bounds(shape).tolist()
    x, y = (west + east) / 2, (south + north) / 2
    wide = east - west > north - south
    halves = ((west, south, x, north), (x, south, east, north)) if wide else (
        (west, south, east, y), (west, y, east, north)
    )  # fmt: skip
    for half in halves:
        yield from _cut_up(shapely.intersection(shape, shapely.box(*half)))


def _cell(degrees: float) -> int:
    return floor(degrees * CELLS_PER_DEGREE)


def _corner(cell: Cell) -> tuple[int, int]:
    return cell[0] * (MICRO // CELLS_PER_DEGREE), cell[1] * (MICRO // CELLS_PER_DEGREE)


def _packed(line: Iterable[Sequence[float]], cell: Cell) -> list[int]:
    """Places one after the other, each from the one before, the first from the corner of the cell."""
    told: list[int] = []
    last = _corner(cell)
    for lon, lat in line:
        here = round(lon * MICRO), round(lat * MICRO)
        told += [here[0] - last[0], here[1] - last[1]]
        last = here
    return told


def _at(along_m: float, off_m: float, where: Place, cell: Cell) -> list[int]:
    return [round(along_m * 10), round(off_m * 10), *_packed([where], cell)]
