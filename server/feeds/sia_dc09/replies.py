"""What a receiver answers a panel: ACK, NAK or DUH, or nothing. Pure: the time and the padding are given."""

from datetime import datetime, timedelta

from server.feeds.sia_dc09 import cipher
from server.feeds.sia_dc09.frame import Head, build, written
from server.feeds.sia_dc09.options import SiaOptions
from server.feeds.sia_dc09.telegram import BAD_FRAME, NO_KEY, REPLIES, UNREADABLE, UNSUPPORTED, Telegram


def ack(head: Head, key: bytes | None = None, now: datetime | None = None, padding: str = "0") -> bytes:
    """ACK with the sequence, receiver, prefix and account of the request; encrypted with the time if a key is given."""
    return _echo("ACK", head, key, now, padding)


def duh(head: Head, key: bytes | None = None, now: datetime | None = None, padding: str = "0") -> bytes:
    """DUH: the frame was understood, what it says is not supported."""
    return _echo("DUH", head, key, now, padding)


def nak(now: datetime) -> bytes:
    """NAK with our time, so that the panel can set its clock. Never encrypted."""
    return build(f'"NAK"0000R0L0A0[]{written(now)}'.encode())


def outside_window(telegram: Telegram, options: SiaOptions, now: datetime) -> bool:
    """Whether the time at the end of the frame is too far from now: a replay, or a panel whose clock is wrong."""
    stamped = telegram.data.time if telegram.data is not None else None
    if stamped is None:
        return telegram.head is not None and telegram.head.encrypted
    late = now - stamped
    return late > timedelta(seconds=options.behind_s) or late < -timedelta(seconds=options.ahead_s)


def answer(telegram: Telegram, options: SiaOptions, now: datetime, padding: str = "0") -> bytes | None:
    """What the panel is answered once what it said is durable; None: nothing, it will repeat.

    Wrong CRC or length and replies: nothing. No key or another, an account that is not known where it must be, a time
    outside the window: NAK. Data that is not supported: DUH. Else ACK.
    """
    head = telegram.head
    if telegram.fault == BAD_FRAME or head is None or head.token in REPLIES:
        return None
    if telegram.fault in (NO_KEY, UNREADABLE) or outside_window(telegram, options, now):
        return nak(now)
    if options.known_only and options.account(telegram.account) is None:
        return nak(now)
    key = options.key_for(head.account) if head.encrypted else None
    unknown = bool(telegram.events) and all(reported.event is None for reported in telegram.events)
    return _echo("DUH" if telegram.fault == UNSUPPORTED or unknown else "ACK", head, key, now, padding)


def _echo(token: str, head: Head, key: bytes | None, now: datetime | None, padding: str) -> bytes:
    receiver = f"R{head.receiver}" if head.receiver is not None else ""
    prefix = f"L{head.prefix}" if head.prefix is not None else "L"
    account = f"#{head.account}" if head.account else ""
    line = f"{head.sequence}{receiver}{prefix}{account}["
    if key is None or now is None:
        return build(f'"{token}"{line}]'.encode())
    return build(f'"*{token}"{line}{cipher.encrypt(f"]{written(now)}", key, padding)}'.encode())
