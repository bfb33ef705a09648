"""Keyed hashes by which the booking rules recognise applicants and holders."""

from collections import Counter

from aiohttp import web
from msgspec import UNSET, UnsetType

from service.api.access.browsers import browser_cookie, browser_hash
from service.api.access.presence import ON_SITE_ROLES
from service.api.access.roles import Caller
from service.api.app_keys import FINDER, SIGNER
from service.api.appointments.forms import ChangeApplicantForm
from service.api.shared.applicants import ApplicantForm, contact_of, new_applicant, stored_applicant
from service.domain.model import Appointment
from service.domain.refusals import BodyInvalid
from service.errors import StorageUnavailable
from service.journal import faults
from service.journal.values import Applicant
from service.primitives.contacts import Contact, contact_from, person_hashes
from service.primitives.ids import new_id
from service.runtime.hall import Hall


async def applicant_and_hash(
    request: web.Request, hall: Hall, form: ApplicantForm | None
) -> tuple[Applicant | None, str | None]:
    """The person as they are kept, and what rules may know of them. Raises BodyInvalid for a phone that is none."""
    if form is None:
        return None, None
    applicant = new_applicant(form, hall.document.country)
    return applicant, await person_hash(request, hall, contact_of(applicant))


async def person_hash(request: web.Request, hall: Hall, contact: Contact) -> str | None:
    """What rules may know of a person; None for who left neither phone nor mail.

    Who has appointments to come that were made with an older secret is known by that one until they are over: rules
    tell people apart by one hash each.
    """
    persons = person_hashes(request.app[SIGNER].fingerprints, hall.id, contact)
    if len(persons) < 2:
        return next(iter(persons), None)
    try:
        known = Counter(await request.app[FINDER].persons_to_come(hall.id, persons))
    except faults.StorageUnavailable as error:
        raise StorageUnavailable from error
    return max(persons, key=lambda person: known[person])  # of none the one that signs, which is the first


async def stored_person_hash(request: web.Request, hall: Hall, applicant: str | None) -> str | None:
    """What rules may know of a person whose row there is."""
    somebody = await stored_applicant(request, hall.id, applicant)
    if somebody is None:
        return None
    return await person_hash(request, hall, contact_of(somebody))


async def changed_applicant_and_hash(
    request: web.Request, hall: Hall, appointment: Appointment, form: ChangeApplicantForm | UnsetType
) -> tuple[Applicant | None, str | UnsetType | None]:
    """Somebody else, or the same with another name or number; none and unset where nothing is said of them.

    Raises:
        BodyInvalid: nobody is named, or it is no number.
    """
    if form is UNSET:
        return None, UNSET
    before = await stored_applicant(request, hall.id, appointment.applicant) or Applicant(id="")
    name = before.name if form.name is UNSET else form.name
    if name is None:
        raise BodyInvalid(("applicant.name", "say a name"))
    contact = contact_from(
        before.phone if form.phone is UNSET else form.phone,
        before.email if form.email is UNSET else form.email,
        hall.document.country,
    )
    locale = before.locale if form.locale is UNSET else form.locale
    applicant = Applicant(id=new_id(), name=name, phone=contact.phone, email=contact.email, locale=locale)
    return applicant, await person_hash(request, hall, contact)


async def holder_hash(request: web.Request, caller: Caller, hall: Hall) -> str | None:
    """What rules may know of who holds: a visitor's browser, or else the credential; None for who is at the hall."""
    if caller.role in ON_SITE_ROLES:
        return None
    held_by = caller.credential if caller.works_here else await browser_cookie(request) or caller.credential
    return browser_hash(request.app[SIGNER], hall.id, held_by) if held_by else None
