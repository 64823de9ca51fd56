"""Prometheus metrics of this process, in a registry of their own."""

import time

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.exposition import generate_latest

SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """Counters and gauges; the attribute names are the metric names without the prefix `lagebild_`."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        r = self.registry
        ProcessCollector(registry=r)
        self._started = time.monotonic()
        Gauge("lagebild_uptime_seconds", "Since the start of the server.", registry=r).set_function(
            lambda: time.monotonic() - self._started
        )
        self.clients = Gauge("lagebild_clients", "Connected clients.", ["role"], registry=r)
        self.clients_refused = Counter(
            "lagebild_clients_refused", "Connections refused because the server was full.", registry=r
        )
        self.turned_away = Counter(
            "lagebild_turned_away",
            "Who was not let in: too many, too many of one address, or not on the list.",
            ["door"],
            registry=r,
        )
        self.clients_cut = Counter("lagebild_clients_cut", "Clients disconnected by us.", ["reason"], registry=r)
        self.deltas = Counter("lagebild_deltas", "Deltas sent, one per client.", ["encoding"], registry=r)
        self.deltas_encoded = Counter(
            "lagebild_deltas_encoded", "Deltas encoded, one per view and cursor.", ["encoding"], registry=r
        )
        self.delta_bytes = Counter("lagebild_delta_bytes", "Bytes of deltas sent.", ["encoding"], registry=r)
        self.delta_age_seconds = Histogram(
            "lagebild_delta_age_seconds", "From sending a delta to its acknowledgement.", buckets=SECONDS, registry=r
        )
        self.sync_errors = Counter("lagebild_sync_errors", "Bugs met while sending (each is in the log).", registry=r)
        self.reports = Counter("lagebild_reports", "Reports of clients by outcome.", ["kind", "outcome"], registry=r)
        self.derived = Counter(
            "lagebild_derived", "What was worked out of the picture, by outcome.", ["source", "outcome"], registry=r
        )
        self.packs_cut = Counter(
            "lagebild_packs_cut", "Packs for tablets, cut or not to be cut.", ["kind", "outcome"], registry=r
        )
        self.pack_downloads = Counter(
            "lagebild_pack_downloads",
            "Answers to tablets that asked for a pack, by HTTP status.",
            ["status"],
            registry=r,
        )
        self.pack_bytes = Counter("lagebild_pack_bytes", "Bytes of packs that were sent.", registry=r)
        self.pack_aborts = Counter("lagebild_pack_aborts", "Downloads that ended before their last byte.", registry=r)
        self.sign_in_failures = Counter("lagebild_sign_in_failures", "Wrong tokens and codes.", registry=r)
        self.signature_failures = Counter(
            "lagebild_signature_failures", "Pushed messages whose signature is missing or wrong.", ["feed"], registry=r
        )
        self.home_pictures = Counter(
            "lagebild_home_pictures",
            "What homes put into their storage, by what became of it.",
            ["outcome"],
            registry=r,
        )
        self.requests = Histogram(
            "lagebild_request_seconds", "HTTP requests.", ["endpoint", "status"], buckets=SECONDS, registry=r
        )

        self.under_way = 0
        """HTTP requests being answered now."""

    def count_delta(self, encoding: str, size: int, clients: int) -> None:
        """One encoded delta of `size` bytes went to `clients`."""
        self.deltas_encoded.labels(encoding).inc()
        self.deltas.labels(encoding).inc(clients)
        self.delta_bytes.labels(encoding).inc(size * clients)

    def text(self) -> bytes:
        """The exposition in Prometheus's text format."""
        return generate_latest(self.registry)
