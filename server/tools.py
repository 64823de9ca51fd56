"""What an operator does beside the server: verify, export, record, replay, doctor; and reading the quarantine again,
which alone of them writes into a journal, where no server runs.

Each function yields lines to print; the commands in server/cli.py turn problems into exit code 1.
"""

import os
import shutil
import sqlite3
import stat
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from layers.observation import iso
from layers.picture import Picture
from layers.views import View
from layers.wire import Feature
from server.access import Access
from server.audit import Audit
from server.config import Settings
from server.exercise import STATE_FILE, Exercise, ExerciseState
from server.exports import gpkg, kml, snapshot
from server.history import History
from server.intake import Intake, configured
from server.journal import Journal, JournalError, entries
from server.journal.lock import holder
from server.journal.sqlite import SqliteJournal
from server.media import MediaStore
from server.picture_store import restore
from server.quarantine import Quarantine
from server.quarantined import Choice
from server.recorder import record as write_scenario
from server.retry import Retry, Summary, Wish, Wishes
from server.scenario import NAME, ScenarioError
from server.situations import LIVE, Situations, SituationSettings
from server.thumbnails import Thumbnails
from server.verification import verify as prove

FORMATS = {"kml": kml.document, "kmz": kml.zipped, "gpkg": gpkg.document}
"""Files of a situation besides GeoJSON."""
MIN_FREE_BYTES = 1_000_000_000
ANSWER_WITHIN_S = 600.0
"""How long a running server may take to read the quarantine again."""


class ToolError(Exception):
    """The command cannot do what was asked; the message is for the operator."""


@dataclass
class Findings:
    """Lines to print, and whether something is wrong."""

    lines: list[str] = field(default_factory=list)
    problems: int = 0

    def good(self, text: str) -> None:
        """Something is as it should be."""
        self.lines.append(f"ok       {text}")

    def note(self, text: str) -> None:
        """Worth knowing, not wrong."""
        self.lines.append(f"note     {text}")

    def bad(self, text: str) -> None:
        """Something is wrong."""
        self.lines.append(f"PROBLEM  {text}")
        self.problems += 1


def journals(data_dir: Path) -> dict[str, Path]:
    """Situation id -> its journal; exercises with the take that counts."""
    found = {LIVE: data_dir / LIVE / "journal.db"}
    for path in sorted((data_dir / "exercises").glob(f"*/{STATE_FILE}")):
        state = msgspec.json.decode(path.read_bytes(), type=ExerciseState)
        found[state.id] = path.with_name(f"take-{state.take}.db")
    return {name: path for name, path in found.items() if path.is_file()}


def open_journal(data_dir: Path, situation: str) -> Journal:
    """A journal to read, beside a running server or not. Raises ToolError, JournalError."""
    path = journals(data_dir).get(situation)
    if path is None:
        raise ToolError(f"there is no journal of {situation!r} in {data_dir}")
    return SqliteJournal(path, writable=False)


def _picture_settings(settings: Settings, situation: str) -> Any:
    return msgspec.structs.replace(settings.picture, exercise=situation != LIVE)


def verify(data_dir: Path, settings: Settings, situation: str | None = None) -> Findings:
    """Prove the hash chain of every journal (or one), and that a full replay gives the picture of the newest
    snapshot.
    """
    findings = Findings()
    chosen = [situation] if situation else list(journals(data_dir))
    for name in chosen:
        try:
            _verify_one(open_journal(data_dir, name), name, settings, findings)
        except (JournalError, ToolError) as error:
            findings.bad(f"{name}: {error}")
    if not chosen:
        findings.note(f"no journal in {data_dir}")
    return findings


def _verify_one(journal: Journal, name: str, settings: Settings, findings: Findings) -> None:
    report = prove(journal, _picture_settings(settings, name))
    for problem in report.problems:
        findings.bad(f"{name}: {problem}")
    for remark in report.remarks:
        findings.note(f"{name}: {remark}")
    if report.ok:
        counts = f"{report.entries} entries, {report.raws} original messages, {report.snapshots} snapshots"
        findings.good(f"{name}: {counts}; head {report.head or 'none'}; picture {report.digest}")
    journal.close()


def export_journal(data_dir: Path, situation: str) -> Iterator[bytes]:
    """Every entry as one line of JSON: {seq, observation}."""
    journal = open_journal(data_dir, situation)
    for entry in entries(journal):
        yield msgspec.json.encode(entry)


