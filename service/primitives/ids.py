"""Random ids and codes. They are drawn when a request arrives, and nowhere else."""

import re
import secrets

from uuid_utils import uuid7

NIL = "00000000-0000-0000-0000-000000000000"
"""Less than every id: the head of a day without events, and the cursor of a first page."""

ID_FORM = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base32: without I, L, O and U, which are easily confused with other characters."""

CODE_LENGTH = 8

TICKET_CODE_STARTS = "0123456789"
APPOINTMENT_CODE_STARTS = "ABCDEFGHJK"
INVITATION_CODE_STARTS = "MNPQRSTVWXYZ"
"""First characters of codes, by kind. Codes of tickets of old releases begin with any character."""

_PAIRS = [first + second for first in CROCKFORD for second in CROCKFORD]

_LOOK_ALIKES = str.maketrans("OIL", "011")
"""O, I and L are not in Crockford's base32, so they stand for digits."""

_SEPARATORS = re.compile(r"[\s\-‐-―]")
"""Separators in a code: white space, hyphens and dashes."""


def new_id() -> str:
    """Return a UUIDv7: globally unique, sorted by time."""
    return str(uuid7())


def new_code(first: str = TICKET_CODE_STARTS) -> str:
    """Return a code that people type or scan: 8 characters of Crockford base32, about 38 random bits.

    The first character is one of `first` and tells the kind. So codes of different kinds never collide in a hall, and
    each kind needs only its own unique constraint.
    """
    drawn = secrets.randbits(64)  # 40 bits for the rest, the 24 above them for the first character: almost uniform
    rest = "".join([_PAIRS[drawn >> shift & 1023] for shift in range(0, 5 * CODE_LENGTH, 10)])[1:]
    return first[(drawn >> 5 * CODE_LENGTH) % len(first)] + rest


def normalized_code(typed: str) -> str:
    """Return a code in its stored form, from what a person typed."""
    return _SEPARATORS.sub("", typed).upper().translate(_LOOK_ALIKES)
