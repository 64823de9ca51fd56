"""TetraControl, `live.json`: what a TETRA radio hears, one JSON object per message of a WebSocket.

Vehicle status and position, callouts to pagers with the answers of their bearers, siren alarms and siren status, short
messages. The sender is `srcSSI`; `radioID` is the receiving device.
"""

from server.feeds import Feed
from server.feeds._dispatch import BERLIN
from server.feeds._secrets import clean
from server.feeds._stream import Objects, Stream
from server.feeds.tetracontrol.decode import NAME, decode
from server.feeds.tetracontrol.options import TetraOptions

FEED = Feed(
    name=NAME,
    title="TetraControl live.json",
    decode=decode,
    zone=BERLIN,
    clean=clean,
    options=TetraOptions,
    stream=Stream(framer=Objects),
)
