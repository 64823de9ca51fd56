"""Small files of state: after any crash, kill -9 or power cut included, the old one or the new one, whole.

Write beside, flush the file, rename, flush the folder; only then may somebody be told that it is kept. Safe to run in a
real thread: nothing here is the loop's.
"""

import os
from pathlib import Path

MODE = 0o600


def replace_file(path: Path, data: bytes, mode: int = MODE) -> None:
    """Put `data` in the place of the file. Raises OSError; then the old one is still there."""
    beside = path.with_name(f"{path.name}.{os.getpid()}.new")  # a command may write beside the server
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    _swap(beside, path)


def install(beside: Path, path: Path) -> None:
    """Put a finished file in the place of another, or a finished folder where none is. Raises OSError."""
    sync(beside)
    _swap(beside, path)


def sync(path: Path) -> None:
    """Wait until a file's content, or the names in a folder, are on disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _swap(beside: Path, path: Path) -> None:
    beside.replace(path)
    sync(path.parent)
