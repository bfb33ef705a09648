"""Contacts: notations of one phone number are equal, and the hash of a person does not reveal the contact."""

from hashlib import sha256

import pytest

from service.domain.model import HallId
from service.domain.refusals import BodyInvalid
from service.primitives.contacts import contact_from, e164, person_hash

DEMO = HallId("demo")
OTHER = HallId("other")


def hashed(said: bytes) -> bytes:
    return sha256(said).digest()


def key(phone: str | None = None, email: str | None = None, hall: HallId = DEMO, country: str | None = "CN") -> str:
    person = person_hash(hashed, hall, contact_from(phone, email, country))
    assert person is not None
    return person


@pytest.mark.parametrize(
    "typed",
    [
        "13800138000",
        "138 0013 8000",
        "138-0013-8000",
        "+8613800138000",
        "0086 138 0013 8000",
        "（+86）138００13８000",
        "tel:+86-138-0013-8000",
        "手机13800138000",
        "13800138000 ext. 5",
    ],
)
def test_a_phone_is_one_phone_however_it_is_typed(typed: str) -> None:
    assert e164("phone", typed, "CN") == "+8613800138000"
    assert key(typed) == key("13800138000")


def test_a_number_without_a_country_is_read_as_the_halls() -> None:
    assert e164("phone", "0301234567", "DE") == "+49301234567"
    assert e164("phone", "+49 30 1234567", "CN") == "+49301234567"


MISTAKEN = ["138O0138000", "138 OO13 8000", "l3800138000", "1380013800o", "138 O 013 8000", "１３８O０１３８０００"]
"""Without their letters these would be numbers of other people."""


@pytest.mark.parametrize("typed", ["abc", "12", "100", "1" * 31, "@@@", "+999 12345678", *MISTAKEN])
def test_what_can_be_no_number_is_refused_where_it_stands(typed: str) -> None:
    with pytest.raises(BodyInvalid) as refused:
        contact_from(typed, None, "CN")

    assert refused.value.fields["errors"] == [{"path": "applicant.phone", "why": "is no phone number"}]


def test_a_hall_without_a_country_wants_the_countrys_code() -> None:
    assert e164("phone", "+8613800138000", None) == "+8613800138000"
    with pytest.raises(BodyInvalid) as refused:
        e164("phone", "13800138000", None)

    assert "country's code" in refused.value.fields["errors"][0]["why"]


def test_a_mail_address_is_one_address_in_either_case_and_counts_where_there_is_no_phone() -> None:
    assert key(email="Li@Example.org") == key(email="li@example.ORG")
    assert key(email="li@example.org") != key(email="wang@example.org")
    assert key("13800138000", "li@example.org") == key("13800138000", "wang@example.org")
    assert person_hash(hashed, DEMO, contact_from(None, None, "CN")) is None


def test_two_halls_cannot_tell_that_somebody_booked_at_both() -> None:
    assert key("13800138000") != key("13800138000", hall=OTHER)
    assert key(email="li@example.org") != key(email="li@example.org", hall=OTHER)
