"""Files as answers, read in large pieces: for each piece the whole house waits, and gets its turn after it."""

import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from flask import Response, request, send_file
from werkzeug.wsgi import FileWrapper

from server.http.errors import Problem

PIECE_BYTES = 131_072
"""Of werkzeug's 8 KiB a server that sends packs to eight tablets does nothing else."""


class Pieces(FileWrapper):
    """What a server reads a file by (PEP 3333, `wsgi.file_wrapper`)."""

    def __init__(self, file: BinaryIO, _buffer_size: int = PIECE_BYTES) -> None:
        super().__init__(file, PIECE_BYTES)

    def __next__(self) -> bytes:
        time.sleep(0)
        return super().__next__()


class Counted:
    """An answer that tells how many bytes of it were taken, and at its end whether all were."""

    def __init__(self, pieces: Iterable[bytes], size: int, taken: Callable[[int], None], aborted: Callable[[], None]):
        self._pieces, self._left = pieces, size
        self._taken, self._aborted = taken, aborted

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._pieces:
            self._left -= len(piece)
            self._taken(len(piece))
            yield piece

    def close(self) -> None:
        """The server calls it in any case (PEP 3333)."""
        if self._left > 0:
            self._aborted()
        if callable(close := getattr(self._pieces, "close", None)):
            close()


def send(path: Path, missing: str, **options: Any) -> Response:
    """The file, by Range and If-Range (RFC 9110, section 14). Raises Problem 404, which says what is `missing`."""
    request.environ["wsgi.file_wrapper"] = Pieces
    try:
        return send_file(path.absolute(), conditional=True, **options)
    except FileNotFoundError:
        raise Problem(404, missing) from None
