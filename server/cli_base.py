"""`lagebild base`: build base data from an OpenStreetMap extract and ask it. Parts add commands to the group."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from server.cli_base_progress import Progress
from server.cli_options import CONFIG, DATA, settings_of

if TYPE_CHECKING:
    from server.base.base import Base

BROKEN_OFF = 3
"""Exit code of `build` where the extract broke off and only what came before was built."""
BASE = click.option(
    "--base",
    "base_dir",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of the base data (default: base.folder of the settings, else DATA/base).",
)
JSON_ASKED = "server.cli_base.json"
JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


class JsonErrors(click.Group):
    """Commands whose errors are JSON on stdout where `--json` is among their options; the exit code is the same."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As always; what is behind `--` is no option."""
        options = args[: args.index("--")] if "--" in args else args
        ctx.meta[JSON_ASKED] = "--json" in options
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that was named."""
        try:
            return super().invoke(ctx)
        except click.ClickException as error:
            if not ctx.meta[JSON_ASKED]:
                raise
            print_json({"error": error.format_message()})
            ctx.exit(error.exit_code)


@click.group(cls=JsonErrors)
def base() -> None:
    """Base data from OpenStreetMap: map, addresses, water, ways; offline."""


@contextmanager
def opened(base_dir: Path | None, data_dir: Path, config_path: Path | None) -> "Iterator[Base]":
    """The base data that a command asks; a ClickException where there is none."""
    from server.base.base import Base, BaseError

    folder = base_dir or folder_of(data_dir, config_path)
    try:
        found = Base.open(folder)
    except BaseError as error:
        raise click.ClickException(str(error)) from error
    try:
        yield found
    finally:
        found.close()


def folder_of(data_dir: Path, config_path: Path | None) -> Path:
    """Where the settings say the base data lies."""
    return Path(settings_of(data_dir, config_path).base.folder or data_dir / "base")


def print_json(value: Any) -> None:
    """For `--json`: one document, readable, umlauts as they are."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))


@base.command("build")
@DATA
@CONFIG
@click.argument("extract", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Folder (default: as --base elsewhere).")
@click.option("--name", help="What the place is called (default: the file's name).")
@click.option("--attribution", help="Who is named on the map, where it is not OpenStreetMap's contributors.")
@click.option("--partial", is_flag=True, help="Let an extract that breaks off replace a complete base.")
@click.option("--quiet", is_flag=True, help="No progress, no summary.")
@JSON
def build_command(
    data_dir: Path,
    config_path: Path | None,
    extract: Path,
    out: Path | None,
    name: str | None,
    attribution: str | None,
    partial: bool,
    quiet: bool,
    as_json: bool,
) -> None:
    """Build everything from EXTRACT (.osm.pbf, .osm, .osm.gz)."""
    from server.base.base import ATTRIBUTION
    from server.base.build import build, silent, summary
    from server.base.extract import ExtractError

    folder = out or folder_of(data_dir, config_path)
    try:
        made = build(
            extract,
            folder,
            name=name,
            attribution=attribution or ATTRIBUTION,
            partial=partial,
            tell=silent if quiet or as_json else Progress(sys.stderr),
        )
    except ExtractError as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise click.ClickException(f"{folder} cannot be used: {error}") from error
    if as_json:
        print_json(summary(made))
    elif not quiet:
        _tell(made)
    if not made.manifest.complete:
        why = made.manifest.broken_off
        click.echo(f"{extract.name} breaks off: only what came before is built ({why}).", err=True)
        sys.exit(BROKEN_OFF)


@base.command("info")
@DATA
@CONFIG
@BASE
@JSON
def info(data_dir: Path, config_path: Path | None, base_dir: Path | None, as_json: bool) -> None:
    """What was built, from what, and what was wrong with it."""
    from server.base.build import summary

    with opened(base_dir, data_dir, config_path) as found:
        print_json(summary(found)) if as_json else _tell(found)


def _tell(found: "Base") -> None:
    manifest = found.manifest
    west, south, east, north = manifest.bbox
    click.echo(f"{manifest.name}: version {manifest.version}, built {manifest.built_at} from {manifest.extract}")
    if not manifest.complete:
        click.echo(f"not complete, the extract breaks off: {manifest.broken_off}")
    click.echo(f"area: {south:.5f} to {north:.5f} N, {west:.5f} to {east:.5f} E; {found.folder}")
    for part, counts in manifest.counts.items():
        click.echo(f"{part}: " + (", ".join(f"{count} {kind}" for kind, count in counts.items()) or "nothing"))
    for what, count in manifest.problems.items():
        which = ", ".join(manifest.examples.get(what, ()))
        click.echo(f"problem: {count} {what}" + (f" (such as {which})" if which else ""))
    click.echo(manifest.attribution)
