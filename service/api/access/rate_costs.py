"""What a call spends of the limits besides its being one: by the browser or address, and by the contacts it is about.

A contact is a phone number or a mail address. Whoever names one has the hall write to it, and so has whoever makes,
changes or gives up what is booked for it. So each of these is counted for the contact, whoever asks, and naming one for
who names it, too: it may be somebody's who has never heard of the hall. Who works at the hall is not counted.

What was done is answered again to the same key before anything is counted, so who hears no answer may go on asking. A
key by which nothing was done costs what a request without one does.
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
    """Count by the browser, if it is one that we know, or else by the address. Raises RateLimited."""
    limits, cookie = request.app.get(LIMITS), browser_of(request)
    if limits is None:
        return
    if cookie is not None:
        await limits.spend(of_browser, cookie)
    else:
        await limits.spend(of_address, subscriber_of(address_of(request)))


async def count_take(request: web.Request, applicant: Applicant | None) -> None:
    """Count a number that somebody takes who does not work at the hall. Raises RateLimited."""
    await count_by_browser(request, TICKETS_PER_BROWSER, TICKETS_PER_ADDRESS)
    if applicant is not None:
        await _count_named_contact(request, TICKETS_PER_CONTACT, contact_of(applicant))


async def count_booking(request: web.Request, who: Caller, applicant: Applicant | None, *, hold: bool) -> None:
    """Count a booking or a hold, and whom it names. Raises RateLimited."""
    if _is_exempt(request, who):
        return
    await count_by_browser(request, BOOKINGS_PER_BROWSER, BOOKINGS_PER_ADDRESS)
    if hold and browser_of(request) is None:
        await request.app[LIMITS].spend(HOLDS_PER_ADDRESS, subscriber_of(address_of(request)))
    if applicant is not None:
        await _count_named_contact(request, BOOKINGS_PER_CONTACT, contact_of(applicant))


async def count_change(
    request: web.Request, who: Caller, hall: HallId, appointment: Appointment, applicant: Applicant | None
) -> None:
    """Count a change: it tells whom the appointment is for then, perhaps named anew.

    Raises RateLimited, StorageUnavailable.
    """
    if _is_exempt(request, who):
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


async def count_message(request: web.Request, who: Caller, hall: HallId, applicant: str | None) -> None:
    """Count what tells somebody who was known before. Raises RateLimited, StorageUnavailable."""
    if _is_exempt(request, who):
        return
    somebody = await stored_applicant(request, hall, applicant)
    if somebody is not None:
        await _count_contact(request, BOOKINGS_PER_CONTACT, contact_of(somebody))


def _is_exempt(request: web.Request, who: Caller) -> bool:
    """Tell whether a call about an appointment is not counted."""
    return who.works_here or LIMITS not in request.app


async def _count_named_contact(request: web.Request, limit: Limit, contact: Contact) -> None:
    """Count whom the caller names: for the caller first, for who is refused there costs nobody else anything."""
    if contact.phone is None and contact.email is None:
        return
    await count_by_browser(request, CONTACTS_PER_BROWSER, CONTACTS_PER_ADDRESS)
    await _count_contact(request, limit, contact)


async def _count_contact(request: web.Request, limit: Limit, contact: Contact) -> None:
    """Count for each way to reach somebody; a mail address in small letters, as people write it."""
    limits = request.app.get(LIMITS)
    if limits is None:
        return
    if contact.phone is not None:
        await limits.spend(limit, contact.phone)
    if contact.email is not None:
        await limits.spend(limit, contact.email.lower())
