"""The `lagebild` command. Commands import what they need when they run: `serve` must patch for eventlet before
anything else.
"""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from server import runtime

DATA = click.option(
    "--data",
    "data_dir",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("data"),
    envvar="LAGEBILD_DATA",
    show_default=True,
    help="Folder of journals, tokens and the audit trail.",
)
CONFIG = click.option(
    "--config",
    "config_path",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Settings (TOML); default: lagebild.toml in the data folder, where there is one.",
)
ROLES = click.Choice(["control", "crew", "planner", "liaison", "feed", "admin"])


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

    settings = _settings(data_dir, config_path)
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

    access = Access(data_dir / "access.db")
    try:
        secret, row = access.create(role, name, unit, situations, days)
    except AccessError as error:
        raise click.UsageError(str(error)) from error
    Audit(data_dir / "audit.db").append("token-created", OPERATOR, id=row.id, role=row.role, token_name=row.name)
    click.echo(secret)


@token.command("list")
@DATA
def token_list(data_dir: Path) -> None:
    """List every token (never the token itself), one per line, separated by tabs."""
    from msgspec.structs import astuple

    from server.access import Access, TokenRow

    click.echo("\t".join(TokenRow.__struct_fields__))
    for row in Access(data_dir / "access.db").list():
        click.echo("\t".join(str(value) if value is not None else "-" for value in astuple(row)))


@token.command("revoke")
@DATA
@click.argument("token_id")
def token_revoke(data_dir: Path, token_id: str) -> None:
    """Close a token for good; its connections end within seconds."""
    from server.access import Access, AccessError
    from server.audit import OPERATOR, Audit

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

    settings = _settings(data_dir, config_path)
    base = url or base_url(settings.server, settings.server.host, settings.server.port)
    try:
        click.echo(sign_in_link(Access(data_dir / "access.db"), settings.access, base, role, name, unit, situation))
    except AccessError as error:
        raise click.UsageError(str(error)) from error


@main.command("feeds")
def list_feeds() -> None:
    """List the wire formats this server understands."""
    from server.feeds import feeds

    for feed in sorted(feeds().values(), key=lambda feed: feed.name):
        click.echo(f"{feed.name}\t{feed.title}")


@main.command()
@DATA
@CONFIG
@click.option("--situation", help="Only this one (live or the id of an exercise).")
def verify(data_dir: Path, config_path: Path | None, situation: str | None) -> None:
    """Prove the journals: the hash chain, and that a replay gives the picture of the snapshot. Exit code 1 if not."""
    from server import tools

    _report(tools.verify(data_dir, _settings(data_dir, config_path), situation))


@main.command()
@DATA
@CONFIG
def doctor(data_dir: Path, config_path: Path | None) -> None:
    """Check settings, folder, tokens, audit trail, journals and bundle. Exit code 1 when something is wrong."""
    from server import tools

    _report(tools.doctor(data_dir, _settings(data_dir, config_path)))


@main.command()
@DATA
@CONFIG
@click.option("--situation", default="live", show_default=True)
@click.option("--format", "form", type=click.Choice(["geojson", "jsonl"]), default="geojson", show_default=True,
              help="The picture, or every journal entry, one per line.")  # fmt: skip
@click.option("--at", type=click.DateTime(["%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S%z"]), help="The picture as it was.")
@click.option("--role", type=ROLES, default="control", show_default=True, help="As this role sees it.")
@click.option("--out", type=click.File("wb"), default="-", help="File to write (default: standard output).")
def export(
    data_dir: Path, config_path: Path | None, situation: str, form: str, at: datetime | None, role: str, out: Any
) -> None:
    """Write a situation out, beside a running server or without one."""
    from server import tools
    from server.audit import OPERATOR, Audit

    settings = _settings(data_dir, config_path)
    moment = None if at is None else at if at.tzinfo else at.replace(tzinfo=UTC)
    with _told():
        if form == "jsonl":
            for line in tools.export_journal(data_dir, situation):
                out.write(line + b"\n")
        else:
            out.write(tools.export_picture(data_dir, settings, situation, role, moment) + b"\n")
        Audit(data_dir / "audit.db").append("export", OPERATOR, situation, format=form, as_role=role)


@main.command()
@CONFIG
@click.argument("scenario")
@click.option("--until", "until_s", type=click.FloatRange(min=0), help="Second of the scenario at which to stop.")
@click.option("--out", type=click.File("wb"), help="Write the control room's picture there (GeoJSON).")
def replay(config_path: Path | None, scenario: str, until_s: float | None, out: Any) -> None:
    """Play SCENARIO (a name or a file) at once through the same path as live, and say what came of it (JSON)."""
    from server import tools

    with _told():
        summary, picture = tools.replay(scenario, _settings(Path(), config_path), until_s)
    if out is not None:
        out.write(picture + b"\n")
    click.echo(json.dumps(summary))


def _report(findings: Any) -> None:
    for line in findings.lines:
        click.echo(line)
    sys.exit(1 if findings.problems else 0)


@contextmanager
def _told() -> Iterator[None]:
    """Turn what a tool raises into a message and exit code 1."""
    from server.journal import JournalError
    from server.tools import ToolError

    try:
        yield
    except (ToolError, JournalError) as error:
        raise click.ClickException(str(error)) from error


def _settings(data_dir: Path, config_path: Path | None) -> Any:
    from server.config import ConfigError, load

    default = data_dir / "lagebild.toml"
    try:
        return load(config_path or (default if default.is_file() else None))
    except ConfigError as error:
        raise click.ClickException(str(error)) from error