def export_picture(
    data_dir: Path, settings: Settings, situation: str, role: str, at: datetime | None, form: str = "geojson"
) -> bytes:
    """The picture as a role sees it, now (as of the newest entry) or as it was: a GeoJSON FeatureCollection, or a file
    in one of `FORMATS`.
    """
    picture, features = _seen(data_dir, settings, situation, role, at)
    now = at or picture.now
    if form in FORMATS:
        moment = now or datetime.fromtimestamp(0, UTC)
        taken = snapshot(features, situation, _title(data_dir, settings, situation), situation != LIVE, moment)
        return FORMATS[form](taken)
    return msgspec.json.encode(
        {
            "type": "FeatureCollection",
            "situation": situation,
            "status": "Actual" if situation == LIVE else "Exercise",
            "rev": picture.rev,
            "now": None if now is None else iso(now),
            "features": features,
        }
    )


def _seen(
    data_dir: Path, settings: Settings, situation: str, role: str, at: datetime | None
) -> tuple[Picture, list[Feature]]:
    journal = open_journal(data_dir, situation)
    picture_settings = _picture_settings(settings, situation)
    if at is None:
        picture, _ = restore(journal, picture_settings)
    else:
        picture = History().as_of(journal, picture_settings, at)
    view = View(role=role)
    return picture, [one for feature in picture.features.values() if (one := view.show(feature, picture)) is not None]


def _title(data_dir: Path, settings: Settings, situation: str) -> str:
    if situation == LIVE:
        return settings.server.live_title
    path = data_dir / "exercises" / situation / STATE_FILE
    return msgspec.json.decode(path.read_bytes(), type=ExerciseState).title if path.is_file() else situation


def record(
    data_dir: Path,
    situation: str,
    name: str,
    title: str,
    out: Path | None,
    since: datetime | None,
    until: datetime | None,
) -> dict[str, Any]:
    """Write a situation as a scenario file. Raises ToolError, JournalError, OSError."""
    if not NAME.fullmatch(name):
        raise ToolError("the name of a scenario has a-z, 0-9, _ and -, at most 64 of them")
    path = out or data_dir / "scenarios" / f"{name}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    journal = open_journal(data_dir, situation)
    try:
        done = write_scenario(journal, path, name, {"de": title, "en": title}, since=since, until=until)
    except ValueError as error:
        raise ToolError(str(error)) from error
    finally:
        journal.close()
    return {
        "file": str(path),
        "messages": done.messages,
        "observations": done.observations,
        "starts_at": iso(done.starts_at),
        "duration_s": done.duration_s,
    }


def replay(scenario: str, settings: Settings, until_s: float | None = None) -> tuple[dict[str, Any], bytes]:
    """Play a scenario (a name or a file) at once, through the same path as live; a summary and the control room's
    picture.

    The digest depends on nothing but the scenario, the release and the settings. Raises ToolError.
    """
    with tempfile.TemporaryDirectory(prefix="lagebild-replay-") as folder:
        data_dir = Path(folder)
        name = _placed(scenario, data_dir)
        quarantine = Quarantine(data_dir / "quarantine.db")
        intake = Intake(quarantine, zone=settings.feeds.zone, sources=settings.feeds.sources)
        rooms = Situations(data_dir, SituationSettings(picture=settings.picture, desk=settings.desk), intake)
        rooms.start()
        try:
            exercise = rooms.start_exercise(name)
            assert isinstance(exercise, Exercise)
            assert exercise.starts_at is not None
            to = exercise.ends_at if until_s is None else exercise.starts_at + timedelta(seconds=until_s)
            rooms.control(exercise.id, "pause")  # so that nothing happens after `to`
            rooms.control(exercise.id, "jump", to=to)
            picture, view = exercise.picture, View(role="control")
            shown = [one for feature in picture.features.values() if (one := view.show(feature, picture)) is not None]
            summary = {
                "scenario": name,
                "entries": picture.rev,
                "features": len(shown),
                "refused": quarantine.counts()["total"],
                "now": iso(exercise.clock.now()),
                "digest": picture.digest(),
            }
            return summary, msgspec.json.encode({"type": "FeatureCollection", "features": shown})
        except KeyError:
            raise ToolError(f"there is no scenario {scenario!r}, neither as a file nor by name") from None
        except (ScenarioError, ValueError) as error:
            raise ToolError(str(error)) from error
        finally:
            rooms.stop()
            quarantine.close()


