"""Settings of a smart building that speaks IRiS."""

from typing import Annotated, Literal

from msgspec import Meta

from server.transports.connection import ConnectionSettings, Positive
from server.transports.secret import Secret


class IrisSettings(ConnectionSettings, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="iris"):
    """A building that is asked while a mission holds its owner's consent, and never else."""

    url: Annotated[str, Meta(pattern="^https?://[^/?#@]+(/[^?#]*)?$", max_length=500)]
    """Its address; without a path `/hook/iris` is meant."""
    username: str | None = None
    password: Secret | None = None
    ca_file: str | None = None
    """Own certificate authority; None: those of the system."""
    consent: Literal["given", "owner"] = "given"
    """given: the owner agreed beforehand that it is asked during missions; owner: says so each time, through NGSI."""
    address: Annotated[str, Meta(max_length=200)] | None = None
    """One line, shown before anything is asked."""
    every_s: Positive = 5.0
    """Pause between two questions how it is."""
    objects_every_s: Positive = 300.0
    """Pause between two questions what there is."""
    timeout_s: Positive = 10.0

    def __post_init__(self) -> None:
        """Raises ValueError for half a sign-in."""
        if (self.username is None) != (self.password is None):
            raise ValueError("username and password go together")
