"""What bounds a desk, and what it counts."""

from dataclasses import dataclass, field

from msgspec import Struct

BATCH_BUCKETS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
"""Upper bounds of batch sizes that are counted apart."""


class DeskSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What bounds a desk."""

    inbox_observations: int = 10_000
    """Observations that may wait to be written down; more are answered with Busy."""
    inbox_bytes: int = 64_000_000
    """Bytes of messages that may wait."""
    batch_observations: int = 500
    """Observations in one append."""
    snapshot_every: int = 10_000
    """Entries after which a snapshot of the picture is taken for a fast start."""


@dataclass
class DeskStats:
    """Counters since the start of this desk; seconds are sums."""

    accepted: int = 0
    duplicates: int = 0
    busy: int = 0
    unavailable: int = 0
    batches: int = 0
    largest_batch: int = 0
    batch_sizes: dict[int, int] = field(default_factory=lambda: dict.fromkeys((*BATCH_BUCKETS, 0), 0))
    """Batches by size: key is the upper bound of observations, 0 for larger ones; not cumulative."""
    append_seconds: float = 0.0
    apply_seconds: float = 0.0
    ticks: int = 0
    snapshots: int = 0
    snapshot_failures: int = 0
    snapshot_seconds: float = 0.0
    omitted: int = 0
    """Entries that the picture could not take (a bug of ours): durable, logged, left out."""
    listener_errors: int = 0
    failing: str = ""
    """Why the last append failed; empty while appends succeed."""

    def count_batch(self, size: int) -> None:
        """An append of `size` observations."""
        self.batches += 1
        self.largest_batch = max(self.largest_batch, size)
        self.batch_sizes[next((bound for bound in BATCH_BUCKETS if size <= bound), 0)] += 1
