"""What the crew said and the control room has not confirmed yet: durable, in order, once and only once.

A report gets a gap-free `client_seq` and is on disk before `put` returns. It is sent until it is answered: `{ok, seq}`
means that the server has it on its disk; the server tells a report that comes twice by (client_id, client_seq). A
refusal ends the sending; the report stays, with the reason, for the crew to read.
"""

import json
import secrets
import sqlite3
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from mobile.clock import parse
from mobile.store import Store

MAX_WAITING = 500
KEPT_ANSWERED = 100
"""Answered reports that stay readable; older ones are deleted."""


class State(StrEnum):
    """Where a report stands."""

    WAITING = "waiting"
    ACKNOWLEDGED = "acknowledged"
    REFUSED = "refused"


class OutboxFull(RuntimeError):
    """More than MAX_WAITING reports wait: the tablet was without a network for very long."""


@dataclass(frozen=True)
class Item:
    """One report. `body` holds the fields of its kind and `at`; `answer` is the server's seq or its reason."""

    client_seq: int
    situation: str
    epoch: str
    kind: str
    body: dict[str, Any]
    state: State
    attempts: int
    made_at: str
    answered_at: str | None
    answer: str | None


class Outbox:
    """The reports in the store. Safe to use from several threads; raises sqlite3.Error when the disk fails."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.version = 0
        """Grows with every change: what was drawn from an older one is out of date."""
        with store.durable() as connection:
            row = connection.execute("SELECT value FROM setting WHERE key = 'client_id'").fetchone()
            self.client_id = str(row[0]) if row else secrets.token_hex(16)
            if row is None:
                connection.execute("INSERT INTO setting VALUES ('client_id', ?)", (self.client_id,))

    def put(self, kind: str, situation: str, epoch: str, at: str, made_at: str, **fields: Any) -> Item:
        """Keep a report for sending; it is on disk on return.

        `at` is the situation's time of the press, `made_at` the wall's. A position that was never sent is
        overwritten by the next one, so that an hour without a network leaves one position waiting, not hundreds.
        Raises OutboxFull.
        """
        parse(at)
        body = json.dumps({**fields, "at": at}, ensure_ascii=False)
        with self._store.durable() as connection:
            older = _unsent_position(connection, situation, epoch) if kind == "position" else None
            if older is not None:
                client_seq = older
                connection.execute(
                    "UPDATE outbox SET body = ?, made_at = ? WHERE client_seq = ?", (body, made_at, client_seq)
                )
            else:
                waiting = int(connection.execute(_COUNT_WAITING).fetchone()[0])
                if waiting >= MAX_WAITING:
                    raise OutboxFull(f"{waiting} reports wait")
                client_seq = int(connection.execute(_LAST_SEQ).fetchone()[0]) + 1
                connection.execute(
                    "INSERT INTO outbox(client_seq, situation, epoch, kind, body, state, made_at)"
                    " VALUES (?, ?, ?, ?, ?, 'waiting', ?)",
                    (client_seq, situation, epoch, kind, body, made_at),
                )
        self.version += 1
        return Item(client_seq, situation, epoch, kind, json.loads(body), State.WAITING, 0, made_at, None, None)

    def next(self, situation: str) -> Item | None:
        """The oldest report that waits for this situation; None where all are answered."""
        return self._one("state = 'waiting' AND situation = ? ORDER BY client_seq LIMIT 1", (situation,))

    def sending(self, client_seq: int) -> None:
        """Note, before a report leaves the tablet, that it may have been received from now on."""
        with self._store.durable() as connection:
            connection.execute("UPDATE outbox SET attempts = attempts + 1 WHERE client_seq = ?", (client_seq,))
        self.version += 1

    def acknowledge(self, client_seq: int, seq: int, answered_at: str) -> None:
        """The server has the report as entry `seq` of its journal."""
        self._answer(client_seq, State.ACKNOWLEDGED, str(seq), answered_at)

    def refuse(self, client_seq: int, reason: str, answered_at: str) -> None:
        """The server will not take the report, now or later."""
        self._answer(client_seq, State.REFUSED, reason, answered_at)

    def refuse_other_epochs(self, situation: str, epoch: str, reason: str, answered_at: str) -> int:
        """The exercise was started anew: what was said in the old one is not for the new one. Returns how many."""
        where = "situation = ? AND epoch NOT IN (?, '')"
        return self._refuse_where(where, (situation, epoch), reason, answered_at)

    def refuse_waiting(self, reason: str, answered_at: str) -> int:
        """Nothing that waits is to be sent any more. Returns how many."""
        return self._refuse_where("true", (), reason, answered_at)

    def waiting(self) -> int:
        """How many reports wait, over all situations."""
        with self._store.reading() as connection:
            return int(connection.execute(_COUNT_WAITING).fetchone()[0])

    def recent(self, limit: int = 20) -> list[Item]:
        """The newest reports but positions, newest first, whatever their state."""
        query = f"{_SELECT} WHERE kind != 'position' ORDER BY client_seq DESC LIMIT ?"
        with self._store.reading() as connection:
            return [_item(row) for row in connection.execute(query, (limit,))]

    def item(self, client_seq: int) -> Item | None:
        """One report by its number."""
        return self._one("client_seq = ?", (client_seq,))

    def _refuse_where(self, where: str, values: tuple[str, ...], reason: str, answered_at: str) -> int:
        with self._store.durable() as connection:
            count = connection.execute(
                "UPDATE outbox SET state = 'refused', answer = ?, answered_at = ?"  # noqa: S608  (constants)
                f" WHERE state = 'waiting' AND {where}",
                (reason, answered_at, *values),
            ).rowcount
        self.version += 1
        return count

    def _one(self, where: str, values: tuple[Any, ...]) -> Item | None:
        with self._store.reading() as connection:
            row = connection.execute(f"{_SELECT} WHERE {where}", values).fetchone()
        return _item(row) if row else None

    def _answer(self, client_seq: int, state: State, answer: str, answered_at: str) -> None:
        with self._store.durable() as connection:
            connection.execute(
                "UPDATE outbox SET state = ?, answer = ?, answered_at = ? WHERE client_seq = ? AND state = 'waiting'",
                (state, answer, answered_at, client_seq),
            )
            # The newest row always stays: the next number counts on from it.
            connection.execute(
                "DELETE FROM outbox WHERE state != 'waiting'"
                " AND client_seq <= (SELECT max(client_seq) FROM outbox) - ?",
                (KEPT_ANSWERED,),
            )
        self.version += 1


_SELECT = "SELECT client_seq, situation, epoch, kind, body, state, attempts, made_at, answered_at, answer FROM outbox"
_COUNT_WAITING = "SELECT count(*) FROM outbox WHERE state = 'waiting'"
_LAST_SEQ = "SELECT coalesce(max(client_seq), 0) FROM outbox"


def _unsent_position(connection: sqlite3.Connection, situation: str, epoch: str) -> int | None:
    row = connection.execute(
        "SELECT client_seq FROM outbox WHERE kind = 'position' AND state = 'waiting' AND attempts = 0"
        " AND situation = ? AND epoch = ?",
        (situation, epoch),
    ).fetchone()
    return int(row[0]) if row else None


def _item(row: sqlite3.Row | tuple[Any, ...]) -> Item:
    client_seq, situation, epoch, kind, body, state, attempts, made_at, answered_at, answer = row
    return Item(
        client_seq, situation, epoch, kind, json.loads(body), State(state), attempts, made_at, answered_at, answer
    )


def fields_on_the_wire(item: Item, client_id: str) -> dict[str, Any]:
    """The `report` message of an item."""
    return {**item.body, "client_id": client_id, "client_seq": item.client_seq, "kind": item.kind}
