"""What Prometheus reads off the rooms at the moment it asks: situations, desks, feeds, the quarantine."""

from collections.abc import Iterable

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from server.intake import Intake
from server.situations import Situation, Situations


class Gauges(Collector):
    """A collector; nothing is counted twice, the rooms keep their own numbers."""

    def __init__(self, situations: Situations, intake: Intake) -> None:
        self._situations = situations
        self._intake = intake

    def describe(self) -> Iterable[Metric]:
        """Nothing: the names are known once something is collected."""
        return ()

    def collect(self) -> Iterable[Metric]:
        """The metrics now."""
        rooms = self._situations.list()
        yield from _about_situations(rooms)
        yield from _about_desks(rooms)
        yield from _about_feeds(rooms)
        stats = self._intake.stats
        yield CounterMetricFamily("lagebild_messages", "Messages of feeds taken in.", value=stats.messages)
        yield CounterMetricFamily(
            "lagebild_messages_refused", "Messages of which nothing could be used.", value=stats.refused_messages
        )
        yield CounterMetricFamily(
            "lagebild_parts_refused", "Parts of messages that were refused.", value=stats.refused_parts
        )
        counts = self._intake.quarantine.counts()
        yield GaugeMetricFamily("lagebild_quarantine_rows", "Refusals kept.", value=counts["rows"])
        yield CounterMetricFamily(
            "lagebild_quarantine_dropped", "Refusals that gave way to newer ones.", value=counts["dropped"]
        )
        yield GaugeMetricFamily("lagebild_quarantine_open", "Refusals that no retry has settled.", value=counts["open"])
        yield CounterMetricFamily(
            "lagebild_quarantine_messages_dropped",
            "Refused messages that are not kept whole.",
            value=counts["messages_dropped"],
        )


def _about_situations(rooms: Iterable[Situation]) -> Iterable[Metric]:
    running = GaugeMetricFamily("lagebild_situations", "Situations by status and state.", labels=["status", "state"])
    features = GaugeMetricFamily("lagebild_features", "Features in the picture.", labels=["situation"])
    rev = GaugeMetricFamily("lagebild_picture_rev", "Revision of the picture.", labels=["situation"])
    counts: dict[tuple[str, str], int] = {}
    for room in rooms:
        key = (str(room.status), str(room.clock.state))
        counts[key] = counts.get(key, 0) + 1
        if key[1] != "ended":
            features.add_metric([room.id], len(room.picture.features))
            rev.add_metric([room.id], room.picture.rev)
    for (status, state), count in counts.items():
        running.add_metric([status, state], count)
    return running, features, rev


DESK_COUNTERS = {
    "accepted": "Observations made durable.",
    "duplicates": "Observations that were known already.",
    "busy": "Submissions turned away because the inbox was full.",
    "unavailable": "Submissions turned away because the journal could not be written.",
    "batches": "Appends to the journal.",
    "append_seconds": "Time spent appending.",
    "apply_seconds": "Time spent applying to the picture.",
    "ticks": "Times the desk let time pass.",
    "omitted": "Entries that the picture could not take (a bug).",
    "listener_errors": "Errors of who listens to changes (a bug).",
}


def _about_desks(rooms: Iterable[Situation]) -> Iterable[Metric]:
    depth = GaugeMetricFamily("lagebild_inbox_depth", "Observations that wait to be written.", labels=["situation"])
    counters = {
        name: CounterMetricFamily(f"lagebild_desk_{name}", text, labels=["situation"])
        for name, text in DESK_COUNTERS.items()
    }
    for room in rooms:
        if room.clock.state != "ended":
            depth.add_metric([room.id], room.desk.inbox_depth)
            for name, counter in counters.items():
                counter.add_metric([room.id], getattr(room.desk.stats, name))
    return depth, *counters.values()


def _about_feeds(rooms: Iterable[Situation]) -> Iterable[Metric]:
    labels = ["situation", "feed"]
    accepted = CounterMetricFamily("lagebild_observations", "Observations in the picture by feed.", labels=labels)
    refused = CounterMetricFamily("lagebild_observations_refused", "Refusals by feed.", labels=labels)
    silent = GaugeMetricFamily("lagebild_sources_silent", "Sources that missed their time to speak.", labels=labels)
    for room in rooms:
        if room.clock.state == "ended":
            continue
        sums: dict[str, list[int]] = {}
        with room.desk.lock:
            book = room.picture.book
            for source, state in book.sources.items():
                total = sums.setdefault(source.partition("/")[0], [0, 0, 0])
                total[0] += state.accepted
                total[1] += state.refused
                total[2] += book.now is not None and book.is_silent(source)
        for feed, total in sums.items():
            accepted.add_metric([room.id, feed], total[0])
            refused.add_metric([room.id, feed], total[1])
            silent.add_metric([room.id, feed], total[2])
    return accepted, refused, silent
