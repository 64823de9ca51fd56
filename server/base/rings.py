"""Areas from closed ways and from the ways of a multipolygon relation, by shapely."""

from collections.abc import Sequence
from typing import cast

import numpy as np
import shapely
from shapely.geometry import MultiPolygon
from shapely.geometry.base import BaseGeometry

Positions = Sequence[tuple[float, float]]


def filled(ring: Positions) -> MultiPolygon | None:
    """The area inside a ring (first position equals last). None where nothing is enclosed; a ring that crosses itself
    is taken apart into what it encloses (shapely.make_valid)."""
    if len(ring) < 4:
        return None
    return polygons_of(shapely.polygons(shapely.linearrings(ring)))


def polygons_of(shape: BaseGeometry) -> MultiPolygon | None:
    """The areas of any geometry, made valid; None where it has none."""
    if not shapely.is_valid(shape):
        shape = shapely.make_valid(shape)
    parts = shapely.get_parts(shape)
    if not np.all(shapely.get_dimensions(parts) == 2):
        parts = np.array([one for part in parts for one in shapely.get_parts(part) if shapely.get_dimensions(one) == 2])
    elif any(part.geom_type == "MultiPolygon" for part in parts):
        parts = np.array([one for part in parts for one in shapely.get_parts(part)])
    return cast(MultiPolygon, shapely.multipolygons(parts)) if len(parts) else None


def assemble(outer: Sequence[BaseGeometry], inner: Sequence[BaseGeometry]) -> MultiPolygon | None:
    """What the outer lines enclose without what the inner lines do. Rings that do not close are left out; None where
    none does.
    """
    area = _enclosed(outer)
    if area is None:
        return None
    holes = _enclosed(inner)
    return polygons_of(area if holes is None else shapely.difference(area, holes))


def _enclosed(lines: Sequence[BaseGeometry]) -> BaseGeometry | None:
    if not lines:
        return None
    # Noded by union: rings that touch or share an edge become faces, which the second union puts together again.
    faces = shapely.get_parts(shapely.polygonize([shapely.unary_union(np.array(lines))]))
    return shapely.unary_union(faces) if len(faces) else None
