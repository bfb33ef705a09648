"""Contacts of people in a normal form, and the keyed hash that identifies a person for the rules.

A phone number is stored as E.164, read with the country of the hall; a mail address is compared in lower case. Rules
identify a person only by a keyed hash of the hall and the phone number, or the mail address without a phone number. So
two halls cannot find out that the same person booked at both, and without the secret no number can be guessed.

A phone number must be possible, but not assigned, because numbering plans change faster than copies of them. One or two
letters between digits are a typing error: without them the number could belong to another person. A word is dialled as
its digits.

Source: E.164; RFC 5321 2.4 (the local part of an address may be case-sensitive; in practice it is not).
"""

import re
from base64 import urlsafe_b64encode
from collections.abc import Callable

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat

from service.domain.model import HallId
from service.domain.refusals import BodyInvalid
from service.primitives.personal_data import Personal

_FOR_A_DIGIT = re.compile(r"\d[A-Za-z]|[A-Za-z]\d|\d\W+[A-Za-z]{1,2}\W+\d")

Fingerprint = Callable[[bytes], bytes]
"""Returns the keyed hash of some bytes."""


class Contact(Personal, frozen=True):
    """A contact in its stored form: `phone` as E.164, `email` as entered."""

    phone: str | None
    email: str | None


def contact_from(phone: str | None, email: str | None, country: str | None) -> Contact:
    """Return a contact in its stored form; `country` is the country of the hall. Raises BodyInvalid."""
    return Contact(None if phone is None else e164("applicant.phone", phone, country), email)


def person_hash(fingerprint: Fingerprint, hall: HallId, contact: Contact) -> str | None:
    """Return the hash that identifies a person; `None` without phone and mail address."""
    return next(iter(person_hashes(lambda text: [fingerprint(text)], hall, contact)), None)


def person_hashes(fingerprints: Callable[[bytes], list[bytes]], hall: HallId, contact: Contact) -> list[str]:
    """Return the hashes of a person with several keys, in their order; empty without phone and mail address."""
    if contact.phone is not None:
        text = f"person|{hall}|phone|{contact.phone}"
    elif contact.email is not None:
        text = f"person|{hall}|mail|{contact.email.lower()}"
    else:
        return []
    return [urlsafe_b64encode(digest).rstrip(b"=").decode() for digest in fingerprints(text.encode())]


def e164(path: str, phone: str, country: str | None) -> str:
    """Return a phone number as E.164, read as in `country`. Raises BodyInvalid at `path` if it cannot be a number."""
    try:
        number = phonenumbers.parse(phone, country)
    except NumberParseException as error:
        raise BodyInvalid((path, _why(country))) from error
    mistaken = number.extension is None and _FOR_A_DIGIT.search(phone)
    if mistaken or not phonenumbers.is_possible_number(number):
        raise BodyInvalid((path, _why(country)))
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def _why(country: str | None) -> str:
    if country is None:
        return "is no phone number; begin with + and the country's code"
    return "is no phone number"
