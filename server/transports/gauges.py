"""What Prometheus reads of the connections at the moment it asks."""

from collections.abc import Iterable

import msgspec
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from server.transports.supervisor import CONNECTED, LinkStats, Supervisor

COUNTERS = {
    "messages": "Messages taken from the connection.",
    "bytes": "Bytes of these messages.",
    "refused": "Messages of which nothing could be used.",
    "busy": "Times a message waited because the desk was busy.",
    "turned_away": "Peers that were not let in.",
    "dropped": "Messages lost for want of room (the peer does not repeat them).",
    "connects": "Times the connection was made.",
    "losses": "Times the peer was lost or could not be had.",
}
assert set(COUNTERS) == set(LinkStats.__struct_fields__)


class ConnectionGauges(Collector):
    """A collector over the supervisor's own numbers."""

    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor

    def describe(self) -> Iterable[Metric]:
        """Nothing: the names are known once something is collected."""
        return ()

    def collect(self) -> Iterable[Metric]:
        """The metrics now."""
        labels = ["source", "transport"]
        up = GaugeMetricFamily("lagebild_connection_up", "Whether the connection stands.", labels=labels)
        since = GaugeMetricFamily(
            "lagebild_connection_since_seconds", "When its state began, Unix time.", labels=[*labels, "state"]
        )
        counters = {
            name: CounterMetricFamily(f"lagebild_connection_{name}", text, labels=labels)
            for name, text in COUNTERS.items()
        }
        for runner in self._supervisor.runners:
            who = [runner.name, runner.kind]
            up.add_metric(who, runner.state.state == CONNECTED)
            since.add_metric([*who, runner.state.state], runner.state.since.timestamp())
            for name, number in msgspec.structs.asdict(runner.stats).items():
                counters[name].add_metric(who, number)
        return [up, since, *counters.values()]
