"""Who may come in: tokens, one-time sign-in codes and the roles they carry (DATA/access.db).

A token is 256 random bits; only its SHA-256 is kept, so the file opens nothing. It may be made and revoked while the
server runs or before it ever ran: the file is the only truth, and every check reads it. A sign-in code is a
short-lived stand-in for a token that fits into a link; it is burnt by its first use.

Errors: `AccessError` (a role, situation or id that does not exist) is the only one raised besides sqlite3's own.
"""

import hashlib
import secrets
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path

from msgspec import Struct

from server import runtime

BUSY_TIMEOUT_MS = 10_000
MAX_NAME_CHARS = 100
MAX_UNIT_CHARS = 256
MAX_SECRET_CHARS = 200
"""A longer string is no token of ours; it is not even hashed."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS tokens(
  id TEXT PRIMARY KEY, hash BLOB NOT NULL UNIQUE, name TEXT NOT NULL, role TEXT NOT NULL, unit TEXT, situations TEXT
  NOT NULL, created TEXT NOT NULL, expires TEXT, last_used TEXT, revoked TEXT);
CREATE TABLE IF NOT EXISTS codes(
  hash BLOB PRIMARY KEY, name TEXT NOT NULL, role TEXT NOT NULL, unit TEXT, situations TEXT NOT NULL, situation TEXT,
  token_days REAL NOT NULL, created TEXT NOT NULL, expires TEXT NOT NULL, used TEXT);
"""


class AccessError(ValueError):
    """What was asked for does not exist: a role, a situation word, a token id."""


class Role(StrEnum):
    """What somebody is there for; decides what is seen (layers.views) and what may be done."""

    CONTROL = "control"
    CREW = "crew"
    PLANNER = "planner"
    LIAISON = "liaison"
    FEED = "feed"
    ADMIN = "admin"


PERSONAL_ROLES = frozenset({Role.CONTROL, Role.CREW})
"""Roles whose view may hold personal data (layers.views): each of their reads enters the audit trail."""

DEFAULT_SITUATIONS = {
    Role.CONTROL: "*",
    Role.LIAISON: "*",
    Role.ADMIN: "*",
    Role.PLANNER: "exercises",
    Role.CREW: "live",
    Role.FEED: "live",
}
"""Situations a token may enter unless it says otherwise: `live`, `exercises`, `*`, or the id of one."""


class Principal(Struct, frozen=True, kw_only=True):
    """Whoever holds a valid token. `unit` is the subject of the crew's vehicle, None for everybody else."""

    token_id: str
    name: str
    role: str
    unit: str | None = None
    situations: str = "live"

    def may_enter(self, situation: str) -> bool:
        """Is this situation open to the token? Exercise ids start with `ex-`."""
        return (
            self.situations in ("*", situation)
            or (self.situations == "exercises" and situation.startswith("ex-"))
            or situation in self.situations.split(",")
        )

    @property
    def home(self) -> str:
        """The situation meant where none is named: the token's own one, else live."""
        return "live" if self.situations in ("*", "live", "exercises") else self.situations.split(",")[0]


class TokenRow(Struct, frozen=True, kw_only=True):
    """A token as listed: everything but the token."""

    id: str
    name: str
    role: str
    unit: str | None
    situations: str
    created: str
    expires: str | None
    last_used: str | None
    revoked: str | None


class SignIn(Struct, frozen=True, kw_only=True):
    """What a burnt code gives: a fresh token and what it is good for."""

    token: str
    principal: Principal
    situation: str | None


def new_secret(size_bytes: int) -> str:
    """A random token or code of so many bytes, in letters, digits, `-` and `_`; it does not begin with `-`.

    A command line would take `--token -x` for another option.
    """
    while (secret := secrets.token_urlsafe(size_bytes)).startswith("-"):
        continue
    return secret


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _now() -> datetime:
    return datetime.now(UTC)


