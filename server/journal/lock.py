"""One writer per file, also across processes: an advisory lock that the kernel drops when its holder dies."""

import contextlib
import fcntl
import os
from pathlib import Path

from server.journal import JournalLocked, JournalUnavailable


class Lock:
    """Holds `<path>`, a small file with the holder's process id in it. Raises JournalLocked, JournalUnavailable."""

    def __init__(self, path: Path, what: str) -> None:
        try:
            self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise JournalUnavailable(f"{what} cannot be opened for writing: {error.strerror} ({path})") from error
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.pread(self._fd, 20, 0).decode("ascii", "replace").strip() or "unknown"
            os.close(self._fd)
            raise JournalLocked(
                f"{what} is in use by another server (process {holder}); stop it first ({path})"
            ) from error
        with contextlib.suppress(OSError):  # a full disk must not keep a server from starting to read
            os.ftruncate(self._fd, 0)
            os.pwrite(self._fd, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Let the next one in. Safe to call twice."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def holder(path: Path) -> str | None:
    """Process id of whoever holds the lock, None when it is free or was never taken."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return os.pread(fd, 20, 0).decode("ascii", "replace").strip() or "unknown"
    finally:
        os.close(fd)
    return None
