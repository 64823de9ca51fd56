"""FIWARE NGSI v2, as the INSPIRE.hub and its gateways speak it: updates and notifications in, observations out.

A message is an update `{"actionType", "entities": [...]}`, a notification `{"subscriptionId", "data": [...]}`, or
entities alone (one, or a list; then `append`). docs/feeds.md lists every entity type and its attributes.
"""

from server.feeds import Feed
from server.feeds._secrets import openings
from server.feeds.ngsi.decode import decode

FEED = Feed(name="ngsi", title="FIWARE NGSI v2 (INSPIRE.hub)", decode=decode, zone="UTC", clean=openings)
