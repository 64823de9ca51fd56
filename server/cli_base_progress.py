"""How far `lagebild base build` is: one bar on a terminal, a few lines elsewhere; with the time that is left."""

import time
from collections.abc import Callable
from typing import TextIO

WEIGHTS = {
    "read": 0.5,
    "places": 0.01,
    "buildings": 0.03,
    "addresses": 0.12,
    "roads": 0.04,
    "water": 0.01,
    "tiles": 0.3,
}
"""Of the whole time, what each stage takes (measured on extracts of Krems and Helsinki, rounded)."""
WIDTH = 30
TOO_SOON = 0.05
"""Before so much is done nothing is said of the time that is left."""
REDRAWN_EVERY_S, LINE_EVERY = 0.1, 0.1
"""On a terminal; share of the whole from one line to the next elsewhere."""


class Progress:
    """Called with each stage and the share of it that is done; writes to `out`."""

    def __init__(self, out: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._out, self._clock = out, clock
        self._terminal = out.isatty()
        self._began_s = clock()
        self._drawn_s = float("-inf")
        self._told = -1.0
        self._stage = ""
        self._before = 0.0
        """Share of the whole that the stages before this one are."""

    def __call__(self, stage: str, share: float) -> None:
        """`share` from 0 to 1, of the stage."""
        if stage != self._stage:
            self._before += WEIGHTS.get(self._stage, 0.0)
            self._stage = stage
        whole = min(1.0, self._before + WEIGHTS.get(stage, 0.0) * share)
        ended = whole > 0.999
        now_s = self._clock()
        line = f"{stage:10s} {whole:4.0%}{self._left(whole, now_s)}"
        if self._terminal:
            if ended or now_s - self._drawn_s >= REDRAWN_EVERY_S:
                self._drawn_s = now_s
                full = round(whole * WIDTH)
                self._write(f"\r\033[K{'█' * full}{'░' * (WIDTH - full)} {line}" + ("\n" if ended else ""))
        elif whole - self._told >= LINE_EVERY or (ended and self._told <= 0.999):
            self._told = whole
            self._write(line + "\n")

    def _left(self, whole: float, now_s: float) -> str:
        if whole < TOO_SOON or whole > 0.999:
            return ""
        left_s = round((now_s - self._began_s) * (1.0 - whole) / whole)
        return f", {left_s // 60}:{left_s % 60:02d} min left"

    def _write(self, text: str) -> None:
        self._out.write(text)
        self._out.flush()
