"""`lagebild base objects`: import, check and list an operator's own objects."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from server.cli_base import JSON, print_json
from server.cli_options import CONFIG, DATA, settings_of

if TYPE_CHECKING:
    from server.base.objects.settings import ObjectSettings
    from server.base.objects.store import Layer

SHOWN = 20


@click.group("objects")
def objects() -> None:
    """Own objects: hydrants of the waterworks, key safes, object plans, closures."""


def _chosen(data_dir: Path, config_path: Path | None, names: tuple[str, ...]) -> "dict[str, ObjectSettings]":
    known = settings_of(data_dir, config_path).base.objects
    if not known:
        raise click.ClickException("the settings name no own objects: [base.objects.NAME]")
    if unknown := [name for name in names if name not in known]:
        raise click.ClickException(f"there is no {unknown[0]} in [base.objects]; there are {', '.join(known)}")
    return {name: known[name] for name in names or known}


@objects.command("import")
@DATA
@CONFIG
@click.argument("names", nargs=-1)
@JSON
def import_command(data_dir: Path, config_path: Path | None, names: tuple[str, ...], as_json: bool) -> None:
    """Read the sources of NAMES (all without any) now, changed or not; a running server shows them at once."""
    import sqlite3
    from datetime import UTC, datetime

    from server.base.objects.bring import bring
    from server.base.objects.plan_links import look
    from server.base.objects.store import Layer

    told: list[dict[str, Any]] = []
    for name, one in _chosen(data_dir, config_path, names).items():
        layer = Layer(data_dir / "objects", name)
        try:
            bring(layer, one, lambda: datetime.now(UTC), force=True)
            if one.plan_origins:
                look(layer, one, lambda: datetime.now(UTC), force=True)
        except (OSError, sqlite3.Error) as error:
            raise click.ClickException(f"{data_dir} cannot be used: {error}") from error
        told.append(_row(name, one, layer))
        if not as_json:
            _tell(told[-1])
    if as_json:
        print_json(told)
    if any(row["trouble"] for row in told):
        raise click.exceptions.Exit(1)


@objects.command("check")
@DATA
@CONFIG
@click.argument("names", nargs=-1)
@JSON
def check(data_dir: Path, config_path: Path | None, names: tuple[str, ...], as_json: bool) -> None:
    """Read the sources of NAMES and tell what an import would take; nothing is changed."""
    import msgspec

    from server.base.objects.bring import checked
    from server.base.objects.raw import SourceError
    from server.base.objects.store import Layer

    told: list[dict[str, Any]] = []
    for name, one in _chosen(data_dir, config_path, names).items():
        row: dict[str, Any] = {"name": name, "title": one.title, "count": 0, "refusals": 0, "refused": []}
        try:
            taken = checked(Layer(data_dir / "objects", name), one)
        except SourceError as error:
            row["trouble"] = str(error)
        else:
            row |= {"trouble": None, "count": len(taken.objects), "refusals": taken.refusals}
            row["refused"] = msgspec.to_builtins(taken.refused)
            row["first"] = msgspec.to_builtins(taken.objects[0]) if taken.objects else None
        told.append(row)
        if not as_json:
            _tell(row)
    if as_json:
        print_json(told)
    if any(row["trouble"] for row in told):
        raise click.exceptions.Exit(1)


@objects.command("list")
@DATA
@CONFIG
@JSON
def list_command(data_dir: Path, config_path: Path | None, as_json: bool) -> None:
    """The layers: for whom, how many objects, how old, what is wrong."""
    from server.base.objects.store import Layer

    rows = [
        _row(name, one, Layer(data_dir / "objects", name)) for name, one in _chosen(data_dir, config_path, ()).items()
    ]
    if as_json:
        print_json(rows)
        return
    for row in rows:
        _tell(row)


def _row(name: str, one: "ObjectSettings", layer: "Layer") -> dict[str, Any]:
    import msgspec

    from server.base.objects.plan_links import failing

    state = layer.state()
    told = msgspec.to_builtins(state)
    kept = ("version", "count", "data_at", "checked_at", "trouble", "refusals", "refused")
    return {
        "name": name,
        "title": one.title,
        "kind": one.kind,
        "purpose": one.purpose,
        "audience": list(one.audience),
        "mission_only": one.mission_only,
        **{key: told[key] for key in kept},
        "plans": len(state.plans),
        "plans_failing": [
            {"address": address, "reason": link.trouble, "since": link.since, "again_at": link.due_at}
            for address, link in failing(layer)
        ],
    }


def _tell(row: dict[str, Any]) -> None:
    age = f", of {row['data_at']}" if row.get("data_at") else ""
    audience = f", for {', '.join(row['audience'])}" if "audience" in row else ""
    plans = f", {row['plans']} plans" if row.get("plans") else ""
    click.echo(f"{row['name']}: {row['title']}, {row['count']} objects{plans}{age}{audience}")
    if row["trouble"]:
        click.echo(f"  not imported: {row['trouble']}", err=True)
    for one in row["refused"][:SHOWN]:
        click.echo(f"  not taken: {one['where']}: {one['reason']}")
    if row["refusals"] > SHOWN:
        click.echo(f"  and {row['refusals'] - SHOWN} more")
    failing = row.get("plans_failing", [])
    for one in failing[:SHOWN]:
        again = f"since {one['since']}, asked again {one['again_at']}"
        click.echo(f"  plan not fetched: {one['address']}: {one['reason']} ({again})", err=True)
    if len(failing) > SHOWN:
        click.echo(f"  and {len(failing) - SHOWN} plans more", err=True)
