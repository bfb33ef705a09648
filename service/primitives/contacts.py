"""People: how to reach them, written in one way each, and a keyed hash by which rules tell one from another.

A phone is kept as E.164, whatever the country of the hall makes of how it was typed; a mail address is compared in
lower case. What rules may know of a person is a keyed hash of hall and phone, or mail where there is no phone: two
halls cannot tell that somebody booked at both, and nobody without the secret can try out numbers.

A phone has to be possible, not assigned: numbering plans change faster than any copy of them. A letter among its digits
is one that somebody took for a digit; without it the phone would be a stranger's. A word among them is dialled.

Source: E.164; RFC 5321 2.4 (the local part of an address may tell case apart; nobody's does).
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
"""A keyed hash."""


class Reached(Personal, frozen=True):
    """How to reach somebody, as it is kept: `phone` as E.164."""

    phone: str | None
    email: str | None


def reached(phone: str | None, email: str | None, country: str | None) -> Reached:
    """Write a phone and an address as they are kept; `country` is the hall's. Raises BodyInvalid."""
    return Reached(None if phone is None else e164("applicant.phone", phone, country), email)


def person_of(fingerprint: Fingerprint, hall: HallId, who: Reached) -> str | None:
    """What rules may know of a person; None for who left neither phone nor mail."""
    return next(iter(persons_of(lambda said: [fingerprint(said)], hall, who)), None)


def persons_of(fingerprints: Callable[[bytes], list[bytes]], hall: HallId, who: Reached) -> list[str]:
    """The same by each of several keys, in their order; none for who left neither phone nor mail."""
    if who.phone is not None:
        said = f"person|{hall}|phone|{who.phone}"
    elif who.email is not None:
        said = f"person|{hall}|mail|{who.email.lower()}"
    else:
        return []
    return [urlsafe_b64encode(one).rstrip(b"=").decode() for one in fingerprints(said.encode())]


def e164(path: str, phone: str, country: str | None) -> str:
    """A phone number as E.164, read as in `country`. Raises BodyInvalid at `path` for what can be no number."""
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
