"""A frame read as far as it can be: its head, its data with the key if it needs one, and what it reports."""

from msgspec import Struct

from server.feeds import BAD_ENTITY, UNKNOWN_TYPE
from server.feeds.sia_dc09 import cipher, data
from server.feeds.sia_dc09.data import Data, Reported
from server.feeds.sia_dc09.frame import Frame, Head, read_head
from server.feeds.sia_dc09.options import SiaOptions

REPLIES = frozenset({"ACK", "NAK", "DUH", "RSP"})
LINK_TEST = "NULL"
BAD_FRAME, NO_KEY, UNREADABLE, UNSUPPORTED = "bad_frame", "no_key", "unreadable", "unsupported"


class Telegram(Struct, frozen=True, kw_only=True):
    """What a frame says. `fault` is why it says nothing (`BAD_FRAME` ...), `reason` the same in words."""

    frame: Frame
    head: Head | None = None
    data: Data | None = None
    events: tuple[Reported, ...] = ()
    fault: str | None = None
    reason: str = ""

    @property
    def account(self) -> str | None:
        """The account, from the head or the data."""
        if self.head is not None and self.head.account:
            return self.head.account
        return self.data.account if self.data is not None else None

    @property
    def kind(self) -> str:
        """The kind of refusal that the fault is."""
        return UNKNOWN_TYPE if self.fault == UNSUPPORTED else BAD_ENTITY


def read(frame: Frame, options: SiaOptions) -> Telegram:
    """The telegram of a frame. Never raises but DecodeError for settings that cannot be."""
    head = read_head(frame.content)
    if frame.fault is not None:
        return Telegram(frame=frame, head=head, fault=BAD_FRAME, reason=frame.fault)
    if head is None:
        return Telegram(frame=frame, fault=UNSUPPORTED, reason="no head of SIA DC-09")
    rest = head.rest
    if head.encrypted:
        key = options.key_for(head.account)
        if key is None:
            reason = f"encrypted frame of account {head.account or 'unknown'}: no key is set for it"
            return Telegram(frame=frame, head=head, fault=NO_KEY, reason=reason)
        clear = cipher.decrypt(rest, key)
        if clear is None:
            reason = f"encrypted frame of account {head.account or 'unknown'}: its key is another"
            return Telegram(frame=frame, head=head, fault=UNREADABLE, reason=reason)
        rest = clear
    inside = data.read(rest)
    if inside is None:
        return Telegram(frame=frame, head=head, fault=UNREADABLE, reason="the data has no closing bracket")
    if head.token in REPLIES:
        return Telegram(frame=frame, head=head, data=inside, fault=UNSUPPORTED, reason=f"a reply ({head.token})")
    events = _events(head.token, inside)
    if events is None:
        reason = f"{head.token} with data of another form" if head.token in _READERS else f"unknown token {head.token}"
        return Telegram(frame=frame, head=head, data=inside, fault=UNSUPPORTED, reason=reason)
    return Telegram(frame=frame, head=head, data=inside, events=tuple(events))


_READERS = {"ADM-CID": data.contact_id, "SIA-DCS": data.sia_dcs}


def _events(token: str, inside: Data) -> list[Reported] | None:
    if token == LINK_TEST:
        return []
    reader = _READERS.get(token)
    return reader(inside.text) if reader is not None else None
