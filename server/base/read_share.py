"""How much of a file has been read that a library reads: libosmium tells nobody, but the kernel does."""

from pathlib import Path

DESCRIPTORS, STATES = Path("/proc/self/fd"), Path("/proc/self/fdinfo")


class ReadShare:
    """One file that this process reads from its beginning. Where the system has no /proc, the share stays 0."""

    def __init__(self, path: Path) -> None:
        self._path = str(path.resolve())
        self._bytes = path.stat().st_size
        self._descriptor: str | None = None
        self._share = 0.0

    def share(self) -> float:
        """From 0 to 1, never less than before: what the library has read ahead counts as read."""
        if self._descriptor is None:
            self._descriptor = self._found()
        if self._descriptor is not None and self._bytes:
            self._share = max(self._share, min(1.0, self._position(self._descriptor) / self._bytes))
        return self._share

    def _found(self) -> str | None:
        try:
            descriptors = [one.name for one in DESCRIPTORS.iterdir()]
        except OSError:
            return None
        return next((one for one in descriptors if self._is_open(one)), None)

    def _is_open(self, descriptor: str) -> bool:
        try:
            return str((DESCRIPTORS / descriptor).readlink()) == self._path
        except OSError:
            return False  # closed meanwhile

    def _position(self, descriptor: str) -> int:
        """Bytes that were read; all of them once the file is closed (fdinfo: proc(5), "pos")."""
        if not self._is_open(descriptor):
            return self._bytes
        try:
            first = (STATES / descriptor).read_text().split("\n", 1)[0]
            return int(first.removeprefix("pos:"))
        except (OSError, ValueError):
            return 0
