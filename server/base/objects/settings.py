"""Settings of a layer of own objects: where it comes from, what it is for, and who may see it."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta, Struct, field
from msgspec.structs import asdict

from server.transports.poll_settings import PollSettings
from server.transports.secret import Secret, gathered, hook

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
FORMATS = ("geojson", "gpkg", "csv", "wfs", "ogcapi")
OURS = (
    *("ref", "title", "address", "note", "plan", "valid_from", "valid_to", "lon", "lat", "x", "y"),
    *("hydrant", "diameter_mm", "flow_lpm", "pressure_bar"),
)
"""Names that `fields` may map a column to."""
EVERYBODY = frozenset({"control", "crew", "planner", "liaison", "admin"})
"""Roles that see a picture."""
AT_MISSION = frozenset({"control", "crew"})
NO_MATTER = frozenset({"secret", "headers", "proxy", "attribution", "licence"})
"""Settings that change nothing in what an import makes."""
Viewer = Literal["control", "crew", "planner", "liaison", "admin"]
Kind = Literal["hydrant", "key_safe", "object_plan", "closure", "hazard", "other"]
Count = Annotated[int, Meta(ge=1)]


class ObjectSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One layer: `[base.objects.NAME]`."""

    source: Annotated[str, Meta(min_length=1, max_length=4_000)]
    """A file, or an address (http, https)."""
    title: Annotated[str, Meta(min_length=1, max_length=100)]
    purpose: Annotated[str, Meta(min_length=1, max_length=500)]
    """What it is there for; shown beside every object."""
    audience: Annotated[tuple[Viewer, ...], Meta(min_length=1, max_length=5)]
    """Roles that may see it; nobody else does, on any way."""
    kind: Kind = "other"
    attribution: Annotated[str, Meta(min_length=1, max_length=300)] | None = None
    """Who is to be named with the data."""
    licence: Annotated[str, Meta(pattern=r"^https?://[^\s<>\"]+$", max_length=500)] | None = None
    """Address of what the data may be used for."""
    format: Literal["geojson", "gpkg", "csv", "wfs", "ogcapi"] | None = None
    """None: guessed from the name of the file, or the address."""
    mission_only: bool = False
    """True: a crew sees only what is near an open mission of its own."""
    mission_m: Annotated[float, Meta(ge=1, le=20_000)] = 500.0
    fields: dict[str, str] = field(default_factory=dict)
    """Our name -> column."""
    show: dict[str, str] = field(default_factory=dict)
    """Label -> further column that is shown. Any other column is not taken along."""
    epsg: Annotated[int, Meta(ge=1024, le=32767)] | None = None
    """Coordinate system where the source names none; None: WGS84 degrees."""
    encoding: str | None = None
    delimiter: Annotated[str, Meta(min_length=1, max_length=1)] | None = None
    table: str | None = None
    """Of a GeoPackage with several."""
    typename: str | None = None
    """Of a WFS."""
    wfs_version: Literal["2.0.0", "1.1.0"] = "2.0.0"
    zone: str = "Europe/Berlin"
    """Of times that come without one."""
    plans: str | None = None
    """Folder of the plans; None: `plans` beside the file. An object without a column `plan` has `<ref>.pdf` there."""
    plan_origins: Annotated[tuple[str, ...], Meta(max_length=20)] = ()
    """Where plans may be fetched from that the column `plan` names by address: https://host, https://host:port."""
    refresh_s: Annotated[float, Meta(ge=10)] = 3_600.0
    headers: dict[str, str] = field(default_factory=dict)
    auth: Literal["none", "basic", "bearer", "header", "query"] = "none"
    auth_name: str | None = None
    username: str | None = None
    secret: Secret | None = None
    plain_secret: bool = False
    ca_file: str | None = None
    proxy: str | None = None
    max_objects: Annotated[int, Meta(ge=1, le=1_000_000)] = 100_000
    max_bytes: Count = 100_000_000
    max_plan_bytes: Count = 20_000_000
    max_pages: Annotated[int, Meta(ge=1, le=10_000)] = 200
    """Pages of a service."""

    def __post_init__(self) -> None:
        """Raises ValueError for what does not go together."""
        if len(set(self.audience)) != len(self.audience):
            raise ValueError("audience names a role twice")
        if self.mission_only and not set(self.audience) <= AT_MISSION:
            raise ValueError("with mission_only the audience is crew and control")
        if wrong := sorted(set(self.fields) - set(OURS)):
            raise ValueError(f"fields: there is no {wrong[0]}; known: {', '.join(OURS)}")
        if len(self.show) > 30 or any(not 0 < len(label) <= 60 for label in self.show):
            raise ValueError("show: at most 30 labels of 1 to 60 characters")
        for one in self.plan_origins:
            parts = urlsplit(one)
            if parts.scheme != "https" or not parts.hostname or parts.username or parts.path.strip("/") or parts.query:
                raise ValueError("plan_origins: https://host or https://host:port, nothing behind it")
        if self.is_remote:
            self.request()
        elif self.kind_of_source in ("wfs", "ogcapi"):
            raise ValueError(f'format = "{self.format}" needs an address')
        if self.kind_of_source == "wfs" and self.typename is None:
            raise ValueError("a WFS needs typename")

    @property
    def is_remote(self) -> bool:
        """Is it an address?"""
        return self.source.startswith(("http://", "https://"))

    @property
    def kind_of_source(self) -> str:
        """The format, guessed where it is not told. Raises ValueError."""
        if self.format is not None:
            return self.format
        low = self.source.casefold()
        if self.is_remote:
            if "service=wfs" in low or "/wfs" in low:
                return "wfs"
            if "/collections/" in low:
                return "ogcapi"
            low = low.partition("?")[0]
        for ending, kind in ((".gpkg", "gpkg"), (".csv", "csv"), (".txt", "csv"), (".json", "geojson")):
            if low.endswith(ending):
                return kind
        if low.endswith(".geojson"):
            return "geojson"
        raise ValueError(f"format: what {Path(low).name!r} is cannot be guessed; one of {', '.join(FORMATS)}")

    def request(self, accept: str = "application/geo+json, application/json;q=0.9, */*;q=0.5") -> PollSettings:
        """How it is asked for over HTTP. Raises ValueError."""
        names = ("auth", "auth_name", "username", "secret", "plain_secret", "ca_file", "proxy", "max_bytes")
        told = {name: getattr(self, name) for name in names}
        headers = {"Accept": accept, **self.headers}
        return PollSettings(urls=(self.source,), interval_s=self.refresh_s, headers=headers, **told)

    @property
    def is_open(self) -> bool:
        """May everybody see it who sees a picture?"""
        return not self.mission_only and set(self.audience) == EVERYBODY

    def fingerprint(self) -> bytes:
        """Of all that decides what an import makes of a source; secrets stay out."""
        told = {name: value for name, value in asdict(self).items() if name not in NO_MATTER}
        return msgspec.json.encode(told, order="sorted")


def settings(raw: Any) -> dict[str, Any]:
    """What was written under `[base.objects]`, by name, with the ways to tell a secret taken together.

    Raises ValueError.
    """
    if not isinstance(raw, Mapping):
        raise ValueError("objects are sections such as [base.objects.hydranten]")
    found = {}
    for name, told in raw.items():
        if not NAME.fullmatch(name):
            raise ValueError(f"{name[:60]!r} is no name of a layer: a to z, digits, '_' and '-', at most 40")
        if isinstance(told, ObjectSettings):
            found[name] = told
            continue
        if not isinstance(told, Mapping):
            raise ValueError(f"write [base.objects.{name}] above its settings")
        try:
            found[name] = msgspec.convert(gathered(told, ObjectSettings), ObjectSettings, strict=False, dec_hook=hook)
        except ValueError as error:
            raise ValueError(f"[base.objects.{name}]: {error}") from None
    return found
