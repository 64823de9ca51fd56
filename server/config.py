"""Settings: one TOML file (--config, else DATA/lagebild.toml), overridden by LAGEBILD_<SECTION>_<KEY> in the
environment.

Every setting has a default that is safe and a row in docs/operations.md (a test checks it). A key that does not exist
is an error that names the nearest that does: a typo must not silently mean the default.
"""

import difflib
import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import available_timezones

import msgspec
from msgspec import Meta, Struct, field

from layers.settings import DEFAULT_AGES, PictureSettings
from server.base.objects.settings import ObjectSettings
from server.base.objects.settings import settings as objects_of
from server.base.vehicles import Vehicle
from server.citizens import CitizenSettings
from server.desk import DeskSettings
from server.media import MediaSettings
from server.packs.area import PackArea
from server.signatures import SignatureSettings
from server.signatures import settings as signature
from server.transports.kinds import Connection, connection
from server.transports.listener import ListenerSettings
from server.transports.secret import hook

Port = Annotated[int, Meta(ge=0, le=65535)]
Positive = Annotated[float, Meta(gt=0)]
Count = Annotated[int, Meta(ge=1)]

PREFIX = "LAGEBILD_"
INSTANCE = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,63}")


class ConfigError(ValueError):
    """A setting that does not exist or has a value it cannot have; the message is for the operator."""


class ServerSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the server listens, how it is reached and what it calls itself."""

    host: str = "127.0.0.1"
    port: Port = 8080
    public_url: str | None = None
    """How people reach it (behind a proxy); sign-in links start with it. None: http://host:port."""
    trusted_proxies: Annotated[int, Meta(ge=0, le=8)] = 0
    """How many reverse proxies stand before it whose X-Forwarded-* are believed."""
    allowed_origins: tuple[str, ...] = ()
    """Web origins besides our own whose pages may connect, such as https://lage.example.org."""
    lang: Annotated[str, Meta(pattern="^(de|en)$")] = "de"
    """Language that clients start in."""
    live_title: Annotated[str, Meta(min_length=1, max_length=100)] = "Echtlage"
    """Title of the live situation."""


class AccessSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Sign-in."""

    code_valid_s: Positive = 3600
    """How long a sign-in link can be used."""
    token_days: Positive = 7
    """How long the token lives that a sign-in link gives."""
    failures_per_min: Positive = 20
    """Wrong tokens or codes per address and minute before it is told to wait."""


class LimitSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is bounded, so that nobody can exhaust the server."""

    clients: Count = 2000
    """Connected clients (Socket.IO) at once."""
    clients_per_address: Count = 1000
    """Of these from one address (IPv6: from one /64)."""
    body_bytes: Count = 8_000_000
    """Longest body of an HTTP request; a feed may set a lower limit of its own."""
    message_bytes: Count = 1_000_000
    """Longest Socket.IO message from a client."""
    messages_per_min: Positive = 6000
    """Socket.IO messages of any kind per client; one that sends more is disconnected."""
    reports_per_min: Positive = 120
    """Reports per client in the long run; a burst of as many is allowed (an outbox that empties itself)."""
    gather_ms: Annotated[int, Meta(ge=0, le=5000)] = 250
    """How long changes that are not urgent gather before they are sent."""
    ack_timeout_s: Positive = 60
    """A client that leaves a delta unacknowledged for so long is disconnected."""
    idle_delta_s: Positive = 30
    """After so long without anything to see, a client's cursor is moved up by an empty delta."""
    views: Count = 500
    """Views (role, unit, layers, mission) kept in memory at once."""
    view_idle_s: Positive = 3600
    """How long a view that nobody uses is kept, so that a returning client gets a small delta."""
    tombstones: Count = 20_000
    """Removed features remembered per view."""


class FeedSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What feeds may send, and what they mean where they do not say."""

    zone: str = "UTC"
    """Zone of a time that comes without one, where the format itself says nothing (IANA name)."""
    body_bytes: Count = 8_000_000
    """Longest message of any feed; most formats have a lower limit of their own."""
    entities: Count = 1_000
    """Subjects in one message."""
    sources: dict[str, dict[str, Any]] = {}
    """Settings of a feed (`divera`) or of one source of it (`divera/wache1`, which comes first): its page in docs/feeds
    lists them; `zone` for any of them."""
    sia: dict[str, ListenerSettings] = {}
    """Receivers for alarm panels (SIA DC-09) by instance; the source is then `sia_dc09/<instance>`."""
    connections: dict[str, Connection] = {}
    """Connections that the server makes or holds open itself, by source (`lorawan/tts`): docs/feeds/connections.md."""
    signatures: dict[str, SignatureSettings] = {}
    """How pushed messages are signed, by feed (`connect`) or source (`connect/wache1`, which comes first)."""
    home_code: Annotated[str, Meta(pattern="^[A-Za-z0-9_-]{16,100}$")] | None = None
    """With it, gateways of smart homes register at /smarthome/<home_code>; None: none can."""


class MapSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The base map under the layers; all None: the exercise town's own vector layers, which need no network."""

    style_url: str | None = None
    pmtiles_url: str | None = None
    raster_url: str | None = None
    attribution: str | None = None
    hosts: tuple[str, ...] = ()
    """Further web origins that a style loads tiles, fonts or pictures from: they enter the content security policy."""


class BaseSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the server knows of the place, built by `lagebild base build` (docs/base.md)."""

    folder: str | None = None
    """Folder of the base data; None: `base` in the data folder."""
    short_names: dict[str, str] = {}
    """How places are called for short in addresses: `{PB = "Paderborn"}`."""
    vehicles: dict[str, Vehicle] = {}
    """Vehicles by profile, besides HLF, DLK, RTW and KdoW or in their place: `[base.vehicles.HLF]`."""
    against_oneways: bool = False
    """Whether routes may go against a one-way in small streets, at a walking pace, where nothing is tagged."""
    packs: tuple[PackArea, ...] = ()
    """Areas that tablets carry along, a pack each; none: one pack of all the base data."""
    objects: dict[str, ObjectSettings] = {}
    """The operator's own objects by layer: `[base.objects.hydranten]` (docs/base.md, "Own objects")."""


class ExerciseSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many exercises there may be."""

    max_running: Count = 8
    """Exercises that run or are paused at once."""
    max_ended: Annotated[int, Meta(ge=0)] = 20
    """Ended exercises that can still be looked at; the files of older ones stay on disk."""


class CapSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Warnings that go out."""

    sender: Annotated[str, Meta(pattern=r"^[^\s,<&]{1,100}$")] = "lagebild@localhost"
    """In whose name warnings go out that have no sender of their own, and all of an exercise: unique in the world,
    such as an address at the own domain."""


class LogSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is logged to standard error."""

    level: Annotated[str, Meta(pattern="^(DEBUG|INFO|WARNING|ERROR)$")] = "INFO"
    format: Annotated[str, Meta(pattern="^(json|text)$")] = "json"


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything that can be set, one section each."""

    server: ServerSettings = field(default_factory=ServerSettings)
    access: AccessSettings = field(default_factory=AccessSettings)
    limits: LimitSettings = field(default_factory=LimitSettings)
    feeds: FeedSettings = field(default_factory=FeedSettings)
    base: BaseSettings = field(default_factory=BaseSettings)
    map: MapSettings = field(default_factory=MapSettings)
    log: LogSettings = field(default_factory=LogSettings)
    exercises: ExerciseSettings = field(default_factory=ExerciseSettings)
    desk: DeskSettings = field(default_factory=DeskSettings)
    citizen: CitizenSettings = field(default_factory=CitizenSettings)
    cap: CapSettings = field(default_factory=CapSettings)
    media: MediaSettings = field(default_factory=MediaSettings)
    picture: PictureSettings = field(default_factory=PictureSettings)


def load(path: Path | None, environment: Mapping[str, str] | None = None) -> Settings:
    """The settings from a TOML file (None or a missing default file: defaults) and the environment.

    Raises ConfigError with the file, section and key at fault.
    """
    document: dict[str, Any] = {}
    if path is not None:
        try:
            document = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise ConfigError(f"{path}: {error}") from None
    where = str(path) if path is not None else "environment"
    _check_known(document, where)
    for name, value in (os.environ if environment is None else environment).items():
        _override(document, name, value)
    _take_connections(document, where)
    _take_signatures(document, where)
    _take_objects(document, where)
    try:
        settings = msgspec.convert(document, Settings, strict=False, dec_hook=hook)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{where}: {error}") from None
    if settings.picture.exercise:
        raise ConfigError(f"{where}: [picture]: exercise is set by the server; live is never one")
    if settings.feeds.zone not in {"UTC", *available_timezones()}:
        raise ConfigError(f"{where}: [feeds]: there is no time zone {settings.feeds.zone!r}")
    for source, options in settings.feeds.sources.items():
        _check_source(source, options, where)
    for kind in settings.picture.ages:
        if kind not in DEFAULT_AGES:
            raise ConfigError(f"{where}: [picture.ages]: there is no kind {kind}{_nearest(kind, DEFAULT_AGES)}")
    return settings


