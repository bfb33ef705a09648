"""Keyed hashes that identify applicants and holders for the booking rules, without personal data."""

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
    """The applicant to store, and the person hash. Raises BodyInvalid if the phone number is not valid."""
    if form is None:
        return None, None
    applicant = new_applicant(form, hall.document.country)
    return applicant, await person_hash(request, hall, contact_of(applicant))


async def person_hash(request: web.Request, hall: Hall, contact: Contact) -> str | None:
    """The keyed hash of a person's contact; `None` without a phone number and mail address.

    The rules need one hash per person. If the person has future appointments made with an older secret, the hash with
    that secret is used until they are over.
    """
    persons = person_hashes(request.app[SIGNER].fingerprints, hall.id, contact)
    if len(persons) < 2:
        return next(iter(persons), None)
    try:
        appointments = Counter(await request.app[FINDER].persons_to_come(hall.id, persons))
    except faults.StorageUnavailable as error:
        raise StorageUnavailable from error
    return max(
        persons, key=lambda person: appointments[person]
    )  # without appointments the first, by the current secret


async def stored_person_hash(request: web.Request, hall: Hall, applicant: str | None) -> str | None:
    """The person hash of a stored applicant."""
    stored = await stored_applicant(request, hall.id, applicant)
    if stored is None:
        return None
    return await person_hash(request, hall, contact_of(stored))


async def changed_applicant_and_hash(
    request: web.Request, hall: Hall, appointment: Appointment, form: ChangeApplicantForm | UnsetType
) -> tuple[Applicant | None, str | UnsetType | None]:
    """Apply a merge patch to the applicant of an appointment. Returns the new applicant and the person hash.

    Without a patch it returns `None` and `UNSET`.

    Raises:
        BodyInvalid: the result has no name, or the phone number is not valid.
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
    """The hash that identifies the holder of a hold: of the visitor's browser, or else of the credential.

    `None` for on-site roles, whose holds are not limited.
    """
    if caller.role in ON_SITE_ROLES:
        return None
    holder = caller.credential if caller.works_here else await browser_cookie(request) or caller.credential
    return browser_hash(request.app[SIGNER], hall.id, holder) if holder else None
