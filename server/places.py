"""Places at a listener: so many in all, and so many of one address, so that nobody takes those of others."""

import threading
from collections import Counter
from ipaddress import ip_address


def network_of(address: str) -> str:
    """Who counts as one: an IPv4 address, or the /64 of an IPv6 address (a subscriber has as many as he likes)."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    found = getattr(found, "ipv4_mapped", None) or found
    return ":".join(found.exploded.split(":")[:4]) if found.version == 6 else str(found)


class Places:
    """Counted by address. `per_address` None: half of all, rounded up."""

    def __init__(self, total: int, per_address: int | None = None) -> None:
        self.total = total
        self.per_address = (total + 1) // 2 if per_address is None else per_address
        self._open: Counter[str] = Counter()
        self._lock = threading.Lock()

    @property
    def open(self) -> int:
        """How many are taken."""
        return self._open.total()

    def take(self, address: str) -> str | None:
        """A place for somebody from this address; else why there is none."""
        who = network_of(address)
        with self._lock:
            if (there := self._open.total()) >= self.total:
                return f"{there} connections are open already"
            if self._open[who] >= self.per_address:
                return f"{self._open[who]} connections are open already from {who}"
            self._open[who] += 1
        return None

    def leave(self, address: str) -> None:
        """A place that was taken is free again."""
        who = network_of(address)
        with self._lock:
            self._open[who] -= 1
            if self._open[who] <= 0:
                del self._open[who]
