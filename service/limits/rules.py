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


CALLS_OF_ADDRESS = Limit("calls of an address", 300, 15)
CALLS_OF_CREDENTIAL = Limit("calls of a credential", 150, 15)
"""Partners' devices and volunteers."""

TAKES_OF_STRANGERS = Limit("takes of an address without a browser we know", 60, 60)
"""Who drops our cookie, and programs."""

TAKES_OF_BROWSER = Limit("takes of a browser", 6, 60)
TAKES_OF_CONTACT = Limit("takes of a contact", 5, 3600)
TAKES_OF_ENTRANCE = Limit("takes with an entrance code", 120, 120)
"""A code is good for two minutes: nobody's door lets in more than 120 at once, and one a second."""

WRONG_CODES = Limit("wrong codes of an address without a browser we know", 30, 60)
WRONG_CODES_OF_BROWSER = Limit("wrong codes of a browser", 10, 60)
"""The right code is let in whatever wrong ones came before: of 2^40 nobody finds it, and a whole hall may be behind one
address."""

BOOKINGS_OF_STRANGERS = Limit("bookings of an address without a browser we know", 60, 60)
BOOKINGS_OF_BROWSER = Limit("bookings of a browser", 20, 60)
"""Holds count too: who looks for a time holds one, and another."""

HOLDS_OF_STRANGERS = Limit("holds of an address without a browser we know", 60, 600)
"""A hold lasts as long. A browser or credential has three at a time; who keeps no cookie is a new one each time. Wide,
for many phones that drop cookies may share a hall's address; browsers that we know do not count."""

BOOKINGS_OF_CONTACT = Limit("bookings of a contact", 10, 3600)
"""Of a phone or a mail address, in all halls: made, changed and given up, for each sends it a message. How many may
stand at once is each hall's rule. Giving up is never refused: the place is others'."""

CONTACTS_OF_BROWSER = Limit("contacts named by a browser", 20, 3600)
CONTACTS_OF_STRANGERS = Limit("contacts named by an address without a browser we know", 60, 600)
"""As holds: who names a phone or a mail address, of somebody who may know nothing of it, has the hall write to it."""

CONTACTS_OF_APPOINTMENT = Limit("other contacts for an appointment", 3, 3600)
"""Who mistyped a number says another; nobody goes through a list with one appointment."""

BROWSERS_OF_ADDRESS = Limit("new browsers of an address", 240, 60)
"""Cookies given out; an address that has had so many gets no more, and its takes count as strangers'."""

LIMITS = (
    CALLS_OF_ADDRESS,
    CALLS_OF_CREDENTIAL,
    TAKES_OF_STRANGERS,
    TAKES_OF_BROWSER,
    TAKES_OF_CONTACT,
    TAKES_OF_ENTRANCE,
    WRONG_CODES,
    WRONG_CODES_OF_BROWSER,
    BOOKINGS_OF_STRANGERS,
    BOOKINGS_OF_BROWSER,
    HOLDS_OF_STRANGERS,
    BOOKINGS_OF_CONTACT,
    CONTACTS_OF_BROWSER,
    CONTACTS_OF_STRANGERS,
    CONTACTS_OF_APPOINTMENT,
    BROWSERS_OF_ADDRESS,
)
