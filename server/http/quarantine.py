"""The quarantine: what was refused, and reading it again after a decoder or a setting was mended."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue
from msgspec import Meta, Struct

from layers.reasons import why
from server.access import Role
from server.http.body import in_utc, number, read
from server.http.guard import caller, house, needs
from server.quarantine import Row
from server.quarantined import Choice

blueprint = Blueprint("quarantine", __name__)
MAX_ROWS = 500
READERS = (Role.CONTROL, Role.ADMIN)


class Wish(Struct, kw_only=True, forbid_unknown_fields=True):
    """Which rows: all that are open, or those of ids, of a source (`feed` or `feed/instance`), since a time."""

    ids: Annotated[tuple[Annotated[int, Meta(ge=1, le=2**53)], ...], Meta(max_length=MAX_ROWS)] = ()
    source: Annotated[str, Meta(max_length=400)] | None = None
    since: Annotated[datetime, Meta(tz=True)] | None = None
    dry_run: bool = False


@blueprint.get("/quarantine")
@needs(*READERS)
def quarantine() -> ResponseReturnValue:
    """What was refused, the newest first. Excerpts are what strangers wrote: reading them is noted."""
    rows = house().quarantine.list(number("limit", 100, 1, MAX_ROWS), None)
    if rows:
        house().audit.append("quarantine", caller(), rows=len(rows))
    return jsonify(quarantine=[_told(row) for row in rows], counts=house().quarantine.counts())


@blueprint.post("/quarantine/retry")
@needs(*READERS)
def retry() -> ResponseReturnValue:
    """Read what is chosen again; what became of each row."""
    wish = read(Wish)
    since = None if wish.since is None else in_utc("since", wish.since)
    summary = house().retry.run(Choice(ids=wish.ids, source=wish.source, since=since), dry_run=wish.dry_run)
    if not wish.dry_run:
        house().audit.append(
            "quarantine-retry", caller(), ok=summary.ok, refused=summary.refused, left=summary.left, taken=summary.taken
        )
    return jsonify(msgspec.to_builtins(summary))


def _told(row: Row) -> dict[str, Any]:
    """A row, and for its reasons the codes that screens have words for."""
    return {**msgspec.to_builtins(row), "why": why(row.reason), "retry_why": why(row.retry_reason)}
