"""`lagebild connections`: what is configured, what each would do, and one of them tried once. Never prints a secret."""

import sys
from pathlib import Path

import click
from click.core import ParameterSource

from layers import observation
from server.cli_options import CONFIG, DATA, settings_of
from server.feeds import Decoded, DecodeError

FAILED = 1


@click.group(invoke_without_command=True)
@DATA
@CONFIG
@click.pass_context
def connections(context: click.Context, data_dir: Path, config_path: Path | None) -> None:
    """List the connections that the server makes itself, and what each does."""
    if context.invoked_subcommand is not None:
        return
    from server.transports.kinds import transport

    there = settings_of(data_dir, config_path).feeds.connections
    for name, settings in sorted(there.items()):
        kind = type(settings).__struct_config__.tag
        made = transport(settings)
        click.echo("\t".join((name, str(kind), made.where(), "enabled" if settings.enabled else "disabled")))
        for line in made.plan():
            click.echo(f"    {line}")
    if not there:
        click.echo("no connection is configured ([feeds.connections] in the settings)", err=True)


@connections.command()
@DATA
@CONFIG
@click.argument("name")
@click.option("--wait", "wait_s", type=click.FloatRange(min=0.1, max=3_600), default=10.0, show_default=True,
              help="Seconds to listen for.")  # fmt: skip
@click.option("--messages", type=click.IntRange(1, 10_000), default=1, show_default=True, help="End after so many.")
@click.pass_context
def check(
    context: click.Context, data_dir: Path, config_path: Path | None, name: str, wait_s: float, messages: int
) -> None:
    """Make the connection NAME once and print what comes, decoded, one observation per line as JSON.

    Nothing is kept, and nothing is acknowledged or moved at the other end. Exit code 1 when it cannot be made.
    """
    from server.transports.probe import Probe

    given = {**(context.parent.params if context.parent is not None else {})}
    if context.get_parameter_source("data_dir") is not ParameterSource.DEFAULT:
        given["data_dir"] = data_dir
    settings = settings_of(given.get("data_dir", data_dir), config_path or given.get("config_path")).feeds
    one = settings.connections.get(name)
    if one is None:
        raise click.UsageError(f"there is no connection {name!r}; `lagebild connections` lists them")
    probe = Probe(name, settings, _show, messages)
    failed = probe.run(one, wait_s)
    if probe.stood is not None:
        click.echo(f"connected: {probe.stood}" + (f" ({probe.trouble})" if probe.trouble else ""), err=True)
    if failed is not None:
        click.echo(f"{name}: {failed}", err=True)
        sys.exit(FAILED)
    click.echo(f"{probe.messages} messages", err=True)


def _show(body: bytes, found: Decoded | DecodeError) -> None:
    if isinstance(found, DecodeError):
        click.echo(f"refused: {found.reason} ({len(body)} bytes)", err=True)
        return
    for one in found.observations:
        click.echo(observation.encode(one))
    for part in found.refused:
        click.echo(f"refused: {part.reason}", err=True)
    click.echo(f"{len(body)} bytes: {len(found.observations)} observations, {len(found.refused)} refused", err=True)
