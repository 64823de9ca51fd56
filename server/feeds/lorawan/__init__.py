"""LoRaWAN uplinks from The Things Stack v3, ChirpStack v4 and LORIOT, payloads decoded here.

People counters, noise, gas, smoke, water and vibration sensors; docs/feeds/crowd.md lists the devices.
"""

from server.feeds import Feed
from server.feeds._secrets import clean
from server.feeds.lorawan.decode import decode
from server.feeds.lorawan.options import LorawanOptions

FEED = Feed(
    topical=True,
    name="lorawan",
    title="LoRaWAN (The Things Stack, ChirpStack, LORIOT)",
    decode=decode,
    clean=clean,
    zone="UTC",
    options=LorawanOptions,
)
