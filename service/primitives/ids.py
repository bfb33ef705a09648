"""Ids and codes, drawn where a request comes in: the only randomness there is."""

import re
import secrets

from uuid_utils import uuid7

NIL = "00000000-0000-0000-0000-000000000000"
"""Before every id: the head of a day that has no event yet, the cursor of a first page."""

ID_FORM = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base32: no I, L, O and U, which people take for other characters."""

CODE_LENGTH = 8

OF_TICKET = "0123456789"
OF_APPOINTMENT = "ABCDEFGHJK"
OF_INVITATION = "MNPQRSTVWXYZ"
"""What a code begins with; tickets of former releases had any character."""

_PAIRS = [first + second for first in CROCKFORD for second in CROCKFORD]

_LOOK_ALIKES = str.maketrans("OIL", "011")
"""Crockford's base32 has no O, I and L: people who type them mean digits."""

_BETWEEN = re.compile(r"[\s\-‐-―]")
"""What people put between the characters of a code."""


def new_id() -> str:
    """A UUIDv7: unique everywhere, and sorted by time."""
    return str(uuid7())


def new_code(first: str = OF_TICKET) -> str:
    """A code that people type or scan: 8 characters of Crockford base32, about 38 random bits.

    The first character says what it is of, so that a code is given once in a hall without a table of all.
    """
    drawn = secrets.randbits(64)  # the lower bits for the rest, the 24 above them for the first: even enough
    rest = "".join([_PAIRS[drawn >> shift & 1023] for shift in range(0, 5 * CODE_LENGTH, 10)])[1:]
    return first[(drawn >> 5 * CODE_LENGTH) % len(first)] + rest


def code_as_typed(said: str) -> str:
    """A code as we write it, from what somebody typed or read aloud."""
    return _BETWEEN.sub("", said).upper().translate(_LOOK_ALIKES)
