"""Captured frames: the bytes a feed receives, and beside them `<frame>.expected.json`, what they must yield.

`python -m tests.feeds.frames ngsi/dispatch.json` prints what the decoder makes of a frame now, in the form of the
expectation; read it against the specification before it becomes one.
"""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from layers.observation import Observation, decode, encode
from server.feeds import Context, Decoded, feeds

FRAMES = Path(__file__).resolve().parents[2] / "fixtures" / "frames"
RECEIVED = datetime(2026, 11, 21, 20, 0, tzinfo=UTC)
EXPECTED = ".expected.json"


def context(feed: str = "ngsi", **more: Any) -> Context:
    """The context that frames are decoded in."""
    more.setdefault("zone", feeds()[feed].zone or "UTC")
    return Context(source=f"{feed}/frame", received_at=RECEIVED, **{"zone": feeds()[feed].zone or "UTC", **more})


def all_frames() -> list[Path]:
    """Every frame of every feed."""
    return sorted(
        path for path in FRAMES.glob("*/*") if path.name != "__init__.py" and not path.name.endswith(EXPECTED)
    )


def expectation(frame: Path) -> Path:
    """Where it says what the frame must yield."""
    return frame.with_name(frame.stem + EXPECTED)


def yielded(frame: Path) -> Decoded:
    """What the frame yields."""
    feed = frame.parent.name
    return feeds()[feed].decode(frame.read_bytes(), context(feed))


def shown(decoded: Decoded) -> dict[str, Any]:
    """What was decoded, in the form of an expectation: everything but the ids and the sender's attributes."""
    return {
        "observations": [_shown(observation) for observation in decoded.observations],
        "refused": [{"kind": part.kind, "reason": part.reason, "subject": part.subject} for part in decoded.refused],
    }


def check(decoded: Decoded) -> None:
    """What holds for everything any decoder yields: it survives the journal, and its values are possible."""
    for observation in decoded.observations:
        assert decode(encode(observation)) == observation
        assert 0 < len(observation.subject) <= 256
        assert observation.observed_at.tzinfo is UTC
        for lon, lat, *height in _positions(msgspec.to_builtins(observation)):
            assert -180 <= lon <= 180, observation.subject
            assert -90 <= lat <= 90, observation.subject
            assert all(-100_000 <= z <= 100_000 for z in height), observation.subject
    assert len({observation.id for observation in decoded.observations}) == len(decoded.observations)
    assert all(part.reason and len(part.excerpt) <= 2_002 for part in decoded.refused)


def _shown(observation: Observation) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.to_builtins(observation)
    for name in ("id", "source", "received_at", "extra"):
        found.pop(name, None)
    return json.loads(json.dumps(found))  # type: ignore[no-any-return]


def _positions(value: Any, within: bool = False) -> list[list[float]]:
    """The positions of every geometry: lists of numbers `within` coordinates; others are other things."""
    if isinstance(value, dict):
        inner = [value["coordinates"]] if "coordinates" in value else [v for k, v in value.items() if k != "extra"]
        return [position for item in inner for position in _positions(item, "coordinates" in value)]
    if isinstance(value, list | tuple):
        if within and value and all(isinstance(item, float) for item in value):
            return [list(value)]
        return [position for item in value for position in _positions(item, within)]
    return []


if __name__ == "__main__":
    for name in sys.argv[1:]:
        print(json.dumps(shown(yielded(FRAMES / name)), indent=1, ensure_ascii=False))