class Access:
    """The register of tokens and codes in one SQLite file that several processes may open."""

    def __init__(self, path: Path, now: Callable[[], datetime] = _now) -> None:
        self._path = path
        self._now = now
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            path.touch(mode=0o600)
        with self._write() as db:
            db.executescript(SCHEMA)
        self._reader = sqlite3.connect(path, check_same_thread=False)
        self._reader.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
        self._lock = threading.Lock()
        self._used: dict[str, str] = {}

    @contextmanager
    def _write(self) -> Iterator[sqlite3.Connection]:
        """A connection of its own per write: it may run in any real thread and waits for other processes."""
        db = sqlite3.connect(self._path)
        try:
            db.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
            db.execute("PRAGMA journal_mode=WAL")
            db.execute("PRAGMA synchronous=FULL")
            with db:
                yield db
        finally:
            db.close()

    def close(self) -> None:
        """Note when tokens were last used and let go of the file."""
        self.flush_used()
        with self._lock:
            self._reader.close()

    # -- tokens -------------------------------------------------------------------------------------------------------

    def create(
        self, role: str, name: str, unit: str | None = None, situations: str | None = None, days: float | None = None
    ) -> tuple[str, TokenRow]:
        """A new token, shown this once, and its row. `days` None: it does not expire. Raises AccessError."""
        return runtime.offload(self._create, *_checked(role, name, unit, situations), days)

    def _create(
        self, role: str, name: str, unit: str | None, situations: str, days: float | None
    ) -> tuple[str, TokenRow]:
        with self._write() as db:
            return self._insert(db, role, name, unit, situations, days)

    def _insert(
        self, db: sqlite3.Connection, role: str, name: str, unit: str | None, situations: str, days: float | None
    ) -> tuple[str, TokenRow]:
        token, now = new_secret(32), self._now()
        row = TokenRow(
            id=secrets.token_hex(4),
            name=name,
            role=role,
            unit=unit,
            situations=situations,
            created=_stamp(now),
            expires=None if days is None else _stamp(now + timedelta(days=days)),
            last_used=None,
            revoked=None,
        )
        db.execute(
            "INSERT INTO tokens(id, hash, name, role, unit, situations, created, expires) VALUES (?,?,?,?,?,?,?,?)",
            (row.id, _digest(token), name, role, unit, situations, row.created, row.expires),
        )
        return token, row

    def check(self, token: str) -> Principal | None:
        """Whose token this is; None when it is unknown, expired or revoked.

        The lookup is by hash, so its timing tells nothing about a token. Microseconds: it runs on the loop.
        """
        if not token or len(token) > MAX_SECRET_CHARS:
            return None
        with self._lock:
            row = self._reader.execute(
                "SELECT id, name, role, unit, situations, expires FROM tokens WHERE hash=? AND revoked IS NULL",
                (_digest(token),),
            ).fetchone()
        now = _stamp(self._now())
        if row is None or (row[5] is not None and row[5] <= now):
            return None
        self._used[row[0]] = now
        return Principal(token_id=row[0], name=row[1], role=row[2], unit=row[3], situations=row[4])

    def holder(self, token_id: str) -> Principal | None:
        """Who holds the token of this id; None when there is none, or it has expired or was revoked.

        For who is known otherwise: by a certificate, by the settings.
        """
        with self._lock:
            row = self._reader.execute(
                "SELECT id, name, role, unit, situations, expires FROM tokens WHERE id=? AND revoked IS NULL",
                (token_id,),
            ).fetchone()
        if row is None or (row[5] is not None and row[5] <= _stamp(self._now())):
            return None
        return Principal(token_id=row[0], name=row[1], role=row[2], unit=row[3], situations=row[4])

    def valid_ids(self) -> set[str]:
        """Ids of the tokens that still open something."""
        with self._lock:
            rows = self._reader.execute(
                "SELECT id FROM tokens WHERE revoked IS NULL AND (expires IS NULL OR expires > ?)",
                (_stamp(self._now()),),
            ).fetchall()
        return {row[0] for row in rows}

    def list(self) -> list[TokenRow]:
        """Every token ever made, the newest first."""
        with self._lock:
            rows = self._reader.execute(
                "SELECT id, name, role, unit, situations, created, expires, last_used, revoked FROM tokens"
                " ORDER BY created DESC, id"
            ).fetchall()
        return [TokenRow(**dict(zip(TokenRow.__struct_fields__, row, strict=True))) for row in rows]

    def revoke(self, token_id: str) -> None:
        """Close a token for good. Raises AccessError when there is none with this id, or it is closed already."""
        runtime.offload(self._revoke, token_id)

    def _revoke(self, token_id: str) -> None:
        with self._write() as db:
            done = db.execute(
                "UPDATE tokens SET revoked=? WHERE id=? AND revoked IS NULL", (_stamp(self._now()), token_id)
            ).rowcount
        if not done:
            raise AccessError(f"no open token with the id {token_id!r}")

    def flush_used(self) -> None:
        """Write down when tokens were last used (gathered, so that a request does not cost a commit)."""
        used, self._used = self._used, {}
        if used:
            runtime.offload(self._write_used, used)

    def _write_used(self, used: dict[str, str]) -> None:
        with self._write() as db:
            db.executemany(
                "UPDATE tokens SET last_used=? WHERE id=?", [(at, token_id) for token_id, at in used.items()]
            )

    # -- sign-in codes ------------------------------------------------------------------------------------------------

    def create_code(
        self,
        role: str,
        name: str,
        unit: str | None = None,
        situations: str | None = None,
        situation: str | None = None,
        valid_s: float = 3600,
        token_days: float = 7,
    ) -> str:
        """A one-time code, shown this once, that gives a token for `token_days`. `situation`: where to start."""
        return runtime.offload(
            self._create_code,
            *_checked(role, name, unit, situations),
            situation,
            timedelta(seconds=valid_s),
            token_days,
        )

    def _create_code(
        self,
        role: str,
        name: str,
        unit: str | None,
        situations: str,
        situation: str | None,
        valid: timedelta,
        token_days: float,
    ) -> str:
        code, now = new_secret(18), self._now()
        with self._write() as db:
            db.execute("DELETE FROM codes WHERE expires <= ?", (_stamp(now - timedelta(days=30)),))
            db.execute(
                "INSERT INTO codes(hash, name, role, unit, situations, situation, token_days, created, expires)"
                " VALUES (?,?,?,?,?,?,?,?,?)",
                (_digest(code), name, role, unit, situations, situation, token_days, _stamp(now), _stamp(now + valid)),
            )
        return code

    def exchange(self, code: str) -> SignIn | None:
        """Burn a code for a token; None when it is unknown, expired or used before. Two who try at once: one wins."""
        if not code or len(code) > MAX_SECRET_CHARS:
            return None
        return runtime.offload(self._exchange, _digest(code))

    def _exchange(self, digest: bytes) -> SignIn | None:
        now = _stamp(self._now())
        with self._write() as db:
            burnt = db.execute(
                "UPDATE codes SET used=? WHERE hash=? AND used IS NULL AND expires > ?", (now, digest, now)
            ).rowcount
            if not burnt:
                return None
            role, name, unit, situations, situation, days = db.execute(
                "SELECT role, name, unit, situations, situation, token_days FROM codes WHERE hash=?", (digest,)
            ).fetchone()
            token, row = self._insert(db, role, name, unit, situations, days)
        holder = Principal(token_id=row.id, name=name, role=role, unit=unit, situations=situations)
        return SignIn(token=token, principal=holder, situation=situation)


def _checked(role: str, name: str, unit: str | None, situations: str | None) -> tuple[str, str, str | None, str]:
    try:
        known = Role(role)
    except ValueError:
        raise AccessError(f"no role {role!r}; there are {', '.join(Role)}") from None
    if not name.strip() or len(name) > MAX_NAME_CHARS or not name.isprintable():
        raise AccessError(f"a name has 1 to {MAX_NAME_CHARS} printable characters")
    if unit is not None and (known is not Role.CREW or not 0 < len(unit) <= MAX_UNIT_CHARS):
        raise AccessError(f"only a crew has a unit, of 1 to {MAX_UNIT_CHARS} characters")
    chosen = DEFAULT_SITUATIONS[known] if situations is None else situations
    for word in chosen.split(","):
        if word not in ("*", "live", "exercises") and not word.startswith("ex-"):
            raise AccessError(f"no situation {word!r}: live, exercises, * or the id of an exercise (ex-...)")
    return str(known), name.strip(), unit, chosen
