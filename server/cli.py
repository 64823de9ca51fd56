"""The `lagebild` command. Commands import what they need when they run: `serve` must patch for eventlet before
anything else.
"""

import sys
from pathlib import Path

import click

from server import runtime
from server.cli_base import base
from server.cli_base_find import geocode, reverse
from server.cli_base_ways import route_command, water_command
from server.cli_connections import connections
from server.cli_feeds import decode, list_feeds, quarantine
from server.cli_objects import objects
from server.cli_options import CONFIG, DATA, ROLES, settings_of, usable
from server.cli_pack import pack
from server.cli_tools import backup, doctor, erase, export, record, replay, verify


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="lagebild", prog_name="lagebild")
def main() -> None:
    """Lagebild: a live situation picture for emergency services."""


@main.command()
@DATA
@CONFIG
@click.option("--host", help="Address to listen on (default: server.host, 127.0.0.1).")
@click.option("--port", type=click.IntRange(0, 65535), help="Port; 0 picks a free one (default: server.port, 8080).")
@click.option("--demo", metavar="SCENARIO", help="Start this exercise (or go on with it) and print sign-in links.")
@click.option("--no-demo", is_flag=True, help="Start no exercise (the default; ends a --demo before it).")
def serve(
    data_dir: Path, config_path: Path | None, host: str | None, port: int | None, demo: str | None, no_demo: bool
) -> None:
    """Run the server until SIGTERM or SIGINT."""
    runtime.patch()
    from server.serve import run

    settings = settings_of(data_dir, config_path)
    sys.exit(run(data_dir, settings, host, port, None if no_demo else demo))


@main.group()
def token() -> None:
    """Create, list and revoke tokens; works while the server runs and before it ever ran."""


@token.command("create")
@DATA
@click.option("--role", type=ROLES, required=True)
@click.option("--name", required=True, help="Who holds it; a feed's instance is called so.")
@click.option("--unit", help="Crew only: the id of its unit.")
@click.option("--situation", "situations", help="live, exercises, * or the id of an exercise; default: by role.")
@click.option(
    "--days", type=click.FloatRange(min=0, min_open=True, max=3660), help="Days until it expires; default: never."
)
def token_create(
    data_dir: Path, role: str, name: str, unit: str | None, situations: str | None, days: float | None
) -> None:
    """Print a new token, alone. It is shown this once."""
    from server.access import Access, AccessError
    from server.audit import OPERATOR, Audit

    with usable(data_dir):
        access, audit = Access(data_dir / "access.db"), Audit(data_dir / "audit.db")
        try:
            secret, row = access.create(role, name, unit, situations, days)
        except AccessError as error:
            raise click.UsageError(str(error)) from error
        audit.append("token-created", OPERATOR, id=row.id, role=row.role, token_name=row.name)
    click.echo(secret)


@token.command("list")
@DATA
def token_list(data_dir: Path) -> None:
    """List every token (never the token itself), one per line, separated by tabs."""
    from msgspec.structs import astuple

    from server.access import Access, TokenRow

    with usable(data_dir):
        rows = Access(data_dir / "access.db").list()
    click.echo("\t".join(TokenRow.__struct_fields__))
    for row in rows:
        click.echo("\t".join(str(value) if value is not None else "-" for value in astuple(row)))


@token.command("revoke")
@DATA
@click.argument("token_id")
def token_revoke(data_dir: Path, token_id: str) -> None:
    """Close a token for good; its connections end within seconds."""
    from server.access import Access, AccessError
    from server.audit import OPERATOR, Audit

    with usable(data_dir):
        try:
            Access(data_dir / "access.db").revoke(token_id)
        except AccessError as error:
            raise click.ClickException(str(error)) from error
        Audit(data_dir / "audit.db").append("token-revoked", OPERATOR, id=token_id)


@main.command()
@DATA
@CONFIG
@click.option("--role", type=ROLES, required=True)
@click.option("--name", required=True)
@click.option("--unit")
@click.option("--situation", help="Where to start: live or the id of an exercise.")
@click.option("--url", help="How people reach the server (default: server.public_url, else http://HOST:PORT).")
def link(
    data_dir: Path,
    config_path: Path | None,
    role: str,
    name: str,
    unit: str | None,
    situation: str | None,
    url: str | None,
) -> None:
    """Print a sign-in link that works once."""
    from server.access import Access, AccessError
    from server.links import base_url, sign_in_link

    settings = settings_of(data_dir, config_path)
    base = url or base_url(settings.server, settings.server.host, settings.server.port)
    with usable(data_dir):
        try:
            click.echo(sign_in_link(Access(data_dir / "access.db"), settings.access, base, role, name, unit, situation))
        except AccessError as error:
            raise click.UsageError(str(error)) from error


for command in (objects, pack, route_command, water_command):
    base.add_command(command)
for command in (
    backup,
    base,
    connections,
    decode,
    doctor,
    erase,
    export,
    list_feeds,
    quarantine,
    record,
    replay,
    verify,
):
    main.add_command(command)
for command in (geocode, reverse):
    base.add_command(command)
