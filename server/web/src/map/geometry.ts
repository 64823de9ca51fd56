/** Small plane geometry for placing texts and fitting the view; measuring is the server's business. */
import type { Geometry, Point, Position } from "geojson";

export type Box = [west: number, south: number, east: number, north: number];

/** Every position of a geometry. */
export function* positions(geometry: Geometry | null): Generator<Position> {
  if (geometry === null) return;
  if (geometry.type === "GeometryCollection") {
    for (const part of geometry.geometries) yield* positions(part);
  } else if (geometry.type === "Point") {
    yield geometry.coordinates;
  } else {
    yield* nested(geometry.coordinates);
  }
}

function* nested(list: unknown[]): Generator<Position> {
  for (const item of list) {
    if (!Array.isArray(item)) continue;
    if (typeof item[0] === "number") yield item as Position;
    else yield* nested(item);
  }
}

/** The smallest box around the geometries, grown from `box`; null when there is no position at all. */
export function bounds(geometries: Iterable<Geometry | null>, box: Box | null = null): Box | null {
  let grown = box;
  for (const geometry of geometries) {
    for (const [x, y] of positions(geometry)) {
      if (x === undefined || y === undefined) continue;
      grown = grown
        ? [Math.min(grown[0], x), Math.min(grown[1], y), Math.max(grown[2], x), Math.max(grown[3], y)]
        : [x, y, x, y];
    }
  }
  return grown;
}

/** Where to write a geometry's name: the centre of area of a polygon's outer ring, the middle of a line, the point itself. */
export function centre(geometry: Geometry | null): Point | null {
  if (geometry === null) return null;
  switch (geometry.type) {
    case "Point":
      return geometry;
    case "Polygon":
      return point(centroid(geometry.coordinates[0] ?? []));
    case "MultiPolygon":
      return point(centroid(geometry.coordinates[0]?.[0] ?? []));
    case "LineString":
      return point(geometry.coordinates[Math.floor(geometry.coordinates.length / 2)]);
    default:
      return point(positions(geometry).next().value ?? undefined);
  }
}

function point(at: Position | undefined): Point | null {
  return at ? { type: "Point", coordinates: at } : null;
}

/** Centre of area; of a ring without area the first corner. Coordinates are taken relative to it, so digits do not cancel. */
function centroid(ring: Position[]): Position | undefined {
  const origin = ring[0];
  if (!origin) return undefined;
  const [ox = 0, oy = 0] = origin;
  let [area, x, y] = [0, 0, 0];
  for (let i = 0; i + 1 < ring.length; i += 1) {
    const [ax = 0, ay = 0] = ring[i] ?? [];
    const [bx = 0, by = 0] = ring[i + 1] ?? [];
    const cross = (ax - ox) * (by - oy) - (bx - ox) * (ay - oy);
    area += cross;
    x += (ax - 2 * ox + bx) * cross;
    y += (ay - 2 * oy + by) * cross;
  }
  return area === 0 ? origin : [ox + x / (3 * area), oy + y / (3 * area)];
}
