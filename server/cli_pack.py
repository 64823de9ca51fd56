"""`lagebild base pack`: cut an offline pack by hand, to carry it to a tablet or to look at it in QGIS."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from server.cli_base import BASE, JSON, opened, print_json
from server.cli_options import CONFIG, DATA, settings_of

if TYPE_CHECKING:
    from server.packs.area import PackArea


@click.command("pack")
@DATA
@CONFIG
@BASE
@click.argument("area", required=False)
@click.option("--bbox", metavar="W,S,E,N", help="Another area than one of the settings; degrees.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="File (default: AREA.mbtiles).")
@JSON
def pack(
    data_dir: Path,
    config_path: Path | None,
    base_dir: Path | None,
    area: str | None,
    bbox: str | None,
    out: Path | None,
    as_json: bool,
) -> None:
    """Cut the offline pack of AREA (an id of base.packs; default: all of the base data)."""
    import sqlite3

    import msgspec

    from server.packs.cut import PackError, cut

    with opened(base_dir, data_dir, config_path) as base:
        chosen = _area(settings_of(data_dir, config_path).base.packs, area, bbox, base.manifest.name)
        target = out or Path(f"{chosen.id}.mbtiles")
        try:
            entry = cut(chosen, base, target)
        except (PackError, OSError, sqlite3.Error) as error:
            raise click.ClickException(f"no pack: {error}") from error
    if as_json:
        print_json(msgspec.to_builtins(entry))
        return
    parts = ", ".join(f"{rows} {name}" for name, rows in entry.parts.items())
    click.echo(f"{target}: {entry.title}, version {entry.version}, {entry.bytes} bytes: {parts}")


def _area(areas: "tuple[PackArea, ...]", name: str | None, bbox: str | None, title: str) -> "PackArea":
    """The area that is meant. Raises click.UsageError."""
    import msgspec

    from server.packs.area import PackArea
    from server.packs.store import WHOLE

    known = {area.id: area for area in areas}
    if name in known and bbox is None:
        return known[name]
    if name is not None and bbox is None and name != WHOLE:
        raise click.UsageError(f"there is no area {name} in base.packs; there are {', '.join(known) or 'none'}")
    try:
        box = tuple(float(part) for part in bbox.split(",")) if bbox else None
        return msgspec.convert({"id": name or WHOLE, "title": name or title, "bbox": box}, PackArea)
    except (ValueError, msgspec.ValidationError) as error:
        raise click.UsageError(f"--bbox: west,south,east,north in degrees ({error})") from error
