"""Commands about wire formats: which there are, what a captured file yields, what was refused and why."""

import contextlib
import sys
from datetime import UTC, datetime
from pathlib import Path

import click
import msgspec

from layers import observation
from server.cli_options import CONFIG, DATA, TIME, settings_of, usable
from server.feeds import Context, DecodeError, Feed, Limits, feeds
from server.quarantine import Quarantine
from server.quarantined import Choice

NOTHING_READ = 2
"""Exit code of `decode` where a file yields no observation and something was refused."""


@click.command("feeds")
def list_feeds() -> None:
    """List the wire formats this server understands: name and title, separated by a tab."""
    for feed in sorted(feeds().values(), key=lambda feed: feed.name):
        click.echo(f"{feed.name}\t{feed.title}")


@click.command()
@CONFIG
@click.option("--feed", "name", required=True, metavar="NAME", help="The format: a name that `lagebild feeds` lists.")
@click.option("--zone", help="What a time without a zone means, e.g. Europe/Berlin (default: as the format says).")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
def decode(config_path: Path | None, name: str, zone: str | None, files: tuple[Path, ...]) -> None:
    """Print what captured FILES yield, one observation per line as JSON; nothing is sent or kept.

    What was refused goes to standard error. Exit code 2 and one line of reason where nothing could be read.
    """
    feed = feeds().get(name)
    if feed is None:
        raise click.UsageError(f"there is no feed {name!r}; `lagebild feeds` lists them")
    settings = settings_of(None, config_path).feeds
    options = {**settings.sources.get(name, {})}
    chosen = zone or options.pop("zone", None) or feed.zone or settings.zone
    context = Context(
        source=f"{name}/decode",
        received_at=datetime.now(UTC),
        zone=chosen,
        limits=Limits(body_bytes=feed.max_bytes),
        options=options,
    )
    unread = [path for path in files if not _decode_one(feed, context, path)]
    if unread:
        sys.exit(NOTHING_READ)


def _decode_one(feed: Feed, context: Context, path: Path) -> bool:
    """Print the observations of one file; False where there are none and something was refused."""
    body = path.read_bytes()
    try:
        if len(body) > feed.max_bytes:
            raise DecodeError(f"the file has {len(body)} bytes, more than {feed.max_bytes}")
        decoded = feed.decode(body, msgspec.structs.replace(context, file=path.name))
    except DecodeError as error:
        click.echo(f"{path.name}: {error.reason}", err=True)
        return False
    for one in decoded.observations:
        click.echo(observation.encode(one))
    refused = decoded.refused if decoded.observations else decoded.refused[:1]
    for part in refused:
        click.echo(f"{path.name}: refused: {part.reason}", err=True)
    return bool(decoded.observations) or not refused


@click.group()
def quarantine() -> None:
    """Look at what was refused, and read it again; works beside a running server."""


@quarantine.command("list")
@DATA
@click.option("--limit", type=click.IntRange(1, 1_000), default=50, show_default=True, help="At most so many rows.")
@click.option("--before", type=click.IntRange(min=1), help="Only rows with an id below this one.")
def quarantine_list(data_dir: Path, limit: int, before: int | None) -> None:
    """One row per line, the newest first: id, time, situation, source, sender, reason; separated by tabs."""
    with _opened(data_dir) as kept:
        for row in kept.list(limit, before):
            told = (str(row.id), row.at, row.situation, f"{row.feed}/{row.instance}", row.sender, row.reason)
            click.echo("\t".join(" ".join(part.split()) for part in told))


@quarantine.command("show")
@DATA
@click.argument("row_id", type=click.IntRange(min=1))
def quarantine_show(data_dir: Path, row_id: int) -> None:
    """One row in full as JSON, with the beginning of what was sent; secrets are blanked."""
    with _opened(data_dir) as kept:
        row = kept.get(row_id)
    if row is None:
        raise click.ClickException(f"the quarantine holds no row {row_id}")
    click.echo(msgspec.json.format(msgspec.json.encode(row)))


@quarantine.command("retry")
@DATA
@CONFIG
@click.argument("row_ids", nargs=-1, type=click.IntRange(min=1), metavar="[ID]...")
@click.option("--source", help="Only this feed (`ngsi`) or source (`ngsi/leitstelle`).")
@click.option("--since", type=TIME, help="Only what came since (UTC).")
@click.option("--dry-run", is_flag=True, help="Only say what would become of it.")
def quarantine_retry(
    data_dir: Path,
    config_path: Path | None,
    row_ids: tuple[int, ...],
    source: str | None,
    since: datetime | None,
    dry_run: bool,
) -> None:
    """Read refused messages again with today's decoders and settings: those of ID..., or all that are open.

    What is usable is taken with its own time of receipt. The server does it where one runs; without one only messages
    of the live situation are read. One row per line (id, source, what became of it, reason), then the sums.
    """
    from server import tools
    from server.audit import OPERATOR, Audit
    from server.cli_tools import told

    if not (data_dir / "quarantine.db").is_file():
        raise click.ClickException(f"there is no quarantine in {data_dir}")
    moment = since if since is None or since.tzinfo else since.replace(tzinfo=UTC)
    choice = Choice(ids=row_ids, source=source, since=moment)
    with usable(data_dir), told():
        done = tools.retry(data_dir, settings_of(data_dir, config_path), choice, dry_run)
        if not dry_run:
            Audit(data_dir / "audit.db").append(
                "quarantine-retry", OPERATOR, ok=done.ok, refused=done.refused, left=done.left, taken=done.taken
            )
    for row in done.rows:
        click.echo("\t".join((str(row.id), row.source, row.outcome, " ".join((row.reason or "").split()))))
    sums = f"{done.ok} ok, {done.refused} refused, {done.left} left; {done.taken} new observations"
    click.echo(f"{sums}, {done.duplicates} known already" + (" (dry run: nothing was taken)" if dry_run else ""))


def _opened(data_dir: Path) -> contextlib.closing[Quarantine]:
    path = data_dir / "quarantine.db"
    if not path.is_file():
        raise click.ClickException(f"there is no quarantine in {data_dir}")
    return contextlib.closing(Quarantine(path))
