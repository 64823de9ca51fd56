"""How often may somebody try? A token bucket per key, for a bounded number of keys."""

import time
from collections import OrderedDict
from collections.abc import Callable


class Throttle:
    """Allows `burst` events at once per key and `per_minute` in the long run. The least recently seen key is forgotten
    first.

    Not for several threads at once on the same key to the last event: a limit, not an account.
    """

    def __init__(
        self, per_minute: float, burst: float, max_keys: int = 10_000, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._per_second = per_minute / 60
        self._burst = burst
        self._max_keys = max_keys
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def _level(self, key: str) -> tuple[float, float]:
        now = self._clock()
        tokens, then = self._buckets.pop(key, (self._burst, now))
        return min(self._burst, tokens + (now - then) * self._per_second), now

    def _keep(self, key: str, tokens: float, now: float) -> None:
        self._buckets[key] = (tokens, now)
        while len(self._buckets) > self._max_keys:
            self._buckets.popitem(last=False)

    def take(self, key: str) -> float:
        """Count one event: 0.0 when it is allowed, else the seconds until the next one would be."""
        tokens, now = self._level(key)
        if tokens >= 1:
            self._keep(key, tokens - 1, now)
            return 0.0
        self._keep(key, tokens, now)
        return (1 - tokens) / self._per_second

    def wait_s(self, key: str) -> float:
        """Seconds until an event would be allowed, without counting one."""
        tokens, now = self._level(key)
        self._keep(key, tokens, now)
        return 0.0 if tokens >= 1 else (1 - tokens) / self._per_second

    def forget(self) -> None:
        """Let everybody begin anew."""
        self._buckets.clear()
