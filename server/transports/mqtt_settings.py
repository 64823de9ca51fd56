"""Settings of an MQTT subscription."""

import re
from typing import Annotated, Literal

from msgspec import Meta

from server.transports.connection import ConnectionSettings, Count, Port, Positive
from server.transports.secret import Secret

Topic = Annotated[str, Meta(min_length=1, max_length=1_000)]


class MqttSettings(ConnectionSettings, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="mqtt"):
    """A broker and what is subscribed there."""

    host: str
    port: Port | None = None
    """None: 8883 with TLS, else 1883."""
    topics: Annotated[tuple[Topic, ...], Meta(min_length=1, max_length=100)]
    """Topic filters with `+` and `#`. A level `{part}` is as `+`, and its word becomes the end of the source's name."""
    version: Literal["3.1.1", "5"] = "3.1.1"
    client_id: Annotated[str, Meta(min_length=1, max_length=65)] | None = None
    """By it the broker knows our session; None: `lagebild-` and the source. Two servers need two."""
    clean_start: bool = False
    """True: nothing is kept for us while we are away."""
    session_expiry_s: Annotated[int, Meta(ge=0, le=4_294_967_295)] = 86_400
    """How long the broker keeps what we miss (version 5; in 3.1.1 the broker decides)."""
    qos: Literal[0, 1] = 1
    retained: Literal["take", "skip"] = "take"
    """What the broker kept from before we subscribed: see docs/feeds/connections.md."""
    username: str | None = None
    password: Secret | None = None
    tls: bool = False
    ca_file: str | None = None
    """Own certificate authority; None: those of the system."""
    cert_file: str | None = None
    key_file: str | None = None
    """Certificate and key by which we prove who we are."""
    keepalive_s: Annotated[int, Meta(ge=5, le=65_535)] = 60
    queue: Count = 1_000
    """Messages that wait for the desk; when it is full we read no more, and the broker has to wait."""
    message_bytes: Annotated[int, Meta(ge=1, le=268_435_455)] = 8_000_000
    """Longest message (version 5 tells the broker, who then keeps it; in 3.1.1 the limit of the feed holds alone)."""
    connect_timeout_s: Positive = 10.0

    def __post_init__(self) -> None:
        """Raises ValueError for what no broker would take."""
        filters(self.topics)
        if not self.tls and (self.ca_file or self.cert_file or self.key_file):
            raise ValueError("ca_file, cert_file and key_file need tls = true")
        if self.password is not None and self.username is None:
            raise ValueError("a password needs a username")

    @property
    def port_in_use(self) -> int:
        """The port that is meant."""
        return self.port if self.port is not None else 8883 if self.tls else 1883


PART = "part"
_SHARED = re.compile(r"\$share/[^/]+/")


def filters(topics: tuple[str, ...]) -> list[tuple[str, re.Pattern[str]]]:
    """What is subscribed, and what its topics look like. Raises ValueError for a filter that is none."""
    return [(topic.replace(f"{{{PART}}}", "+"), _pattern(topic)) for topic in topics]


def _pattern(topic: str) -> re.Pattern[str]:
    levels, found = _SHARED.sub("", topic, count=1).split("/"), ""
    for number, level in enumerate(levels):
        last = number == len(levels) - 1
        slash = "" if number == 0 else "/"
        if level == "#" and last:
            found += f"({slash}.*)?"
        elif level == "+":
            found += f"{slash}[^/]*"
        elif level == f"{{{PART}}}" and f"(?P<{PART}>" not in found:
            found += f"{slash}(?P<{PART}>[^/]*)"
        elif set(level) & set("#+{}\0"):
            raise ValueError(
                f"{topic!r} is no topic filter: + and {{part}} (once) stand for a whole level, # for the rest"
            )
        else:
            found += slash + re.escape(level)
    return re.compile(found)
