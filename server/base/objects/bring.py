"""Brings a layer up to date from its source. What is bad leaves what is there as it was, and is noted."""

import hashlib
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path

from layers.observation import iso
from server.base.objects import plan_links, read_csv, read_geojson, read_gpkg
from server.base.objects.plans import Plan, PlanError, PlanStore
from server.base.objects.raw import Raw, SourceError
from server.base.objects.remote import fetch
from server.base.objects.rows import Own, Taken, take
from server.base.objects.settings import ObjectSettings
from server.base.objects.store import Layer, State, Stored

PLANS = "plans"


def bring(layer: Layer, settings: ObjectSettings, now: Callable[[], datetime], force: bool = False) -> State:
    """Import the source if it changed. Never raises for what is wrong with it: see `State.trouble`. Raises OSError."""
    state = layer.state()
    state.checked_at = iso(now())
    try:
        if settings.is_remote:
            _from_address(layer, settings, state, force)
        else:
            _from_file(layer, settings, state, force)
        state.trouble = None
    except SourceError as error:
        state.trouble = str(error)[:500]
    layer.note(state)
    return state


def checked(layer: Layer, settings: ObjectSettings) -> Taken:
    """What an import would make of it; nothing is changed. Raises SourceError."""
    rows = (fetch(settings).rows or []) if settings.is_remote else rows_of(Path(settings.source), settings)
    taken = take(layer.name, rows, settings)
    for one in taken.objects:
        _refuse_addresses(one, settings, taken)
    return taken


def _from_address(layer: Layer, settings: ObjectSettings, state: State, force: bool) -> None:
    mark = settings.fingerprint().hex()
    same = not force and state.version is not None and state.seen == mark
    fetched = fetch(settings, state.etag, state.modified) if same else fetch(settings)
    state.data_at = state.checked_at if fetched.rows is None else state.data_at
    if fetched.rows is None:
        return
    _keep(layer, settings, state, fetched.rows)
    state.seen, state.etag, state.modified, state.data_at = mark, fetched.etag, fetched.modified, state.checked_at


def _from_file(layer: Layer, settings: ObjectSettings, state: State, force: bool) -> None:
    path = Path(settings.source)
    try:
        stat = path.stat()
    except OSError as error:
        raise SourceError(f"{path}: {error.strerror}") from None
    mark = f"{stat.st_size} {stat.st_mtime_ns} {_plans_mark(settings)} {settings.fingerprint().hex()}"
    if not force and state.version is not None and state.seen == mark:
        return
    _keep(layer, settings, state, rows_of(path, settings))
    state.seen = mark
    state.data_at = iso(datetime.fromtimestamp(stat.st_mtime, UTC))


def _plans_mark(settings: ObjectSettings) -> str:
    """Of the plans' folder: a plan that came, went or changed is news."""
    folder = plans_folder(settings)
    if folder is None or not folder.is_dir():
        return "-"
    entries = sorted((entry.name, entry.stat().st_size, entry.stat().st_mtime_ns) for entry in folder.iterdir())
    return hashlib.sha256(repr(entries).encode("utf-8", "replace")).hexdigest()[:16]


def rows_of(path: Path, settings: ObjectSettings) -> Iterable[Raw]:
    """The rows of a file. Raises SourceError."""
    try:
        size = path.stat().st_size
        if size > settings.max_bytes:
            raise SourceError(f"{path}: {size} bytes, more than {settings.max_bytes}")
        if settings.kind_of_source == "gpkg":
            return read_gpkg.read(path, settings.table)
        body = path.read_bytes()
    except OSError as error:
        raise SourceError(f"{path}: {error.strerror}") from None
    if settings.kind_of_source == "csv":
        return read_csv.read(body, settings)
    return read_geojson.read(read_geojson.document(body))


def _keep(layer: Layer, settings: ObjectSettings, state: State, rows: Iterable[Raw]) -> None:
    taken = take(layer.name, rows, settings)
    store = PlanStore(layer.folder / PLANS, settings.max_plan_bytes)
    links = plan_links.read(layer)
    stored = [Stored(own=one, plans=_plans(one, settings, store, taken)) for one in taken.objects]
    stored = [Stored(own=row.own, plans=_with_links(row, settings, links)) for row in stored]
    state.version = layer.write(stored, settings.fingerprint())
    state.count, state.refusals, state.refused = len(stored), taken.refusals, taken.refused
    state.plans = sorted({plan.id for one in stored for plan in one.plans})


def plans_folder(settings: ObjectSettings) -> Path | None:
    """Where plans are looked for."""
    if settings.plans is not None:
        return Path(settings.plans)
    return None if settings.is_remote else Path(settings.source).parent / "plans"


def _plans(one: Own, settings: ObjectSettings, store: PlanStore, taken: Taken) -> tuple[Plan, ...]:
    """The plans of an object; one that cannot be taken is told like a bad row, the object stays."""
    folder = plans_folder(settings)
    _refuse_addresses(one, settings, taken)
    told = [name for name in plan_links.named(one.plan) if not plan_links.is_address(name)]
    if folder is None or not folder.is_dir():
        if told:
            taken.refuse(f"plan of {one.ref or one.title}", "there is no folder of plans")
        return ()
    if one.plan and not told:
        return ()  # they come by address
    usual = [f"{one.ref}{ending}" for ending in (".pdf", ".png", ".jpg")] if one.ref else []
    names = told or [name for name in usual if _inside(folder, name) is not None][:1]
    found = []
    for name in names:
        path = _inside(folder, name)
        try:
            if path is None:
                raise PlanError(f"{name[:100]}: there is no such file in {folder}")
            found.append(store.put(path))
        except PlanError as error:
            taken.refuse(f"plan of {one.ref or one.title}", str(error))
    return tuple(found)


def _with_links(row: Stored, settings: ObjectSettings, links: plan_links.Links) -> tuple[Plan, ...]:
    """Those that were fetched before, too; others come later (`plan_links.look`)."""
    if not any(map(plan_links.is_address, plan_links.named(row.own.plan))):
        return row.plans
    return plan_links.with_links(row, settings, links)


def _refuse_addresses(one: Own, settings: ObjectSettings, taken: Taken) -> None:
    """Tell of the addresses that are never asked for."""
    for name in filter(plan_links.is_address, plan_links.named(one.plan)):
        reason = plan_links.refusal(name, settings)
        if reason is not None:
            taken.refuse(f"plan of {one.ref or one.title}", reason)


def _inside(folder: Path, name: str) -> Path | None:
    """A file in the folder or below it, never elsewhere."""
    try:
        path = (folder / name).resolve()
        return path if path.is_relative_to(folder.resolve()) and path.is_file() else None
    except (OSError, ValueError):
        return None
