"""`lagebild base water` and `lagebild base route`: the nearest water by the length of hose, and the way there."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from server.cli_base import BASE, JSON, opened, print_json
from server.cli_options import CONFIG, DATA, settings_of

if TYPE_CHECKING:
    from server.base.base import Base

HYDRANTS = frozenset({"pillar", "underground", "wall", "pipe"})


@click.command("water")
@DATA
@CONFIG
@BASE
@click.argument("lat", type=click.FloatRange(-90, 90))
@click.argument("lon", type=click.FloatRange(-180, 180))
@click.option("--limit", type=click.IntRange(1, 50), default=5, show_default=True, help="How many.")
@JSON
def water_command(
    data_dir: Path, config_path: Path | None, base_dir: Path | None, lat: float, lon: float, limit: int, as_json: bool
) -> None:
    """The nearest water by the length of hose along streets and paths."""
    from server.base.hoses import Hoses
    from server.base.objects.library import Objects
    from server.base.objects.ways import OwnWater
    from server.base.road_graph import GraphError
    from server.base.ways import water_json

    with opened(base_dir, data_dir, config_path) as found:
        try:
            hoses = found.get(Hoses)
            own = OwnWater(Objects(data_dir / "objects", settings_of(data_dir, config_path).base.objects))
            rows = water_json(hoses.near(lon, lat, limit, own=own.hung(hoses, "control")))
        except GraphError as error:
            raise click.ClickException(str(error)) from error
    if as_json:
        print_json(rows)
        return
    for row in rows:
        size = f" DN {row['diameter_mm']}" if "diameter_mm" in row else ""
        named = " ".join(str(row[key]) for key in ("ref", "name") if key in row)
        kind = row["kind"].replace("_", " ") + (" hydrant" if row["kind"] in HYDRANTS else "")
        what = f"{kind}{size} {named}".strip()
        click.echo(f"{row['distance_m']:5d} m  {row['b_hoses']:3d} B  {what}  {row['lat']:.6f},{row['lon']:.6f}")
    if not rows:
        click.echo("No water within 2 km of hose.")


@click.command("route")
@DATA
@CONFIG
@BASE
@click.argument("start", metavar="FROM")
@click.argument("goal", metavar="TO")
@click.option(
    "--profile", default="HLF", show_default=True, help="Vehicle: HLF, DLK, RTW, KdoW or one of the settings."
)
@click.option(
    "--avoid", type=click.File("r", encoding="utf-8"), help="GeoJSON with closed areas (properties: name, slow)."
)
@click.option(
    "--at",
    metavar="TIME",
    help="When, by which conditions on signs are judged: 2026-11-30T07:30, in the zone of [feeds] if it names none. "
    "By itself now.",
)
@click.option("--lang", type=click.Choice(["de", "en"]), default="de", show_default=True)
@JSON
def route_command(
    data_dir: Path,
    config_path: Path | None,
    base_dir: Path | None,
    start: str,
    goal: str,
    profile: str,
    avoid: Any,
    at: str | None,
    lang: str,
    as_json: bool,
) -> None:
    """The way of an emergency vehicle between two places, each "LAT,LON" or an address."""
    from server.base.road_graph import GraphError
    from server.base.routing import NoWay
    from server.base.ways import BadArea, Ways, areas_of, route_json

    every = settings_of(data_dir, config_path)
    settings, when = every.base, _when(at, every.feeds.zone)
    ways = Ways(settings.vehicles, settings.against_oneways)
    if profile not in ways.profiles:
        raise click.ClickException(f"there is no vehicle {profile}; there are {', '.join(ways.profiles)}")
    with opened(base_dir, data_dir, config_path) as base_data:
        try:
            areas = areas_of(json.load(avoid)) if avoid is not None else []
            ends = [_place(base_data, text, settings.short_names) for text in (start, goal)]
            found = base_data.get(ways).route(ends[0], ends[1], profile, areas, at=when)
        except (BadArea, GraphError) as error:
            raise click.ClickException(str(error)) from error
        except ValueError as error:
            raise click.ClickException(f"--avoid is no JSON: {error}") from error
    if as_json:
        print_json(route_json(found, lang))
    elif isinstance(found, NoWay):
        click.echo(f"no way: {found.reason}" + (f" ({', '.join(found.detail)})" if found.detail else ""))
    else:
        click.echo(f"{found.length_m:.0f} m, {found.duration_s:.0f} s, {profile}; then {found.walk_m:.0f} m on foot")
        for step in found.steps:
            click.echo(f"  {step.text(lang)}")
        for limit in found.limits:
            click.echo(f"limit: {limit['limit']} {limit['value']} {limit['street']}")
        for name in found.avoided:
            click.echo(f"driven around: {name}, {found.detour_s:+.0f} s")
        for name in found.passes:
            click.echo(f"driven through: {name}, {found.detour_s:+.0f} s")
        if found.uncertain:
            click.echo(f"not sure: {', '.join(found.uncertain)}")


def _when(text: str | None, zone: str) -> datetime:
    """A time that was typed; now for none. A ClickException for what is no time."""
    if text is None:
        return datetime.now(UTC)
    try:
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo is not None else found.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)
    except (ValueError, OverflowError):
        raise click.ClickException(f"--at: {text!r} is no time such as 2026-11-30T07:30") from None


def _place(base_data: "Base", text: str, short_names: Mapping[str, str]) -> tuple[float, float]:
    """Longitude and latitude of `LAT,LON` or of an address; a ClickException where it is not one place."""
    from server.base.address_text import short_forms
    from server.base.geocode import Geocoder

    try:
        lat, lon = (float(part) for part in text.split(","))
    except ValueError:
        answer = base_data.get(Geocoder).find(text, None, 10, short_forms(short_names))
        if not answer.unambiguous:
            hits = "".join(f"\n  {hit.lat:.6f},{hit.lon:.6f}  {hit.label}" for hit in answer.hits)
            which = f"may be one of several places:{hits}" if hits else "is no place we know and no LAT,LON"
            raise click.ClickException(f"{text!r} {which}") from None
        return answer.hits[0].lon, answer.hits[0].lat
    if not (-90 <= lat <= 90 and -180 <= lon <= 180):
        raise click.ClickException(f"{text!r} is not on the earth")
    return lon, lat
