"""The rate limits of the service.

An address may be a building with a thousand people; one person is limited by browser, contact or credential. Each limit
is a token bucket with a constant refill rate: 300 in 15 s means 300 at once, and then 20 per second.

A name is part of the hashed key of the stored buckets.
"""

from msgspec import Struct


class Limit(Struct, frozen=True):
    """A token bucket of size `most`, which refills at a constant rate within `within_s` seconds."""

    name: str
    most: int
    within_s: int

    @property
    def local(self) -> int:
        """Tokens that a process may grant without a query; they refill within the same time."""
        return self.most // 10

    @property
    def block(self) -> int:
        """Tokens that a process takes from the shared bucket at once."""
        return max(1, self.most // 20)

    @property
    def each_s(self) -> float:
        """Seconds in which one token refills."""
        return self.within_s / self.most

    @property
    def each_us(self) -> int:
        """Microseconds in which one token refills, rounded down."""
        return self.within_s * 1_000_000 // self.most


REQUESTS_PER_ADDRESS = Limit("calls of an address", 300, 15)
REQUESTS_PER_CREDENTIAL = Limit("calls of a credential", 150, 15)
"""For devices of partners, and volunteers."""

TICKETS_PER_ADDRESS = Limit("takes of an address without a browser we know", 60, 60)
"""For browsers that do not keep our cookie, and for programs."""

TICKETS_PER_BROWSER = Limit("takes of a browser", 6, 60)
TICKETS_PER_CONTACT = Limit("takes of a contact", 5, 3600)
TICKETS_PER_ENTRANCE_CODE = Limit("takes with an entrance code", 120, 120)
"""A code is valid for two minutes; not more than 120 people at once, and one per second, enter a building."""

WRONG_CODES_PER_ADDRESS = Limit("wrong codes of an address without a browser we know", 30, 60)
WRONG_CODES_PER_BROWSER = Limit("wrong codes of a browser", 10, 60)
"""Counts wrong codes only. A correct code is accepted even beyond the limit: a whole hall may share one address, and
guessing one of 2^40 codes has no chance."""

BOOKINGS_PER_ADDRESS = Limit("bookings of an address without a browser we know", 60, 60)
BOOKINGS_PER_BROWSER = Limit("bookings of a browser", 20, 60)
"""Holds count too: a person who chooses a time holds several one after another."""

HOLDS_PER_ADDRESS = Limit("holds of an address without a browser we know", 60, 600)
"""A hold lasts as long as `within_s`. A browser or credential may have three holds at a time, but a browser without
cookies is a new one each time. The limit is wide, because many such phones may share a hall's address; browsers with
our
cookie do not count."""

BOOKINGS_PER_CONTACT = Limit("bookings of a contact", 10, 3600)
"""Bookings, changes and cancellations of a phone number or mail address, in all halls, because each sends a message.
The number of appointments at a time is a rule of the hall. A cancellation is never refused: it frees the place."""

CONTACTS_PER_BROWSER = Limit("contacts named by a browser", 20, 3600)
CONTACTS_PER_ADDRESS = Limit("contacts named by an address without a browser we know", 60, 600)
"""Naming a phone number or mail address makes the hall send messages to it, perhaps without its owner's knowledge."""

CONTACTS_PER_APPOINTMENT = Limit("other contacts for an appointment", 3, 3600)
"""Allows correcting a mistyped contact, but not trying a list of contacts with one appointment."""

BROWSERS_PER_ADDRESS = Limit("new browsers of an address", 240, 60)
"""New cookies. Beyond it an address gets none, and its requests count as those of a browser without our cookie."""

LIMITS = (
    REQUESTS_PER_ADDRESS,
    REQUESTS_PER_CREDENTIAL,
    TICKETS_PER_ADDRESS,
    TICKETS_PER_BROWSER,
    TICKETS_PER_CONTACT,
    TICKETS_PER_ENTRANCE_CODE,
    WRONG_CODES_PER_ADDRESS,
    WRONG_CODES_PER_BROWSER,
    BOOKINGS_PER_ADDRESS,
    BOOKINGS_PER_BROWSER,
    HOLDS_PER_ADDRESS,
    BOOKINGS_PER_CONTACT,
    CONTACTS_PER_BROWSER,
    CONTACTS_PER_ADDRESS,
    CONTACTS_PER_APPOINTMENT,
    BROWSERS_PER_ADDRESS,
)
