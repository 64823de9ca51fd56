"""Proof of a whole SQLite journal: the file, every link of the chain, no gap, every original message."""

import sqlite3

from layers.observation import decode
from server.journal import RawRef, Report, chain
from server.journal.moments import from_us, to_us

MAX_PROBLEMS = 20
"""A damaged file can be wrong in a million places; the first few say enough."""


def prove(connection: sqlite3.Connection, epoch: str) -> Report:
    """Read everything inside one read transaction and report what does not hold."""
    report = Report()
    for (line,) in connection.execute(f"PRAGMA integrity_check({MAX_PROBLEMS})"):
        if line != "ok":
            _note(report, f"file: {line}")
    _prove_raws(connection, report)
    _prove_chain(connection, epoch, report)
    report.snapshots = connection.execute("SELECT count(*) FROM snapshots").fetchone()[0]
    report.skipped = connection.execute("SELECT count(*) FROM skipped").fetchone()[0]
    return report


def _prove_chain(connection: sqlite3.Connection, epoch: str, report: Report) -> None:
    link, expected = chain.genesis(epoch), 1
    sql = """SELECT e.seq, e.id, e.received_us, e.raw, e.chain, e.observation, r.digest
             FROM entries e LEFT JOIN raws r ON r.id = e.raw ORDER BY e.seq"""
    for seq, name, received_us, raw, stored, data, digest in connection.execute(sql):
        if seq != expected:
            _note(report, f"entry {expected}: missing, {seq} follows")
        if raw is not None and digest is None:
            _note(report, f"entry {seq}: its original message is missing")
        if stored != chain.link(link, seq, data, digest or chain.NO_RAW):
            _note(report, f"entry {seq}: the hash chain is broken")
        _prove_columns(seq, name, received_us, data, report)
        link, expected = stored, seq + 1
        report.entries += 1
    report.head = link.hex()


def _prove_columns(seq: int, name: str, received_us: int, data: bytes, report: Report) -> None:
    try:
        observation = decode(data)
    except ValueError as error:
        _note(report, f"entry {seq}: not an observation: {error}")
        return
    if observation.id != name or to_us(observation.received_at) != received_us:
        _note(report, f"entry {seq}: its index columns do not match the observation")


def _prove_raws(connection: sqlite3.Connection, report: Report) -> None:
    sql = "SELECT id, feed, instance, sender, received_us, digest, body FROM raws ORDER BY id"
    for number, feed, instance, sender, received_us, digest, body in connection.execute(sql):
        raw = RawRef(feed=feed, instance=instance, sender=sender, received_at=from_us(received_us), body=body)
        if chain.raw_digest(raw) != digest:
            _note(report, f"original message {number}: its bytes were changed")
        report.raws += 1


def _note(report: Report, problem: str) -> None:
    if len(report.problems) < MAX_PROBLEMS:
        report.problems.append(problem)
