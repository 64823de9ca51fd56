"""The composition root: builds the rooms, connects them, gives a WSGI application. Nobody else builds anything."""

import logging
import time
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any

from flask import Flask, g, request
from flask_socketio import SocketIO
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.middleware.proxy_fix import ProxyFix

from server import runtime
from server.access import Access
from server.audit import OPERATOR, Audit
from server.base.address_text import short_forms
from server.base.arrivals import Arrivals
from server.base.base import Bases
from server.base.derive_positions import MissionPositions
from server.base.mission_water import MissionWater
from server.base.objects.library import Objects
from server.base.objects.plan_links import News
from server.base.objects.ways import OwnWater, closures
from server.base.ways import Ways
from server.citizens import Citizens
from server.config import Settings
from server.derive import Derivations
from server.deriver import Deriver
from server.gauges import Gauges
from server.home_keys import HomeKeys
from server.home_pictures import HomePictures
from server.homes import Homes, Waiting
from server.house import House
from server.http import (
    auth,
    base_ways,
    basemap,
    cap,
    citizen,
    config,
    errors,
    export,
    find,
    guard,
    health,
    home_pictures,
    home_storage,
    homes,
    ingest,
    media,
    ngsi,
    objects,
    ogc,
    packs,
    picture,
    quarantine,
    security,
    situations,
    web,
)
from server.intake import configured
from server.media import MediaStore
from server.metrics import Metrics
from server.packs.store import PackStore
from server.quarantine import Quarantine
from server.reports import Reports
from server.retry import Retry
from server.situations import Situations, SituationSettings
from server.sockets import attach, wire_json
from server.status_changes import StatusChanges
from server.sync import Sync
from server.tak.rooms import Rooms
from server.throttle import Throttle
from server.thumbnails import Thumbnails
from server.transports.cot_client import CotClient
from server.transports.cot_server import CotServer
from server.transports.gateway import GatewaySocket
from server.transports.gauges import ConnectionGauges
from server.transports.iris import Iris
from server.transports.supervisor import Supervisor

log = logging.getLogger("lagebild.http")

BLUEPRINTS = tuple(
    module.blueprint
    for module in (
        auth,
        basemap,
        base_ways,
        cap,
        citizen,
        config,
        export,
        find,
        health,
        home_pictures,
        home_storage,
        homes,
        ingest,
        media,
        ngsi,
        objects,
        ogc,
        packs,
        picture,
        quarantine,
        situations,
        web,
    )
)
TAK = CotServer | CotClient
PING_INTERVAL_S = 20
PING_TIMEOUT_S = 20


def build(data_dir: Path, settings: Settings) -> House:
    """Every room of the server on one data folder, not started yet."""
    data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    metrics = Metrics()
    # Whatever is taken in of a message can be kept whole when it is refused.
    register = Quarantine(data_dir / "quarantine.db", message_bytes=settings.feeds.body_bytes)
    intake = configured(register, settings)
    media_store = MediaStore(data_dir / "media", settings.media)
    intake.images = Thumbnails(media_store)
    rooms = Situations(
        data_dir,
        SituationSettings(
            picture=settings.picture,
            desk=settings.desk,
            live_title=settings.server.live_title,
            lang=settings.server.lang,
            max_running=settings.exercises.max_running,
            max_ended=settings.exercises.max_ended,
        ),
        intake,
    )
    sync = Sync(settings, metrics)
    rooms.subscribe(sync.changed)
    rooms.subscribe(StatusChanges().changed)
    metrics.registry.register(Gauges(rooms, intake))
    audit = Audit(data_dir / "audit.db")
    homes = Homes(data_dir / "homes.json", rooms)
    homes.settled = partial(_note_outcome, audit)
    bases = Bases(Path(settings.base.folder or data_dir / "base"))
    ways = Ways(settings.base.vehicles, settings.base.against_oneways)
    own = Objects(data_dir / "objects", settings.base.objects)
    own.on_news = partial(_note_plan, audit)
    own_water = OwnWater(own)
    derivers: list[Deriver] = [
        MissionPositions(bases, short_forms(settings.base.short_names)),
        MissionWater(bases, own_water),
        Arrivals(bases, ways, lambda now: closures(own, now, None)),
    ]
    connections = Supervisor(
        settings.feeds.connections, intake, rooms.live, data_dir / "connections", rooms.exercise_of
    )
    metrics.registry.register(ConnectionGauges(connections))
    for runner in connections.runners:
        if isinstance(runner.transport, Iris):
            runner.transport.attach(runner.name, homes, media_store, intake.options_of(runner.name))
    per_min = settings.access.failures_per_min
    access, failures = Access(data_dir / "access.db"), Throttle(per_minute=per_min, burst=per_min)
    tak = Rooms(access=access, audit=audit, intake=intake, situations=rooms, sync=sync, failures=failures)
    for runner in connections.runners:
        if isinstance(runner.transport, TAK):
            runner.transport.attach(tak)
    return House(
        data_dir=data_dir,
        settings=settings,
        access=access,
        audit=audit,
        metrics=metrics,
        situations=rooms,
        quarantine=register,
        intake=intake,
        retry=Retry(register, intake, rooms),
        media=media_store,
        citizens=Citizens(settings.citizen),
        reports=Reports(intake, metrics, settings.limits.reports_per_min),
        sync=sync,
        homes=homes,
        home_keys=HomeKeys(data_dir / "home-storage.key", access),
        home_pictures=_pictures(data_dir, media_store, homes, access, metrics),
        derivations=Derivations(rooms, metrics, derivers),
        ways=ways,
        bases=bases,
        objects=own,
        own_water=own_water,
        packs=PackStore(data_dir / "packs", bases, settings.base.packs, own, metrics),
        connections=connections,
        failures=failures,
    )


