"""A watched folder: files that others put there are handed over once, when they are complete.

Complete is a file whose size and time did not change for a while, however it came. What was handed over is remembered
before it is moved, so that a crash between the two neither loses it nor takes it twice.
Looking, reading and moving run beside the loop: a network drive may take its time.
"""

import re
import time
from pathlib import Path

from server import runtime
from server.feeds import FROM_FOLDER, feeds
from server.transports import folder_scan
from server.transports.connection import Link, Lost, Transport, refusal
from server.transports.folder_memory import Memory
from server.transports.folder_scan import DONE, FAILED, Found, Look
from server.transports.folder_settings import FolderSettings

AT_ONCE = 100
"""Files that are handed over between two looks: then what came meanwhile is seen, too."""
MAX_READ_BYTES = 64_000_000
MAX_TROUBLES = 5
_NOT_IN_A_PART = re.compile(r"[^A-Za-z0-9_.-]")


class Folder(Transport[FolderSettings]):
    """See the module."""

    def __init__(self, settings: FolderSettings) -> None:
        super().__init__(settings)
        self._root = Path(settings.path)

    def where(self) -> str:
        """The folder."""
        return str(self._root)

    def plan(self) -> list[str]:
        """What is taken, and what becomes of it."""
        one = self.settings
        after = "moved to done and failed" if one.after == "move" else "left where they are"
        names = ", ".join(one.patterns) or "those of the format"
        return [f"files: {names}", f"every {one.poll_s:g} s, complete after {one.settle_s:g} s, then {after}"]

    def run(self, link: Link) -> None:
        """See Transport."""
        file = None
        if link.folder is not None and not link.probing:
            file = link.folder / f"folder-{link.feed}-{link.instance}.db"
        memory = runtime.offload(Memory, file)
        try:
            watch = _Watch(self.settings, self._root, link, memory)
            while True:
                busy = watch.look()
                link.wait(0.0 if busy else self.settings.poll_s)
        finally:
            runtime.offload(memory.close)

    def stop(self) -> None:
        """See Transport; `run` looks at the link."""


class _Watch:
    """One run: which files are not settled yet, and what is wrong with others."""

    def __init__(self, settings: FolderSettings, root: Path, link: Link, memory: Memory) -> None:
        self.settings, self.root, self.link, self.memory = settings, root, link, memory
        feed = feeds()[link.feed]
        self._patterns = settings.patterns or feed.stream.files
        self._limit = min(feed.max_bytes, MAX_READ_BYTES)
        self._seen: dict[str, tuple[Found, float]] = {}
        self._failed: dict[str, tuple[Found, str]] = {}

    def look(self) -> bool:
        """Hand over what is complete; whether there is more. Raises Lost where the folder is not there."""
        one = self.settings
        try:
            found = runtime.offload(folder_scan.look, self.root, self._patterns, one.entries, one.depth)
        except OSError as error:
            raise Lost(refusal(error)) from error
        ready = runtime.offload(self._ready, found)
        for file in ready[:AT_ONCE]:
            if self.link.stopping.is_set():
                break
            self._take(file)
        self.link.up(str(self.root), self._trouble(found))
        return len(ready) > AT_ONCE

    def _ready(self, found: Look) -> list[Found]:
        """What is complete and new, oldest first; what is gone is forgotten."""
        here = {file.path for file in found.files}
        self._seen = {path: seen for path, seen in self._seen.items() if path in here}
        self._failed = {path: failed for path, failed in self._failed.items() if path in here}
        if found.whole and not self.link.probing:
            self.memory.forget(self.memory.paths() - here)
        return [file for file in found.files if self._is_settled(file) and self._is_new(file)]

    def _is_settled(self, file: Found) -> bool:
        now = time.monotonic()
        before = self._seen.get(file.path)
        if before is None or before[0] != file:
            self._seen[file.path] = (file, now)
            return False
        return now - before[1] >= self.settings.settle_s

    def _is_new(self, file: Found) -> bool:
        """Whether it was neither handed over nor found unreadable as it is now."""
        failed = self._failed.get(file.path)
        if failed is not None and failed[0] == file:
            return False
        return self.settings.after == "move" or self.memory.known(file) is None

    def _take(self, file: Found) -> None:
        good = self.memory.known(file)
        try:
            if good is None:
                body = runtime.offload(folder_scan.read, self.root, file.path, self._limit)
                good = self._handed_over(file, body)
            if self.settings.after == "move" and not self.link.probing:
                runtime.offload(folder_scan.move, self.root, file.path, DONE if good else FAILED)
                runtime.offload(self.memory.forget, [file.path])
        except OSError as error:
            self._fail(file, error)

    def _handed_over(self, file: Found, body: bytes) -> bool:
        good = self.memory.same(file, body)
        if good is None:
            sender = f"{FROM_FOLDER}{self.root}/{file.path}"
            if len(body) > self._limit:
                self.link.refuse(f"the file has more than {self._limit} bytes", body[:2_000], file.size, sender)
                good = False
            else:
                good = self.link.take(body, sender, self._part(file))
        runtime.offload(self.memory.keep, file, body, good)
        return good

    def _part(self, file: Found) -> str | None:
        if not self.settings.parts or file.part is None:
            return None
        return _NOT_IN_A_PART.sub("_", file.part)[:64]

    def _fail(self, file: Found, error: OSError) -> None:
        """It cannot be read or moved: told once, tried again when it changes."""
        reason = refusal(error)
        if isinstance(error, FileNotFoundError):
            return  # somebody took it away
        self._failed[file.path] = (file, f"{file.path}: {reason}")
        self.link.refuse(f"{file.path}: {reason}", b"", file.size, f"{FROM_FOLDER}{self.root}")

    def _trouble(self, found: Look) -> str | None:
        told = [words for _, words in self._failed.values()] + found.unreadable
        more = f" and {len(told) - MAX_TROUBLES} more" if len(told) > MAX_TROUBLES else ""
        troubles = ["; ".join(told[:MAX_TROUBLES]) + more] if told else []
        if not found.whole:
            troubles.append(f"more than {self.settings.entries} files: the rest is not looked at yet")
        if found.links:
            troubles.append(f"{found.links} symbolic links are not followed")
        return "; ".join(troubles)[:500] or None


TRANSPORT = Folder
