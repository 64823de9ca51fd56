"""Reading the quarantine again after a decoder or a setting was mended, with the code and options of today: each
message has its own time of receipt and its sender.

A message that was refused in part is taken as a whole: what had been taken counts as a duplicate. Rows are marked `ok`
or `refused`; what is `ok` is not read again, so doing it twice does nothing twice. The command asks a running server
through the register itself (`wish`), which its operator can write anyway; without a server it does the work alone.
"""

import logging
import threading
import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec
from msgspec import Struct

from server import runtime
from server.desk import Busy, Closed
from server.edge import Bug, contained
from server.feeds import DecodeError, Refused
from server.intake import Intake
from server.quarantine import Quarantine, Row
from server.quarantined import Choice, Message, Retried
from server.situations import Situations

log = logging.getLogger("lagebild.retry")

ROUND_S = 1.0
WISH_KEPT_S = 3_600.0
MAX_TOLD = 200
"""Rows that an answer names one by one."""
BUSY_WAITS = 5
"""How often a message waits for a full inbox before the rest is left for another time."""
WISHES = """
CREATE TABLE IF NOT EXISTS wish(
  id INTEGER PRIMARY KEY AUTOINCREMENT, asked_at REAL NOT NULL, wish BLOB NOT NULL, answer BLOB);
"""


class Outcome(Struct, frozen=True, kw_only=True):
    """What became of a row: `ok`, `refused` (why), or `left` (the situation is not there, the server is busy)."""

    id: int
    source: str
    outcome: str
    reason: str | None = None


class Summary(Struct, frozen=True, kw_only=True):
    """What became of everything chosen. `taken`: new observations; `rows` has at most MAX_TOLD of them."""

    dry_run: bool
    messages: int = 0
    taken: int = 0
    duplicates: int = 0
    ok: int = 0
    refused: int = 0
    left: int = 0
    rows: tuple[Outcome, ...] = ()


class Wish(Struct, frozen=True, kw_only=True):
    """What the command asks of a running server."""

    choice: Choice
    dry_run: bool


class Retry:
    """Reads messages again, one run at a time; as a background task it fulfils the wishes of the command."""

    def __init__(self, quarantine: Quarantine, intake: Intake, situations: Situations) -> None:
        self._quarantine = quarantine
        self._intake = intake
        self._situations = situations
        self._one_at_a_time = threading.Lock()
        self._stopped = threading.Event()

    def run(self, choice: Choice, *, dry_run: bool = False) -> Summary:
        """Read what is chosen again, the oldest first. Raises nothing for what the messages hold."""
        with self._one_at_a_time:
            return self._run(choice, dry_run)

    def start(self) -> None:
        """Begin to look for wishes."""
        runtime.spawn(self._serve, name="retry")

    def stop(self) -> None:
        """End after the run under way."""
        self._stopped.set()

    def _serve(self) -> None:
        wishes = Wishes(self._quarantine)
        while not self._stopped.wait(ROUND_S):
            try:
                contained(self._fulfil, wishes)
            except Bug:
                log.exception("wishes to read the quarantine again wait for the next round")

    def _fulfil(self, wishes: "Wishes") -> None:
        for number, wish in wishes.open():
            summary = self.run(wish.choice, dry_run=wish.dry_run)
            wishes.answer(number, summary)
            log.info("quarantine read again", extra={"ok": summary.ok, "refused": summary.refused})

    def _run(self, choice: Choice, dry_run: bool) -> Summary:
        count: Counter[str] = Counter()
        told: list[Outcome] = []
        for number in self._quarantine.messages.chosen(choice):
            message = self._quarantine.messages.get(number)
            if message is None or self._stopped.is_set():
                continue
            count["messages"] += 1
            rows = [row for row in self._quarantine.rows_of(number) if row.outcome != "ok"]
            settled = self._again(message, rows, dry_run, count)
            if not dry_run and settled:
                self._quarantine.settle(number, settled, datetime.now(UTC))
            outcomes = {one.row: one for one in settled}
            for row in rows:
                one = outcomes.get(row.id)
                outcome, reason = ("left", None) if one is None else (one.outcome, one.reason)
                count[outcome] += 1
                told.append(Outcome(id=row.id, source=f"{row.feed}/{row.instance}", outcome=outcome, reason=reason))
        return Summary(dry_run=dry_run, rows=tuple(told[:MAX_TOLD]), **count)

    def _again(self, message: Message, rows: Sequence[Row], dry_run: bool, count: Counter[str]) -> list[Retried]:
        """What became of the rows; empty where the message must wait."""
        try:
            situation = self._situations.get(message.situation)
        except KeyError:
            return []
        for _ in range(BUSY_WAITS):
            try:
                taken = self._intake.again(situation, message, dry_run=dry_run)
            except DecodeError as error:
                return [Retried(row.id, "refused", error.reason) for row in rows]
            except Busy as busy:
                if self._stopped.wait(busy.retry_after_s):
                    return []
            except Closed:
                return []
            else:
                count["taken"] += taken.receipt.accepted
                count["duplicates"] += taken.receipt.duplicates
                return settled(rows, taken.refused)
        return []