def _pictures(data_dir: Path, media: MediaStore, homes: Homes, access: Access, metrics: Metrics) -> HomePictures:
    """What homes store ends with their consent."""
    pictures = HomePictures(data_dir / "home-pictures.db", media)
    pictures.count = lambda outcome, number: metrics.home_pictures.labels(outcome).inc(number)
    homes.ended = pictures.end
    homes.looked_after = partial(pictures.look_after, homes.granted, access.valid_ids)
    return pictures


def _note_outcome(audit: Audit, command: Waiting, outcome: str | None) -> None:
    """What became of a command in a home belongs beside who gave it."""
    who = command.by or OPERATOR
    audit.append(
        "home-outcome", who, "live", building=command.building, device=command.device, outcome=outcome or "unknown"
    )


def _note_plan(audit: Audit, layer: str, news: News) -> None:
    """A plan that cannot be fetched is missing at a fire: that it was, and since when, is to be found later."""
    audit.append(
        "objects-plan", OPERATOR, "live", layer=layer, address=news.address, reason=news.reason, count=news.count
    )


def create_app(house: House) -> tuple[Flask, SocketIO]:
    """The WSGI application with all routes and the Socket.IO server, connected to the rooms."""
    app = Flask("lagebild", static_folder=None)
    app.extensions["lagebild"] = house
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    errors.register(app)
    security.register(app, house.settings)
    _measure(app, house.metrics)
    unguarded = guard.unguarded(app)
    if unguarded:
        raise RuntimeError(f"routes that do not say who may call them: {', '.join(unguarded)}")
    socketio = SocketIO(
        app,
        async_mode=runtime.mode(),
        async_handlers=False,
        manage_session=False,
        cors_allowed_origins=partial(_accepted, house.settings.server.allowed_origins),  # type: ignore[arg-type]
        cors_credentials=False,
        max_http_buffer_size=house.settings.limits.message_bytes,
        http_compression=False,
        ping_interval=PING_INTERVAL_S,
        ping_timeout=PING_TIMEOUT_S,
        json=wire_json,
    )
    attach(socketio, house)
    gateways = house.metrics.turned_away.labels("gateway")
    app.wsgi_app = GatewaySocket(app.wsgi_app, house.homes, house.access, gateways.inc)  # type: ignore[method-assign]
    app.wsgi_app = _WithoutDeflate(app.wsgi_app)  # type: ignore[method-assign]
    hops = house.settings.server.trusted_proxies
    if hops:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    return app, socketio


def _accepted(allowed: Iterable[str], origin: str, environ: dict[str, Any]) -> bool:
    return guard.is_own_origin(origin, environ.get("HTTP_HOST", ""), allowed)


class _WithoutDeflate:
    """Takes the offer of permessage-deflate out of WebSocket handshakes: eventlet would accept it and compress every
    frame for every client anew, at twice the CPU; who wants fewer bytes asks for `json+zlib`, compressed once for
    all.
    """

    def __init__(self, application: Any) -> None:
        self._application = application

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        environ.pop("HTTP_SEC_WEBSOCKET_EXTENSIONS", None)
        return self._application(environ, start_response)


def _measure(app: Flask, metrics: Metrics) -> None:
    @app.before_request
    def _begin() -> None:
        g.began = time.perf_counter()
        metrics.under_way += 1
        if request.content_length is not None and request.content_length > app.config["MAX_CONTENT_LENGTH"]:
            raise RequestEntityTooLarge

    @app.after_request
    def _end(response: Any) -> Any:
        endpoint = request.endpoint or "none"
        metrics.requests.labels(endpoint, str(response.status_code)).observe(time.perf_counter() - g.began)
        return response

    @app.teardown_request
    def _over(_error: BaseException | None) -> None:
        metrics.under_way -= hasattr(g, "began")
