"""Applicants of tickets and appointments: their form, their stored row, and how to contact them.

Phone numbers are stored as E.164. A number without a country code is read as one of the hall's country.
"""

from typing import Annotated

from aiohttp import web
from msgspec import Meta

from service.api.app_keys import FINDER
from service.api.shared.form_fields import Form
from service.domain.hall.document import Language
from service.domain.model import HallId
from service.errors import StorageUnavailable
from service.journal import faults
from service.journal.values import Applicant
from service.primitives.contacts import Contact, contact_from
from service.primitives.ids import new_id
from service.primitives.personal_data import Personal
from service.primitives.text_fields import Email, PersonName


class ApplicantForm(Personal, Form, frozen=True, kw_only=True):
    """The person. Personal data is stored outside of the journal."""

    name: PersonName
    phone: Annotated[str, Meta(min_length=3, max_length=32)] | None = None
    email: Email | None = None
    locale: Language | None = None


def new_applicant(form: ApplicantForm, country: str | None) -> Applicant:
    """Make the applicant to store, with a new id. Raises BodyInvalid if the phone number is not valid.

    `country` is used to interpret phone numbers without a country code.
    """
    contact = contact_from(form.phone, form.email, country)
    return Applicant(id=new_id(), name=form.name, phone=contact.phone, email=contact.email, locale=form.locale)


def contact_of(applicant: Applicant) -> Contact:
    """The phone number and mail address of an applicant."""
    return Contact(applicant.phone, applicant.email)


async def stored_applicant(request: web.Request, hall: HallId, applicant: str | None) -> Applicant | None:
    """Read an applicant by id. `None` if there is no id or the data was erased. Raises StorageUnavailable."""
    if applicant is None:
        return None
    try:
        return await request.app[FINDER].applicant(hall, applicant)
    except faults.StorageUnavailable as error:
        raise StorageUnavailable from error
