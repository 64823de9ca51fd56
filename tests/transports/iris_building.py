"""A small smart building that speaks IRiS: real HTTP, basic authentication, state that its commands change."""

import base64
import io
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from PIL import Image

USER, PASSWORD = "feuerwehr", "geheimes-hauswort"


def png(width: int = 40, height: int = 30) -> bytes:
    """A picture."""
    made = io.BytesIO()
    Image.new("RGB", (width, height), "white").save(made, "PNG")
    return made.getvalue()


class Building:
    """Two rooms, a person, a smoke detector, a door, a light, a shutter. `asked` counts each method."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.lock = threading.Lock()
        self.faults: dict[str, dict[str, Any]] = {}
        self.silent = threading.Event()
        self.release = threading.Event()
        self.smoke = 0.0
        self.door_open, self.light_on, self.shutter, self.marked = False, False, 0.25, False
        self.strangers = 0
        self.closed = False
        self.picture = png()
        building = self

        class Handler(BaseHTTPRequestHandler):
            """One request."""

            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                building.handle(self)

            def log_message(self, *_: Any) -> None:
                return

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        threading.Thread(target=self.http.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}"

    def close(self) -> None:
        """No one answers any more."""
        self.closed = True
        self.release.set()
        self.http.shutdown()
        self.http.server_close()

    def count(self) -> int:
        """How many questions there were."""
        with self.lock:
            return len(self.asked)

    def handle(self, request: BaseHTTPRequestHandler) -> None:
        """Answer one JSON-RPC request."""
        if self.closed:
            request.close_connection = True
            return
        body = request.rfile.read(int(request.headers["Content-Length"]))
        expected = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if request.path != "/hook/iris" or request.headers.get("Authorization") != expected:
            self.strangers += 1
            self._send(request, 401, b"")
            return
        asked = json.loads(body)
        with self.lock:
            self.asked.append(asked["method"])
        if self.silent.is_set() and asked["method"] in ("switchDevice", "setRoomMarked"):
            self.release.wait(60)
        answer: dict[str, Any] = {"jsonrpc": "2.0", "id": asked["id"]}
        if asked["method"] in self.faults:
            answer["error"] = self.faults[asked["method"]]
        else:
            answer["result"] = getattr(self, asked["method"])(**asked.get("params", {}))
        self._send(request, 200, json.dumps(answer).encode())

    def _send(self, request: BaseHTTPRequestHandler, status: int, body: bytes) -> None:
        try:
            request.send_response(status)
            request.send_header("Content-Type", "application/json")
            request.send_header("Content-Length", str(len(body)))
            request.end_headers()
            request.wfile.write(body)
        except OSError:
            return

    # The methods, by the names that they have on the wire.

    def isAlarm(self) -> dict[str, Any]:  # noqa: N802
        """Is there an alarm?"""
        return {"alarm": self.smoke > 0, "types": ["Fire"], "lastPresence": 0}

    def getGeneralInformation(self) -> dict[str, Any]:  # noqa: N802
        """The house."""
        return {"address": "Birkenweg 9, 33999 Padertopia", "buildingMaterial": "Timber", "heatingType": ["Gas"]}

    def getObjectList(self) -> dict[str, Any]:  # noqa: N802
        """What there is."""
        return {
            "persons": [{"id": 1, "name": "Ilse Beispiel", "diseases": ["Asthma"], "hasObjectImage": True}],
            "floors": [{"id": "eg", "name": "Erdgeschoss", "type": "GroundFloor", "level": 0}],
            "rooms": [
                {"id": "kueche", "floor": "eg", "name": "Küche", "type": "Kitchen", "markable": True},
                {"id": "flur", "floor": "eg", "name": "Flur", "type": "Hallway", "markable": False},
            ],
            "devices": [
                {"id": "rm", "room": "kueche", "position": {"x": 10, "y": 12}, "type": "SmokeDetector"},
                {"id": "tuer", "room": "flur", "position": {"x": 30, "y": 20}, "type": "Door", "switchable": True},
                {"id": "licht", "room": "flur", "position": {"x": 31, "y": 21}, "type": "Light", "switchable": True},
                {"id": "laden", "room": "kueche", "position": {"x": 5, "y": 5}, "type": "Shutter", "switchable": True},
            ],
        }

    def getMaps(self) -> list[dict[str, Any]]:  # noqa: N802
        """The map of the floor."""
        here = {"longitude": 8.7815, "latitude": 51.8305}
        drawn = base64.b64encode(self.picture).decode()
        return [{"floor": "eg", "map": drawn, "pixelsPerMeter": 4, "north": 15, "coordinates": here}]

    def getStatus(self, ids: list[Any] | None = None) -> dict[str, Any]:  # noqa: N802
        """How it is."""
        devices = [
            {"id": "rm", "value": {"smoke": self.smoke}},
            {"id": "tuer", "value": {"open": self.door_open}},
            {"id": "licht", "value": {"on": self.light_on}},
            {"id": "laden", "value": {"shutterPosition": self.shutter}},
        ]
        status = ["Smoked", "Burning"] if self.smoke > 0.5 else []
        return {
            "persons": [{"id": 1, "present": "Present", "likelyPositions": [{"room": "kueche", "probability": 0.8}]}],
            "rooms": [{"id": "kueche", "status": status, "marked": self.marked, "lastPresence": 0}],
            "devices": [{**one, "lastUpdate": 0, "lastChange": 0} for one in devices],
        }

    def switchDevice(self, id: str, value: dict[str, Any]) -> bool:  # noqa: A002, N802
        """An order to a device."""
        if id == "tuer":
            self.door_open = value["open"]
        elif id == "licht":
            self.light_on = value["on"]
        else:
            self.shutter = value["shutterPosition"]
        return True

    def setRoomMarked(self, id: str, marked: bool) -> bool:  # noqa: A002, N802
        """The light of a room blinks."""
        assert id == "kueche"
        self.marked = marked
        return True

    def resetAlarm(self) -> bool:  # noqa: N802
        """No alarm any more."""
        self.smoke = 0.0
        return True

    def getObjectImage(self, id: int) -> dict[str, Any]:  # noqa: A002, N802
        """The picture of a person."""
        assert id == 1
        return {"image": base64.b64encode(png(8, 8)).decode()}
