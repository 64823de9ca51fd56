"""Why something was refused or lost, as a stable code that a screen has words for in each language.

Reasons are written in English where they arise, for the log, the journal and whoever mends the sender; a captain reads
the words for the code. `FAMILIES` is the whole catalogue, the more particular first: a code, and what a reason of that
kind says. Groups of a pattern with a name are values that the words may show: numbers and names of formats or fields,
never a text of foreign origin. A test holds that each reason in the source has a code and each code has words.
"""

import functools
import re
from typing import Final

OTHER: Final = "other"
"""The code of a reason that nobody foresaw."""
MAX_CHARS = 600
"""So much of a reason is looked at: what comes after it was quoted."""

FAMILIES: Final[tuple[tuple[str, str], ...]] = (
    # what goes on with the words of a library or a stranger: they must not decide
    ("not_json", r"^(?:the body is )?not JSON:|^it answers no JSON:"),
    ("not_xml", r"^not XML:"),
    ("not_text", r"^not UTF-8"),
    ("archive", r"^no ZIP archive:|^cannot be unpacked:"),
    ("format", r"^no (?:table|CSV):|^not an observation:"),
    ("settings", r"^the settings of this source:"),
    (
        "unknown_kind",
        r"^(?:unknown (?!situation)|no entity: |events? (?:of the type )?'?[^:]{0,60} (?:is no alarm|are not read)$)",
    ),
    ("home_answer", r"^the building answers an error"),
    # homes and buildings
    ("home_consent", r"owner has not consented|holds consent|waits for consent"),
    ("home_mission", r"asked for an open mission"),
    ("home_not_asked", r"home was not asked"),
    ("home_away", r"home is not connected|gateway has gone"),
    ("home_unknown", r"(?:home|building) has no such"),
    ("home_order", r"takes no such order|shows no texts"),
    ("home_waiting", r"commands wait for an answer"),
    ("home_picture", r"building gives no picture"),
    ("stored_picture", r"no picture and no PDF|picture of too many pixels|is no picture$|^a PDF (?:that|whose)"),
    ("stored_full", r"as many plans as|storage of all homes|all that a home may keep"),
    ("home_foreign", r"home speaks for itself"),
    ("real_home", r"exercise reaches a real home"),
    # the house itself
    ("internal", r"^bug: |error on our side|ended by itself|^internal$"),
    ("busy", r"\bis busy\b|disk has no space|^too many ways"),
    ("exercise", r"no such exercise runs|says that it is an exercise|only exercises|exercises only"),
    ("exercise", r"clock on the wall"),
    ("ended", r"situation (?:has ended|takes no observations)|exercise has ended|desk has stopped"),
    ("ended", r"server ends"),
    ("throttled", r"^too many (?:reports|wrong|questions|files|attempts)|^one way after"),
    ("running_only", r"made by a running server|no intake"),
    ("no_base", r"no base data"),
    ("secret", r"\bsecret\b|cannot both be set|in the environment|cannot be read: "),
    # what a connection may come to
    ("port_taken", r"address (?:is )?already in use"),
    ("no_such_address", r"cannot assign requested address|no multicast group"),
    ("peer_refused", r"connection refused"),
    ("name_unknown", r"name or service not known|name resolution|name does not resolve|nodename nor"),
    ("name_unknown", r"no address associated"),
    ("unreachable", r"no route to host|(?:network|host) is (?:unreachable|down)|server cannot be reached"),
    ("too_many_connections", r"connections are open already|^full$"),
    ("certificate", r"\bcertificates?\b|hostname mismatch|\btls\b|\bssl\b|handshake"),
    ("timeout", r"timed? ?out|no answer in time|(?:does|did) not answer|says nothing any more"),
    ("timeout", r"nothing complete came|takes longer"),
    ("not_known_there", r"may not know us|token was revoked|not authori[sz]ed|bad user ?name|^unauthorized"),
    ("http_status", r"(?:HTTP status|it answers) (?P<n>\d{1,3})\b"),
    ("http_status", r"(?:^|: )(?P<n>[1-5]\d\d) (?-i:[A-Z][a-z])"),
    ("subscription", r"lets us subscribe nothing|broker refuses"),
    ("closed", r"\bclosed|reset by peer|broken pipe|ended the connection|broken? off|body ended before"),
    ("closed", r"^it was cut$|taken over|connection abort|connection was lost|^not connected$"),
    ("websocket", r"no websocket|another question|no JSON-RPC"),
    ("unread_answers", r"what it sends cannot be read"),
    ("pages", r"more than (?P<n>\d+) pages"),
    ("folder_full", r"more than (?P<n>\d+) files"),
    ("name_taken", r"full of files of this name"),
    ("links", r"symbolic links"),
    ("no_right", r"permission denied|operation not permitted|read-only file"),
    ("no_file", r"no such file or|not a directory|no plain file|cannot be written|is a directory"),
    ("disk_full", r"no space left"),
    ("input_output", r"input/output error"),
    # what a message may be
    ("signature", r"\bsignature\b|^this message is not taken"),
    ("private", r"where people are|direct message|of visibility|app that is not taken"),
    ("private", r"classified footage"),
    ("more_of_same", r"and (?P<n>\d+) more of the same"),
    ("too_deep", r"nested deeper|too deep|more than \S+ levels"),
    ("length", r"\bcharacters\b|letters, digits"),
    ("too_large", r"\bbytes\b|\bpixels\b|frame without an end|longer than its|64 bits"),
    ("too_many", r"more than|at most"),
    ("encrypted", r"\bencrypted\b|\bno key\b|\bkeys?\b"),
    ("checksum", r"checksum|\bCRC\b|body is not (?:the one|that of)|chunks (?:of the body|together) are not"),
    ("doctype", r"DOCTYPE"),
    ("not_json", r"not JSON|\bno JSON\b"),
    ("not_xml", r"not XML"),
    ("not_text", r"not UTF-8|must be text|control character"),
    ("archive", r"ZIP archive|unpacked"),
    ("cut_off", r"cut off|does not end|ends in its head|closing bracket|cannot be read on|truncated"),
    ("empty", r"\bempty\b"),
    ("bad_field", r"^(?P<name>[A-Za-z_@][\w.@-]{0,40}): .*\bexpected$"),
    ("missing_field", r"required field `(?P<name>\w{1,40})`"),
    ("wrong_type", r"expected `"),
    ("bad_time", r"\bno time\b|\bno zone\b|years? 1 to|year 9999|time in the event"),
    ("bad_time", r"a time (?:is expected|as|needs)|has no zone|not happened yet|ahead of|no shift"),
    ("bad_place", r"latitude|longitude|\blon and a? ?lat|geometry|position as|\bbbox\b|coordinate|polygon"),
    ("bad_place", r"\bring\b|degrees"),
    ("out_of_range", r"out of range|is no number|number from|between|floating point|whole number|\bone of "),
    ("another_server", r"nextLink"),
    ("not_found", r"^there is no|\bno such\b|^no situation|unknown situation|never existed"),
    ("unknown_kind", r"unknown|(?:is|are) not (?:read|a known)|is no alarm|not supported"),
    ("unknown_kind", r"no (?:alarm|entity): "),
    ("exists", r"already exist"),
    ("missing", r"do not exist|not known"),
    ("not_allowed", r"does not report|reports nothing|names no unit|own unit only|is not open|^forbidden"),
    ("not_allowed", r"needs the role|this origin|valid token"),
    ("not_of", r"^no \w+ of (?:a )?(?P<name>(?-i:[A-Z][\w-]*(?: [A-Z0-9][\w-]*)*))"),
    ("format", r"^no |\bneither|not a message|message of nobody|not an observation|nothing sound"),
    ("format", r"holds no|^not "),
    ("incomplete", r"\bwithout\b|\bneeds?\b|\bneeded\b|has an? |\bmissing\b|names nothing|names its"),
    ("incomplete", r"tells nothing|was removed;|by its id"),
    ("wrong_shape", r"is an? [a-z]|expected|as long as|cells under|templates?\b|a reply|columns"),
    ("wrong_shape", r"online or offline|no canonical form|^bad auth|^protocol$"),
    ("bad_field", r"^(?P<name>[A-Za-z_@][\w.@-]{0,40}): "),
)

_TABLE = tuple((code, re.compile(pattern, re.IGNORECASE)) for code, pattern in FAMILIES)
CODES: Final[frozenset[str]] = frozenset(code for code, _ in FAMILIES) | {OTHER}


@functools.lru_cache(maxsize=1_000)
def why(reason: str | None) -> dict[str, str] | None:
    """`{code, ...values}` of a reason; None for none."""
    if not reason:
        return None
    text = reason[:MAX_CHARS]
    for code, pattern in _TABLE:
        if found := pattern.search(text):
            return {"code": code, **{name: value for name, value in found.groupdict().items() if value}}
    return {"code": OTHER}
