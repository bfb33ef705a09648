"""The limits: what each is of, and how much.

An address is taken for a building with a thousand people behind it; what one person does is limited by their browser,
contact, or credential. Each is a bucket that fills steadily: 300 in 15 s is 300 at once, and 20 a second from then on.
"""

from msgspec import Struct


class Limit(Struct, frozen=True):
    """So much at once, which comes back steadily within so many seconds."""

    name: str
    most: int
    within_s: int

    @property
    def own(self) -> int:
        """What a process gives at once without asking anybody; it comes back within the same time."""
        return self.most // 10

    @property
    def block(self) -> int:
        """What it asks for at once after that."""
        return max(1, self.most // 20)

    @property
    def each_s(self) -> float:
        """In how many seconds one comes back."""
        return self.within_s / self.most

    @property
    def each_us(self) -> int:
        """The same in microseconds."""
        return self.within_s * 1_000_000 // self.most


REQUESTS_PER_ADDRESS = Limit("calls of an address", 300, 15)
REQUESTS_PER_CREDENTIAL = Limit("calls of a credential", 150, 15)
"""Partners' devices and volunteers."""

TICKETS_PER_ADDRESS = Limit("takes of an address without a browser we know", 60, 60)
"""Who drops our cookie, and programs."""

TICKETS_PER_BROWSER = Limit("takes of a browser", 6, 60)
TICKETS_PER_CONTACT = Limit("takes of a contact", 5, 3600)
TICKETS_PER_ENTRANCE_CODE = Limit("takes with an entrance code", 120, 120)
"""A code is good for two minutes: nobody's door lets in more than 120 at once, and one a second."""

WRONG_CODES_PER_ADDRESS = Limit("wrong codes of an address without a browser we know", 30, 60)
WRONG_CODES_PER_BROWSER = Limit("wrong codes of a browser", 10, 60)
"""The right code is let in whatever wrong ones came before: of 2^40 nobody finds it, and a whole hall may be behind one
address."""

BOOKINGS_PER_ADDRESS = Limit("bookings of an address without a browser we know", 60, 60)
BOOKINGS_PER_BROWSER = Limit("bookings of a browser", 20, 60)
"""Holds count too: who looks for a time holds one, and another."""

HOLDS_PER_ADDRESS = Limit("holds of an address without a browser we know", 60, 600)
"""A hold lasts as long. A browser or credential has three at a time; who keeps no cookie is a new one each time. Wide,
for many phones that drop cookies may share a hall's address; browsers that we know do not count."""

BOOKINGS_PER_CONTACT = Limit("bookings of a contact", 10, 3600)
"""Of a phone or a mail address, in all halls: made, changed and given up, for each sends it a message. How many may
stand at once is each hall's rule. Giving up is never refused: the place is others'."""

CONTACTS_PER_BROWSER = Limit("contacts named by a browser", 20, 3600)
CONTACTS_PER_ADDRESS = Limit("contacts named by an address without a browser we know", 60, 600)
"""As holds: who names a phone or a mail address, of somebody who may know nothing of it, has the hall write to it."""

CONTACTS_PER_APPOINTMENT = Limit("other contacts for an appointment", 3, 3600)
"""Who mistyped a number says another; nobody goes through a list with one appointment."""

BROWSERS_PER_ADDRESS = Limit("new browsers of an address", 240, 60)
"""Cookies given out; an address that has had so many gets no more, and its takes count as strangers'."""

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
