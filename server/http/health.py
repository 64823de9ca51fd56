"""Is it alive, is it ready, and how is it doing."""

from flask import Blueprint, Response, jsonify
from flask.typing import ResponseReturnValue
from prometheus_client import CONTENT_TYPE_LATEST

from server.desk import Closed, Desk
from server.http.guard import anybody, house, needs

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
@anybody
def healthz() -> ResponseReturnValue:
    """The process answers."""
    return jsonify(status="alive")


@blueprint.get("/readyz")
@anybody
def readyz() -> ResponseReturnValue:
    """Every desk runs and its journal can be written; 503 with the number of those that cannot otherwise."""
    desks = [situation.desk for situation in house().situations.list() if situation.clock.state != "ended"]
    broken = sum(not _works(desk) for desk in desks)
    answer = jsonify(status="not ready" if broken else "ready", desks=len(desks), broken=broken)
    return answer, 503 if broken else 200


def _works(desk: Desk) -> bool:
    if desk.stats.failing:
        return False
    try:
        desk.submit(())
    except Closed:
        return False
    return True


@blueprint.get("/metrics")
@needs("admin")
def metrics() -> ResponseReturnValue:
    """Prometheus's text format."""
    return Response(house().metrics.text(), content_type=CONTENT_TYPE_LATEST)
