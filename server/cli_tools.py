"""Commands beside the server: verify, doctor, export, record, replay, backup. They never write into a journal."""

import json
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from server.cli_options import CONFIG, DATA, ROLES, TIME, settings_of

SITUATION = click.option("--situation", default="live", show_default=True, help="live or the id of an exercise.")


@click.command()
@DATA
@CONFIG
@click.option("--situation", help="Only this one (live or the id of an exercise).")
def verify(data_dir: Path, config_path: Path | None, situation: str | None) -> None:
    """Prove the journals: chain, messages, and that a replay gives every snapshot. Exit code 1 if not."""
    from server import tools

    _report(tools.verify(data_dir, settings_of(data_dir, config_path), situation))


@click.command()
@DATA
@CONFIG
def doctor(data_dir: Path, config_path: Path | None) -> None:
    """Check settings, folder, tokens, audit trail, journals and bundle. Exit code 1 when something is wrong."""
    from server import tools

    _report(tools.doctor(data_dir, settings_of(data_dir, config_path)))


@click.command()
@DATA
@CONFIG
@SITUATION
@click.option("--format", "form", type=click.Choice(["geojson", "kml", "kmz", "gpkg", "jsonl"]), default="geojson",
              show_default=True, help="The picture, or every journal entry, one per line.")  # fmt: skip
@click.option("--at", type=TIME, help="The picture as it was then (UTC).")
@click.option("--role", type=ROLES, default="control", show_default=True, help="The picture as this role sees it.")
@click.option("--out", type=click.File("wb"), default="-", help="File to write (default: standard output).")
def export(
    data_dir: Path, config_path: Path | None, situation: str, form: str, at: datetime | None, role: str, out: Any
) -> None:
    """Write a situation out, beside a running server or without one. It is noted in the audit trail."""
    from server import tools
    from server.audit import OPERATOR, Audit

    settings = settings_of(data_dir, config_path)
    with told():
        if form == "jsonl":
            for line in tools.export_journal(data_dir, situation):
                out.write(line + b"\n")
        else:
            document = tools.export_picture(data_dir, settings, situation, role, _utc(at), form)
            out.write(document + b"\n" if form == "geojson" else document)
        Audit(data_dir / "audit.db").append("export", OPERATOR, situation, format=form, as_role=role)


@click.command()
@DATA
@CONFIG
@click.option("--situation", required=True, help="live or the id of an exercise.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def erase(data_dir: Path, config_path: Path | None, situation: str, yes: bool) -> None:
    """Erase a situation for good: journal, media, what was refused. Stop the server first; backups are yours."""
    from server import erase as eraser

    settings = settings_of(data_dir, config_path)
    if not yes:
        click.confirm(f"Erase everything of {situation} in {data_dir}, for good?", abort=True)
    with told():
        gone = eraser.erase(data_dir, settings, situation)
    click.echo(f"erased {situation}: {gone.files} files, {gone.bytes} bytes, {gone.refused} refused")
    click.echo("still there, if you made any: backups, recordings in scenarios/, files written by export")


@click.command()
@DATA
@SITUATION
@click.option("--name", required=True, help="Name of the scenario: a-z, 0-9, _ and -.")
@click.option("--title", help="What planners read (default: the name).")
@click.option("--since", type=TIME, help="From this time on (UTC).")
@click.option("--until", type=TIME, help="Up to this time (UTC).")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path),
              help="File to write (default: DATA/scenarios/NAME.jsonl, where planners find it).")  # fmt: skip
def record(
    data_dir: Path,
    situation: str,
    name: str,
    title: str | None,
    since: datetime | None,
    until: datetime | None,
    out: Path | None,
) -> None:
    """Write a situation as a scenario that plays to the same picture; personal data included. It is noted."""
    from server import tools
    from server.audit import OPERATOR, Audit

    with told():
        found = tools.record(data_dir, situation, name, title or name, out, _utc(since), _utc(until))
        Audit(data_dir / "audit.db").append("record", OPERATOR, situation, scenario=name)
    click.echo(json.dumps(found))


@click.command()
@CONFIG
@click.argument("scenario")
@click.option("--until", "until_s", type=click.FloatRange(min=0), help="Second of the scenario at which to stop.")
@click.option("--out", type=click.File("wb"), help="Write the control room's picture there (GeoJSON).")
def replay(config_path: Path | None, scenario: str, until_s: float | None, out: Any) -> None:
    """Play SCENARIO (a name or a file) at once, through the same path as live, and say what came of it (JSON)."""
    from server import tools

    with told():
        summary, picture = tools.replay(scenario, settings_of(None, config_path), until_s)
    if out is not None:
        out.write(picture + b"\n")
    click.echo(json.dumps(summary))


@click.command()
@DATA
@click.argument("target", type=click.Path(path_type=Path))
def backup(data_dir: Path, target: Path) -> None:
    """Copy the data folder to the new folder TARGET, also while the server runs."""
    from server.backup import backup as copy

    try:
        copied = copy(data_dir, target)
    except (OSError, sqlite3.Error) as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{len(copied)} files in {target}")


def _utc(moment: datetime | None) -> datetime | None:
    return moment if moment is None or moment.tzinfo else moment.replace(tzinfo=UTC)


def _report(findings: Any) -> None:
    for line in findings.lines:
        click.echo(line)
    sys.exit(1 if findings.problems else 0)


@contextmanager
def told() -> Iterator[None]:
    """Turn what a tool raises into a message and exit code 1."""
    from server.journal import JournalError
    from server.tools import ToolError

    try:
        yield
    except (ToolError, JournalError, OSError) as error:
        raise click.ClickException(str(error)) from error