def _placed(scenario: str, data_dir: Path) -> str:
    source = Path(scenario)
    if not source.is_file():
        return scenario
    own = data_dir / "scenarios"
    own.mkdir()
    name = "".join(c if c.isalnum() or c in "-_" else "-" for c in source.stem.lower()) or "scenario"
    shutil.copyfile(source, own / f"{name}.jsonl")
    return name


def retry(data_dir: Path, settings: Settings, choice: Choice, dry_run: bool) -> Summary:
    """Read the quarantine again: by the server that runs on the folder, else here, for the live situation alone.

    Raises ToolError, JournalError, OSError, sqlite3.Error.
    """
    quarantine = Quarantine(data_dir / "quarantine.db")
    try:
        if holder(data_dir / LIVE / "journal.db.lock") is not None:
            return _asked(data_dir, Wishes(quarantine), Wish(choice=choice, dry_run=dry_run))
        intake = configured(quarantine, settings)
        media = MediaStore(data_dir / "media", settings.media)
        intake.images = Thumbnails(media)
        rooms = Situations(data_dir, SituationSettings(picture=settings.picture, desk=settings.desk), intake)
        rooms.start()
        try:
            return Retry(quarantine, intake, rooms).run(choice, dry_run=dry_run)
        finally:
            rooms.stop()
            media.close()
    finally:
        quarantine.close()


def _asked(data_dir: Path, wishes: Wishes, wish: Wish) -> Summary:
    number, until = wishes.ask(wish), time.monotonic() + ANSWER_WITHIN_S
    try:
        while time.monotonic() < until:
            summary = wishes.take(number)
            if summary is not None:
                return summary
            if holder(data_dir / LIVE / "journal.db.lock") is None:
                raise ToolError("the server has stopped meanwhile; try again")
            time.sleep(0.2)
        raise ToolError(f"the server did not answer within {ANSWER_WITHIN_S:g} s")
    finally:
        wishes.withdraw(number)


def doctor(data_dir: Path, settings: Settings) -> Findings:
    """Look at everything that usually goes wrong, and prove journals and audit trail."""
    findings = Findings()
    if not data_dir.is_dir():
        findings.bad(f"there is no data folder {data_dir}")
        return findings
    _look_at_folder(data_dir, findings)
    process = holder(data_dir / LIVE / "journal.db.lock")
    findings.note(f"a server is running (process {process})" if process else "no server is running on this folder")
    _look_at_registers(data_dir, findings)
    checked = verify(data_dir, settings)
    findings.lines += checked.lines
    findings.problems += checked.problems
    if not (Path(__file__).parent / "web" / "dist" / "index.html").is_file():
        findings.bad("the browser bundle is not built: make setup")
    return findings


def _look_at_folder(data_dir: Path, findings: Findings) -> None:
    free = shutil.disk_usage(data_dir).free
    if free < MIN_FREE_BYTES:
        findings.bad(f"only {free // 1_000_000} MB are free on the disk of {data_dir}")
    else:
        findings.good(f"{free // 1_000_000_000} GB free on the disk of {data_dir}")
    if not os.access(data_dir, os.W_OK):
        findings.bad(f"{data_dir} cannot be written")
    for path in (data_dir, data_dir / "access.db", data_dir / "audit.db", data_dir / LIVE / "journal.db"):
        if path.exists() and path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            findings.note(f"{path} can be read by others: chmod go= {path}")


def _look_at_registers(data_dir: Path, findings: Findings) -> None:
    try:
        if (data_dir / "audit.db").is_file():
            count, broken = Audit(data_dir / "audit.db").verify()
            if broken is None:
                findings.good(f"audit trail: {count} lines, chain holds")
            else:
                findings.bad(f"audit trail: the chain is broken at line {broken} of {count} or more")
        if (data_dir / "access.db").is_file():
            access = Access(data_dir / "access.db")
            findings.good(f"tokens: {len(access.valid_ids())} open, {len(access.list())} in all")
            access.close()
    except sqlite3.DatabaseError as error:
        findings.bad(f"tokens or audit trail: {error}")
