"""Personal data is never shown by accident: not by repr, in an f-string, in another value, or by rich."""

import importlib
import pkgutil
from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec
import pytest
from msgspec import Struct
from rich.pretty import pretty_repr

import service
from service.api.appointments.forms import BookForm, ChangeApplicantForm, ChangeAppointmentForm
from service.api.shared.applicants import ApplicantForm
from service.api.tickets.forms import TakeTicketForm
from service.domain.model import ServiceId
from service.invitations.guests import Guest
from service.journal.values import Applicant
from service.notify.content import RenderedMessage
from service.notify.model import Person
from service.primitives.contacts import contact_from
from service.primitives.personal_data import Personal
from service.privacy.data_requests import ApplicantRecord

NAME, PHONE, EMAIL = "Wang Fang", "+8613800138000", "wang@home.example"
WHO = {"name": NAME, "phone": PHONE, "email": EMAIL}
NOON_AT = datetime(2026, 11, 23, 4, tzinfo=UTC)

VALUES: list[tuple[Struct, str]] = [
    (Applicant(id="1", **WHO), "Applicant(id='1')"),
    (ApplicantRecord(id="1", locale=None, created_at=NOON_AT, **WHO), "ApplicantRecord(id='1')"),
    (Guest(line=7, service=None, prechecked=True, locale=None, **WHO), "Guest(line=7)"),
    (Person(locale=None, **WHO), "Person()"),
    (contact_from(PHONE, EMAIL, "CN"), "Contact()"),
    (ApplicantForm(**WHO), "ApplicantForm()"),
    (ChangeApplicantForm(**WHO), "ChangeApplicantForm()"),
    (BookForm(service=ServiceId("enquiry"), starts_at=NOON_AT, applicant=ApplicantForm(**WHO)), "BookForm()"),
    (
        RenderedMessage(
            language="en",
            sender="The hall",
            subject="Booked",
            text=f"{NAME} has booked",
            greeting=f"Dear {NAME}",
            more=[PHONE],
            closing=EMAIL,
            entry=None,
        ),
        "RenderedMessage()",
    ),
]

TELLING = {"phone", "phones", "email", "display_name", "greeting", "password"}
"""Fields of personal data."""


@pytest.mark.parametrize(("value", "shown"), VALUES)
def test_a_person_in_a_log_is_nobody(value: Struct, shown: str) -> None:
    assert (repr(value), f"{value}", pretty_repr(value)) == (shown, shown, shown)


@pytest.mark.parametrize(
    "around",
    [
        TakeTicketForm(service=ServiceId("enquiry"), applicant=ApplicantForm(**WHO)),
        ChangeAppointmentForm(applicant=ChangeApplicantForm(**WHO)),
    ],
)
def test_what_a_person_is_part_of_does_not_tell_either(around: Struct) -> None:
    for told in WHO.values():
        assert told not in repr(around)


def test_a_body_of_a_person_is_read_as_strictly_as_any_other() -> None:
    assert msgspec.convert(WHO, ApplicantForm).phone == PHONE
    with pytest.raises(msgspec.ValidationError, match="unknown field `SHOWN`"):
        msgspec.convert({**WHO, "SHOWN": ["name"]}, ApplicantForm)


def test_every_type_that_holds_a_person_shows_none() -> None:
    for module in pkgutil.walk_packages(service.__path__, "service."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)

    holding = {one for one in _all_below(Struct) if TELLING & set(one.__struct_fields__) and _is_ours(one)}

    assert Applicant in holding
    assert {one.__name__ for one in holding if not issubclass(one, Personal)} == set()


def _is_ours(kind: type) -> bool:
    return kind.__module__.startswith("service.")


def _all_below(kind: type[Struct]) -> Iterator[type[Struct]]:
    for one in kind.__subclasses__():
        yield one
        yield from _all_below(one)
