"""BOSWatch and the decoders behind it: FMS telegrams, POCSAG pages, ZVEI five-tone calls, plain messages.

A packet is a JSON object, or the text of a Python dict as BOSWatch 3 sends it over TCP, one on each line, perhaps with
its length before it. The lines of multimon-ng and bare FMS lines (`69371412 3`) are read too.
"""

from server.feeds import Feed
from server.feeds._dispatch import BERLIN
from server.feeds._secrets import clean
from server.feeds._stream import Stream
from server.feeds.boswatch.decode import NAME, BosOptions, decode
from server.feeds.boswatch.framer import Packets, answer

FEED = Feed(
    name=NAME,
    title="BOSWatch: FMS, POCSAG, ZVEI",
    decode=decode,
    zone=BERLIN,
    clean=clean,
    options=BosOptions,
    stream=Stream(framer=Packets, answer=answer),
)
