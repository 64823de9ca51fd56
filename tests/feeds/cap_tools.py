"""CAP alerts for tests: written by element, packed, decoded and checked."""

import io
import zipfile
from typing import Any

from layers.content import Warning as Alert
from layers.observation import Observation
from server.feeds import Decoded
from server.feeds.cap import FEED
from tests.feeds.frames import check, context

NS = "urn:oasis:names:tc:emergency:cap:1.2"


def alert(info: str = "", **more: str) -> str:
    """An alert in XML; `more` replaces elements of its head (None-like: an empty text leaves one out)."""
    head = {
        "identifier": "A1",
        "sender": "s@example.org",
        "sent": "2026-11-21T19:00:00+01:00",
        "status": "Actual",
        "msgType": "Alert",
        "scope": "Public",
    } | more
    inner = "".join(f"<{name}>{value}</{name}>" for name, value in head.items() if value)
    return f'<alert xmlns="{NS}">{inner}{info}</alert>'


def info(area: str = "", **more: str) -> str:
    """An info in XML."""
    told = {
        "language": "de-DE",
        "category": "Met",
        "event": "STURM",
        "urgency": "Immediate",
        "severity": "Severe",
        "certainty": "Likely",
    } | more
    inner = "".join(f"<{name}>{value}</{name}>" for name, value in told.items() if value)
    return f"<info>{inner}{area}</info>"


def area(*shapes: str, **more: str) -> str:
    """An area in XML."""
    return (
        f"<area><areaDesc>Ort</areaDesc>{''.join(shapes)}{''.join(f'<{k}>{v}</{k}>' for k, v in more.items())}</area>"
    )


def code(name: str, value: str) -> str:
    """A geocode in XML."""
    return f"<geocode><valueName>{name}</valueName><value>{value}</value></geocode>"


def decoded(body: str | bytes, **more: Any) -> Decoded:
    """What a body yields, checked for what must hold of everything."""
    found = FEED.decode(body if isinstance(body, bytes) else body.encode(), context("cap", **more))
    check(found)
    return found


def one(body: str | bytes, **more: Any) -> tuple[Alert, Observation]:
    """The only warning."""
    (observation,) = decoded(body, **more).observations
    assert isinstance(observation.content, Alert)
    return observation.content, observation


def zipped(*files: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """An archive."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, body in files:
            archive.writestr(name, body)
    return target.getvalue()
