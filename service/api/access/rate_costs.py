"""Extra rate-limit costs of a request, per browser, address and contact.

A contact is a phone number or a mail address. Taking a ticket or making, changing or cancelling an appointment causes
messages to its contact, so each of these counts against the limit of the contact, for all callers together. Naming a
new contact also counts against the caller, because it may belong to a person who never asked for messages. Requests of
staff are not counted.

A request that is repeated with its idempotency key after it succeeded is answered before anything is counted. So a
client that got no answer may repeat it often. A key of a request that did not succeed saves no costs.
"""

from aiohttp import web

from service.api.access.browsers import browser_of
from service.api.access.roles import Caller
from service.api.app_keys import LIMITS
from service.api.http.client_address import address_of, subscriber_of
from service.api.shared.applicants import contact_of, stored_applicant
from service.domain.model import Appointment, HallId
from service.journal.values import Applicant
from service.limits.rules import (
    BOOKINGS_PER_ADDRESS,
    BOOKINGS_PER_BROWSER,
    BOOKINGS_PER_CONTACT,
    CONTACTS_PER_ADDRESS,
    CONTACTS_PER_APPOINTMENT,
    CONTACTS_PER_BROWSER,
    HOLDS_PER_ADDRESS,
    TICKETS_PER_ADDRESS,
    TICKETS_PER_BROWSER,
    TICKETS_PER_CONTACT,
    Limit,
)
from service.primitives.contacts import Contact


async def count_by_browser(request: web.Request, of_browser: Limit, of_address: Limit) -> None:
    """Count against the browser if it has a valid cookie, otherwise against the address. Raises RateLimited."""
    limits, cookie = request.app.get(LIMITS), browser_of(request)
    if limits is None:
        return
    if cookie is not None:
        await limits.spend(of_browser, cookie)
    else:
        await limits.spend(of_address, subscriber_of(address_of(request)))


async def count_take(request: web.Request, applicant: Applicant | None) -> None:
    """Count a ticket that a visitor takes, and the contact that it names. Raises RateLimited."""
    await count_by_browser(request, TICKETS_PER_BROWSER, TICKETS_PER_ADDRESS)
    if applicant is not None:
        await _count_named_contact(request, TICKETS_PER_CONTACT, contact_of(applicant))


async def count_booking(request: web.Request, caller: Caller, applicant: Applicant | None, *, hold: bool) -> None:
    """Count a booking or a hold, and the contact that it names. Raises RateLimited."""
    if _is_exempt(request, caller):
        return
    await count_by_browser(request, BOOKINGS_PER_BROWSER, BOOKINGS_PER_ADDRESS)
    if hold and browser_of(request) is None:
        await request.app[LIMITS].spend(HOLDS_PER_ADDRESS, subscriber_of(address_of(request)))
    if applicant is not None:
        await _count_named_contact(request, BOOKINGS_PER_CONTACT, contact_of(applicant))


async def count_change(
    request: web.Request, caller: Caller, hall: HallId, appointment: Appointment, applicant: Applicant | None
) -> None:
    """Count a change of an appointment, and the contact that gets the message about it.

    `applicant` is the person that the request names, if any.

    Raises:
        RateLimited: beyond the limits.
        StorageUnavailable: the database cannot be reached.
    """
    if _is_exempt(request, caller):
        return
    await count_by_browser(request, BOOKINGS_PER_BROWSER, BOOKINGS_PER_ADDRESS)
    before = await stored_applicant(request, hall, appointment.applicant)
    if applicant is None or (before is not None and contact_of(before) == contact_of(applicant)):
        if before is not None:
            await _count_contact(request, BOOKINGS_PER_CONTACT, contact_of(before))
        return
    if before is not None:
        await request.app[LIMITS].spend(CONTACTS_PER_APPOINTMENT, f"{hall}|{appointment.id}")
    await _count_named_contact(request, BOOKINGS_PER_CONTACT, contact_of(applicant))


async def count_message(request: web.Request, caller: Caller, hall: HallId, applicant: str | None) -> None:
    """Count a request that causes a message to a stored applicant. Raises RateLimited, StorageUnavailable."""
    if _is_exempt(request, caller):
        return
    recipient = await stored_applicant(request, hall, applicant)
    if recipient is not None:
        await _count_contact(request, BOOKINGS_PER_CONTACT, contact_of(recipient))


def _is_exempt(request: web.Request, caller: Caller) -> bool:
    """Tell whether a request about an appointment is not counted."""
    return caller.works_here or LIMITS not in request.app


async def _count_named_contact(request: web.Request, limit: Limit, contact: Contact) -> None:
    """Count a contact that the caller names, first against the caller.

    If the caller is refused, nothing is counted against the contact, which may belong to another person.
    """
    if contact.phone is None and contact.email is None:
        return
    await count_by_browser(request, CONTACTS_PER_BROWSER, CONTACTS_PER_ADDRESS)
    await _count_contact(request, limit, contact)


async def _count_contact(request: web.Request, limit: Limit, contact: Contact) -> None:
    """Count against the phone number and the mail address. Upper and lower case in mail addresses do not differ."""
    limits = request.app.get(LIMITS)
    if limits is None:
        return
    if contact.phone is not None:
        await limits.spend(limit, contact.phone)
    if contact.email is not None:
        await limits.spend(limit, contact.email.lower())
