"""Options that several commands share, and the settings they lead to."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

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
TIME = click.DateTime(["%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S.%fZ"])
ROLES = click.Choice(["control", "crew", "planner", "liaison", "feed", "admin"])


def settings_of(data_dir: Path | None, config_path: Path | None) -> Any:
    """The settings in force; a ClickException says what is wrong with them."""
    from server.config import ConfigError, load

    default = None if data_dir is None else data_dir / "lagebild.toml"
    try:
        return load(config_path or (default if default is not None and default.is_file() else None))
    except ConfigError as error:
        raise click.ClickException(str(error)) from error


@contextmanager
def usable(data_dir: Path) -> Iterator[None]:
    """Turn a folder or register that cannot be used into a message and exit code 1."""
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        raise click.ClickException(f"{data_dir} cannot be used: {error}") from error
