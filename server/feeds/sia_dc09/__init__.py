"""SIA DC-09: what alarm panels send over IP (ADM-CID, SIA-DCS, NULL), and what a receiver answers them."""

from server.feeds import Feed
from server.feeds.sia_dc09.decode import NAME, building_of, decode
from server.feeds.sia_dc09.frame import Frame, build, crc16, split
from server.feeds.sia_dc09.options import SiaOptions
from server.feeds.sia_dc09.replies import ack, answer, duh, nak
from server.feeds.sia_dc09.telegram import Telegram, read

__all__ = [
    "FEED",
    "Frame",
    "SiaOptions",
    "Telegram",
    "ack",
    "answer",
    "build",
    "building_of",
    "crc16",
    "decode",
    "duh",
    "nak",
    "read",
    "split",
]

FEED = Feed(
    name=NAME, title="SIA DC-09 alarm panels", decode=decode, pushed=True, zone="Europe/Berlin", options=SiaOptions
)