def _take_connections(document: dict[str, Any], where: str) -> None:
    """Put the settings of each connection in the place of what was written. Raises ConfigError."""
    section = document.get("feeds") or {}
    written = section.get("connections")
    if not written:
        return
    if not isinstance(written, dict):
        raise ConfigError(f'{where}: [feeds]: connections are sections such as [feeds.connections."lorawan/tts"]')
    from server.feeds import feeds  # every format is loaded: only for who has a connection

    made = {}
    for source, raw in written.items():
        here = f'{where}: [feeds.connections."{source}"]'
        name, _, instance = source.partition("/")
        if name not in feeds():
            raise ConfigError(f"{here}: there is no feed {name}{_nearest(name, feeds())}")
        if not INSTANCE.fullmatch(instance):
            raise ConfigError(f"{here}: call it {name}/INSTANCE, with 1 to 64 letters, digits, '_', '.' or '-'")
        try:
            made[source] = connection(raw)
        except ValueError as error:
            raise ConfigError(f"{here}: {error}") from None
    document["feeds"] = {**section, "connections": made}


def _take_signatures(document: dict[str, Any], where: str) -> None:
    """Put the settings of each signature in the place of what was written. Raises ConfigError."""
    section = document.get("feeds") or {}
    written = section.get("signatures")
    if not written:
        return
    from server.feeds import feeds  # every format is loaded: only for who has a signature

    made = {}
    for source, raw in written.items() if isinstance(written, dict) else [("", written)]:
        name = source.partition("/")[0]
        here = f'{where}: [feeds.signatures."{source}"]'
        if name not in feeds():
            raise ConfigError(f"{here}: there is no feed {name}{_nearest(name, feeds())}")
        try:
            made[source] = signature(raw)
        except ValueError as error:
            raise ConfigError(f"{here}: {error}") from None
    document["feeds"] = {**section, "signatures": made}


def _take_objects(document: dict[str, Any], where: str) -> None:
    """Put the settings of each layer of own objects in the place of what was written. Raises ConfigError."""
    section = document.get("base") or {}
    if not (written := section.get("objects")):
        return
    try:
        made = objects_of(written)
    except ValueError as error:
        raise ConfigError(f"{where}: {error}") from None
    for name, one in made.items():
        if one.zone not in {"UTC", *available_timezones()}:
            raise ConfigError(f"{where}: [base.objects.{name}]: there is no time zone {one.zone!r}")
    document["base"] = {**section, "objects": made}


def _check_source(source: str, options: Mapping[str, Any], where: str) -> None:
    from server.feeds import feeds  # every format is loaded: only for who sets one

    name = source.partition("/")[0]
    feed = feeds().get(name)
    if feed is None:
        raise ConfigError(f"{where}: [feeds.sources.{source}]: there is no feed {name}{_nearest(name, feeds())}")
    own = {key: value for key, value in options.items() if key != "zone"}
    if options.get("zone", "UTC") not in {"UTC", *available_timezones()}:
        raise ConfigError(f"{where}: [feeds.sources.{source}]: there is no time zone {options['zone']!r}")
    if own and feed.options is None:
        raise ConfigError(f"{where}: [feeds.sources.{source}]: {name} has no settings of its own")
    try:
        msgspec.convert(own, feed.options or dict)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{where}: [feeds.sources.{source}]: {error}") from None


def sections() -> dict[str, type[Struct]]:
    """Section name -> its struct."""
    return {item.name: item.type for item in msgspec.structs.fields(Settings)}


def _check_known(document: Mapping[str, Any], where: str) -> None:
    known = sections()
    for section, keys in document.items():
        if section not in known:
            raise ConfigError(f"{where}: there is no section [{section}]{_nearest(section, known)}")
        if not isinstance(keys, dict):
            raise ConfigError(f"{where}: {section} is a section, write [{section}] above its settings")
        for key in keys:
            if key not in known[section].__struct_fields__:
                raise ConfigError(
                    f"{where}: there is no {key} in [{section}]{_nearest(key, known[section].__struct_fields__)}"
                )


def _override(document: dict[str, Any], name: str, value: str) -> None:
    if not name.startswith(PREFIX):
        return
    section, _, key = name.removeprefix(PREFIX).lower().partition("_")
    struct = sections().get(section)
    if struct is None or not key:
        return  # LAGEBILD_DATA, LAGEBILD_PORT, LAGEBILD_ASYNC_MODE and the like are not settings of a section
    if key not in struct.__struct_fields__:
        raise ConfigError(f"{name}: there is no {key} in [{section}]{_nearest(key, struct.__struct_fields__)}")
    document.setdefault(section, {})[key] = _value(value)


def _value(text: str) -> Any:
    """Lists and tables are written in JSON; everything else is taken as it stands and converted by type."""
    if text[:1] in ("[", "{"):
        try:
            return msgspec.json.decode(text)
        except msgspec.DecodeError as error:
            raise ConfigError(f"{text[:60]!r}: {error}") from None
    return None if text == "" else text


def _nearest(word: str, known: Any) -> str:
    close = difflib.get_close_matches(word, list(known), n=1)
    return f" (did you mean {close[0]}?)" if close else f"; there are {', '.join(sorted(known))}"
