"""Ids and codes, drawn where a request comes in: the only randomness there is."""

import secrets

from uuid_utils import uuid7

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base32: no I, L, O and U, which people take for other characters."""

CODE_LENGTH = 8

_PAIRS = [first + second for first in CROCKFORD for second in CROCKFORD]


def new_id() -> str:
    """A UUIDv7: unique everywhere, and sorted by time."""
    return str(uuid7())


def new_code() -> str:
    """A code that people type or scan: 8 characters of Crockford base32, 40 random bits."""
    drawn = secrets.randbits(5 * CODE_LENGTH)
    return "".join([_PAIRS[drawn >> shift & 1023] for shift in range(0, 5 * CODE_LENGTH, 10)])
