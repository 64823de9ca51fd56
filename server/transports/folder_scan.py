"""Looking through a folder that others write into, and reading from it: never through a symbolic link, and bounded.

Every folder is opened by the descriptor of the one above it and without following links, so that nobody who may write
into the folder can lead us out of it, also not between looking and reading. Touches nothing green: runs beside the
loop.
"""

import errno
import fnmatch
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath

from msgspec import Struct

DONE, FAILED = "done", "failed"
UNFINISHED = ("*.tmp", "*.part", "*.partial", "*.crdownload", "*.filepart", "*.swp", "*~", "~*")
"""Names under which programs write what is not complete."""
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
MAX_TELLING = 20
"""Files that are named as unreadable."""


class Found(Struct, frozen=True):
    """A file: its path below the folder, and by what a change of it is seen."""

    path: str
    size: int
    mtime_ns: int
    inode: int

    @property
    def part(self) -> str | None:
        """The first folder of its path."""
        parts = PurePosixPath(self.path).parts
        return parts[0] if len(parts) > 1 else None


class Look(Struct):
    """What one look through the folder found. `whole` is False where there was more than is looked at."""

    files: list[Found]
    whole: bool = True
    links: int = 0
    others: int = 0
    """Files whose names are none of the patterns."""
    unreadable: list[str] = []


def look(root: Path, patterns: Sequence[str], entries: int, depth: int) -> Look:
    """The files of the folder, oldest first. Raises OSError where the folder itself cannot be read."""
    found = Look(files=[], unreadable=[])
    descriptor = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        _look(descriptor, "", depth, [pattern.lower() for pattern in patterns], entries, found)
    finally:
        os.close(descriptor)
    found.files.sort(key=lambda file: (file.mtime_ns, file.path))
    return found


def _look(folder: int, prefix: str, depth: int, patterns: list[str], entries: int, found: Look) -> None:
    with os.scandir(folder) as listing:
        for entry in listing:
            if len(found.files) >= entries:
                found.whole = False
                return
            name = entry.name
            try:
                if not name.isprintable():  # also what is no UTF-8
                    _unreadable(found, ascii(prefix + name), OSError(errno.EILSEQ, "a name that cannot be written"))
                elif entry.is_symlink():
                    found.links += 1
                elif entry.is_dir(follow_symlinks=False):
                    if not _is_passed_over(name) and not (prefix == "" and name in (DONE, FAILED)):
                        _enter(folder, prefix, name, depth, patterns, entries, found)
                elif entry.is_file(follow_symlinks=False) and not _is_passed_over(name):
                    if _fits(name, patterns):
                        state = entry.stat(follow_symlinks=False)
                        found.files.append(Found(prefix + name, state.st_size, state.st_mtime_ns, state.st_ino))
                    else:
                        found.others += 1
            except OSError as error:
                _unreadable(found, prefix + name, error)


def _enter(folder: int, prefix: str, name: str, depth: int, patterns: list[str], entries: int, found: Look) -> None:
    if depth == 0:
        _unreadable(found, prefix + name, OSError(errno.ELOOP, "too deep"))
        return
    inner = os.open(name, _FOLDER, dir_fd=folder)
    try:
        _look(inner, f"{prefix}{name}/", depth - 1, patterns, entries, found)
    finally:
        os.close(inner)


def _is_passed_over(name: str) -> bool:
    return name.startswith(".") or any(fnmatch.fnmatchcase(name.lower(), pattern) for pattern in UNFINISHED)


def _fits(name: str, patterns: list[str]) -> bool:
    return any(fnmatch.fnmatchcase(name.lower(), pattern) for pattern in patterns)


def _unreadable(found: Look, path: str, error: OSError) -> None:
    if len(found.unreadable) < MAX_TELLING:
        found.unreadable.append(f"{path}: {error.strerror}")


def read(root: Path, path: str, max_bytes: int) -> bytes:
    """The file's bytes, at most one more than `max_bytes`. Raises OSError, also where it is no plain file any more."""
    with _above(root, path) as (folder, name):
        descriptor = os.open(name, _FILE, dir_fd=folder)
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise OSError(errno.EINVAL, "no plain file", path)
            return file.read(max_bytes + 1)


def move(root: Path, path: str, to: str) -> None:
    """Move the file into `done` or `failed`, below which its own folders are made. Nothing there is overwritten.

    Raises OSError.
    """
    target = PurePosixPath(to, *PurePosixPath(path).parts)
    with _above(root, path) as (folder, name), _above(root, str(target), make=True) as (goal, _):
        for number in range(1_000):
            free = name if number == 0 else f"{number}-{name}"
            try:
                os.link(name, free, src_dir_fd=folder, dst_dir_fd=goal, follow_symlinks=False)
            except FileExistsError:
                continue
            except OSError as error:
                if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK):
                    raise
                if _is_there(goal, free):
                    continue
                os.rename(name, free, src_dir_fd=folder, dst_dir_fd=goal)  # a file system without hard links
                return
            os.unlink(name, dir_fd=folder)
            return
    raise OSError(errno.EEXIST, f"{to} is full of files of this name", path)


def _is_there(folder: int, name: str) -> bool:
    try:
        os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


@contextmanager
def _above(root: Path, path: str, make: bool = False) -> Iterator[tuple[int, str]]:
    """Descriptor of the folder in which the file lies, and its name in it."""
    *folders, name = PurePosixPath(path).parts
    descriptor = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for one in folders:
            if make:
                with suppress(FileExistsError):
                    os.mkdir(one, 0o750, dir_fd=descriptor)
            inner = os.open(one, _FOLDER, dir_fd=descriptor)
            os.close(descriptor)
            descriptor = inner
        yield descriptor, name
    finally:
        os.close(descriptor)