def settled(rows: Sequence[Row], refused: Sequence[Refused]) -> list[Retried]:
    """Which rows are refused still: those of which the message is refused for the same reason or with the same subject;
    of the rest as many as there are refusals that fit none.
    """
    left = list(refused)
    still: dict[int, str] = {}
    for same in (lambda row, part: _key(row) == _key(part), lambda row, part: row.subject == part.subject, _any):
        for row in rows:
            found = next((part for part in left if row.id not in still and same(row, part)), None)
            if found is not None:
                left.remove(found)
                still[row.id] = found.reason
    return [Retried(row.id, "refused", still[row.id]) if row.id in still else Retried(row.id, "ok") for row in rows]


def _key(part: Row | Refused) -> tuple[str | None, str, str]:
    return part.subject, part.kind, part.reason[:500]


def _any(_row: Row, _part: Refused) -> bool:
    return True


class Wishes:
    """The command's wishes in the register of the quarantine, and the server's answers."""

    def __init__(self, quarantine: Quarantine) -> None:
        self._db = quarantine.database
        self._lock = quarantine.lock
        with self._lock:
            self._db.executescript(WISHES)

    def ask(self, wish: Wish) -> int:
        """Leave a wish; its number."""
        with self._lock, self._db as db:
            done = db.execute(
                "INSERT INTO wish(asked_at, wish) VALUES (?, ?)", (time.time(), msgspec.json.encode(wish))
            )
            return int(done.lastrowid or 0)

    def take(self, number: int) -> Summary | None:
        """The answer, once there is one; the wish is gone then."""
        with self._lock, self._db as db:
            found = db.execute("DELETE FROM wish WHERE id = ? AND answer IS NOT NULL RETURNING answer", (number,))
            answers = found.fetchall()
        return msgspec.json.decode(answers[0][0], type=Summary) if answers else None

    def withdraw(self, number: int) -> None:
        """Nobody waits for the answer any more."""
        with self._lock, self._db as db:
            db.execute("DELETE FROM wish WHERE id = ?", (number,))

    def open(self) -> list[tuple[int, Wish]]:
        """Wishes without an answer. What nobody came back for within the hour is let go of."""
        with self._lock:
            return runtime.offload(self._open)

    def answer(self, number: int, summary: Summary) -> None:
        """Answer a wish."""
        with self._lock:
            runtime.offload(self._answer, number, msgspec.json.encode(summary))

    def _open(self) -> list[tuple[int, Wish]]:
        found = self._db.execute("SELECT id, wish FROM wish WHERE answer IS NULL ORDER BY id").fetchall()
        if found:
            with self._db as db:
                db.execute("DELETE FROM wish WHERE asked_at < ?", (time.time() - WISH_KEPT_S,))
        wishes = []
        for number, wish in found:
            try:
                wishes.append((number, msgspec.json.decode(wish, type=Wish)))
            except msgspec.DecodeError:  # a command of another version: it waits no longer than it wants
                with self._db as db:
                    db.execute("DELETE FROM wish WHERE id = ?", (number,))
        return wishes

    def _answer(self, number: int, summary: bytes) -> None:
        with self._db as db:
            db.execute("UPDATE wish SET answer = ? WHERE id = ?", (summary, number))
