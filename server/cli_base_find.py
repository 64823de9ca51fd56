"""`lagebild base geocode` and `reverse`: from words to a position, and back."""

from pathlib import Path

import click

from server.cli_base import BASE, JSON, opened, print_json
from server.cli_options import CONFIG, DATA, settings_of


@click.command("geocode")
@DATA
@CONFIG
@BASE
@click.argument("text")
@click.option("--near", type=(float, float), metavar="LAT LON", help="Of equals, those near here come first.")
@click.option("--limit", type=click.IntRange(1, 50), default=10, show_default=True, help="Most hits.")
@JSON
def geocode(
    data_dir: Path,
    config_path: Path | None,
    base_dir: Path | None,
    text: str,
    near: tuple[float, float] | None,
    limit: int,
    as_json: bool,
) -> None:
    """Where TEXT may be: an address, a crossing (`A / B`), a street, an object or a place. Exit code 1: nothing."""
    import msgspec

    from server.base.address_text import short_forms
    from server.base.geocode import Geocoder

    short = short_forms(settings_of(data_dir, config_path).base.short_names)
    with opened(base_dir, data_dir, config_path) as found:
        towards = None if near is None else (near[1], near[0])
        answer = found.get(Geocoder).find(text, towards, limit, short)
    if as_json:
        print_json(msgspec.to_builtins(answer))
    for hit in () if as_json else answer.hits:
        told = ", ".join(f"{name} {value}" for name, value in hit.matched.items())
        where = f"{hit.lat:.6f} {hit.lon:.6f}  +-{hit.accuracy_m:.0f} m"
        click.echo(f"{hit.score:.2f}  {where}  {hit.kind:12s} {hit.label}  [{told}]")
    if not as_json:
        click.echo("unambiguous" if answer.unambiguous else "ambiguous" if answer.hits else "nothing found")
    if not answer.hits:
        raise SystemExit(1)


@click.command("reverse")
@DATA
@CONFIG
@BASE
@click.argument("lat", type=click.FloatRange(-90, 90))
@click.argument("lon", type=click.FloatRange(-180, 180))
@JSON
def reverse(
    data_dir: Path, config_path: Path | None, base_dir: Path | None, lat: float, lon: float, as_json: bool
) -> None:
    """The nearest address to a position. Exit code 1: nothing within a kilometre."""
    import msgspec

    from server.base.reverse import reverse as nearest

    with opened(base_dir, data_dir, config_path) as base:
        found = nearest(base, lon, lat)
    if as_json:
        print_json(msgspec.to_builtins(found))
    elif found is not None:
        click.echo(f"{found.label} ({found.distance_m:.0f} m)")
    else:
        click.echo("nothing within a kilometre")
    if found is None:
        raise SystemExit(1)
