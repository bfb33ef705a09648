"""Who numbers and appointments are for, as it is kept: a phone as E.164, read as in the hall's country."""

from service.ids import new_id
from service.journal.values import Applicant
from service.people import reached
from service.web.forms import ApplicantForm


def applicant_of(form: ApplicantForm, country: str | None) -> Applicant:
    """A person as they are kept. Raises BodyInvalid for a phone that is none."""
    contact = reached(form.phone, form.email, country)
    return Applicant(id=new_id(), name=form.name, phone=contact.phone, email=contact.email, locale=form.locale)
