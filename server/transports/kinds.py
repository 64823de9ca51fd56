"""Which transports there are: a line here, `<name>_settings.py` beside it, and `TRANSPORT` in `<name>.py`."""

import difflib
import importlib
from collections.abc import Mapping
from typing import Any, get_args

import msgspec
from msgspec import Struct

from server.transports.connection import ConnectionSettings, Transport
from server.transports.cot_client_settings import CotClientSettings
from server.transports.cot_server_settings import CotServerSettings
from server.transports.folder_settings import FolderSettings
from server.transports.iris_settings import IrisSettings
from server.transports.mqtt_settings import MqttSettings
from server.transports.poll_settings import PollSettings
from server.transports.secret import gathered, hook, is_secret
from server.transports.socketio_settings import SocketioSettings
from server.transports.tcp_settings import TcpSettings
from server.transports.udp_settings import UdpSettings
from server.transports.websocket_settings import WebsocketSettings

Connection = (
    CotClientSettings
    | CotServerSettings
    | FolderSettings
    | IrisSettings
    | MqttSettings
    | PollSettings
    | SocketioSettings
    | TcpSettings
    | UdpSettings
    | WebsocketSettings
)


def kinds() -> dict[str, type[ConnectionSettings]]:
    """Settings by the name of their transport."""
    return {str(kind.__struct_config__.tag): kind for kind in get_args(Connection)}


def keys(kind: type[Struct]) -> list[str]:
    """What can be written in the settings of a transport."""
    found = []
    for field in msgspec.structs.fields(kind):
        found.append(field.name)
        if is_secret(field.type):
            found += [f"{field.name}_file", f"{field.name}_env"]
    return found


def connection(raw: Any) -> Connection:
    """The settings of one connection. Raises ValueError with what is wrong and, for a typo, the nearest that is not."""
    if not isinstance(raw, Mapping):
        raise ValueError("a connection is a section with a transport")
    name = raw.get("transport")
    kind = kinds().get(name) if isinstance(name, str) else None
    if kind is None:
        there = ", ".join(sorted(kinds()))
        raise ValueError(
            f"transport is missing; there are {there}"
            if name is None
            else f"there is no transport {name!r}; there are {there}"
        )
    for key in raw:
        if key != "transport" and key not in keys(kind):
            close = difflib.get_close_matches(str(key), keys(kind), n=1)
            raise ValueError(f"{name} has no setting {key}" + (f" (did you mean {close[0]}?)" if close else ""))
    given = {key: value for key, value in gathered(raw, kind).items() if key != "transport"}
    made: Connection = msgspec.convert(given | {"transport": name}, Connection, strict=False, dec_hook=hook)
    return made


def transport(settings: ConnectionSettings) -> Transport[Any]:
    """The transport for the settings; its library is loaded now."""
    name = str(type(settings).__struct_config__.tag)
    made: Transport[Any] = importlib.import_module(f"server.transports.{name}").TRANSPORT(settings)
    return made
