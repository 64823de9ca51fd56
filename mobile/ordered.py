"""A Socket.IO client that hears messages in the order in which they were sent."""

from typing import Any

import engineio
import socketio


class _InOrder(engineio.Client):
    """engineio starts a thread for each message, so a picture's bytes could overtake the line that announces them,
    and a delta the hello before it. Our listeners only put into a queue: they run where the messages are read.
    """

    def _trigger_event(self, event: str, *args: Any, **kwargs: Any) -> Any:
        kwargs["run_async"] = False
        return super()._trigger_event(event, *args, **kwargs)


class OrderedClient(socketio.Client):
    """`socketio.Client` whose listeners are called one after another. They must not wait for the server."""

    def _engineio_client_class(self) -> type[engineio.Client]:
        return _InOrder
