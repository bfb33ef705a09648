"""Handlers of personal data: erase and export. The person is named in the body, so not in URLs and logs."""

from aiohttp import web

from service.api.access.roles import caller_of
from service.api.app_keys import HALLS, PRIVACY
from service.api.http.body import read_body
from service.api.http.json_response import answer
from service.api.http.path_parts import hall_of
from service.api.http.query import flag_of
from service.api.people.answers import (
    AppointmentOfPerson,
    ErasureDone,
    InvitationOfPerson,
    MessageOfPerson,
    PersonExported,
    PersonSeen,
    TicketOfPerson,
)
from service.api.people.forms import PersonForm
from service.api.shared.idempotency_keys import idempotent_request_of
from service.domain.calendar.times import stamp, stamp_or_none
from service.domain.refusals import BodyInvalid
from service.primitives.contacts import Contact, e164
from service.privacy.data_requests import PersonRecords
from service.runtime.hall import Hall


async def erase(request: web.Request) -> web.Response:
    """Erase the personal data of a person in this hall: name, contacts, and the link to invitations and messages.

    Future appointments are cancelled, or stay without a name with `keep=1`. The journal has no personal data, so it is
    not changed.
    """
    hall, form = await _hall_and_form(request)
    keep, privacy = flag_of(request, "keep"), request.app[PRIVACY]
    idempotent = await idempotent_request_of(request, caller_of(request))
    # look up the key first: the hall's country, which phone numbers depend on, may have changed since the first request
    done = await privacy.erased_before(idempotent)
    if done is None:
        done = await privacy.erase(hall, _reached(hall, form), idempotent, keep=keep)
    return answer(
        ErasureDone(people=done.people, cancelled=done.cancelled, invitations=done.invitations, messages=done.messages)
    )


async def export(request: web.Request) -> web.Response:
    """Export all stored data of a person in this hall."""
    hall, form = await _hall_and_form(request)
    idempotent = await idempotent_request_of(request, caller_of(request))
    return answer(_exported(await request.app[PRIVACY].export(hall, _reached(hall, form), idempotent)))


async def _hall_and_form(request: web.Request) -> tuple[Hall, PersonForm]:
    hall = await request.app[HALLS].get(hall_of(request))
    form = await read_body(request, PersonForm)
    if form.phone is None and form.email is None:
        raise BodyInvalid(("", "say a phone or an e-mail address"))
    return hall, form


def _reached(hall: Hall, form: PersonForm) -> Contact:
    """The phone number and mail address as stored. Raises BodyInvalid if the phone number is not valid."""
    phone = None if form.phone is None else e164("phone", form.phone, hall.document.country)
    return Contact(phone, form.email)


def _exported(known: PersonRecords) -> PersonExported:
    return PersonExported(
        people=[
            PersonSeen(
                id=one.id,
                name=one.name,
                phone=one.phone,
                email=one.email,
                locale=one.locale,
                created_at=stamp(one.created_at),
            )
            for one in known.people
        ],
        appointments=[
            AppointmentOfPerson(
                id=one.id,
                day=one.day.isoformat(),
                code=one.code,
                service=one.service,
                starts_at=stamp(one.starts_at),
                ends_at=stamp(one.ends_at),
                state=one.state,
                count=one.count,
                channel=one.channel,
                prechecked=one.prechecked,
                made_at=stamp(one.made_at),
            )
            for one in known.appointments
        ],
        tickets=[
            TicketOfPerson(
                id=one.id,
                day=one.day.isoformat(),
                code=one.code,
                number=one.number,
                service=one.service,
                class_=one.class_,
                channel=one.channel,
                state=one.state,
                count=one.count,
                prechecked=one.prechecked,
                issued_at=stamp(one.issued_at),
                called_at=stamp_or_none(one.called_at),
                started_at=stamp_or_none(one.started_at),
                finished_at=stamp_or_none(one.finished_at),
                outcome=one.outcome,
                missing=one.missing,
                due_on=None if one.due_on is None else one.due_on.isoformat(),
                left_reason=one.left_reason,
            )
            for one in known.tickets
        ],
        invitations=[
            InvitationOfPerson(
                id=one.id,
                code=one.code,
                partner=one.partner,
                service=one.service,
                prechecked=one.prechecked,
                made_at=stamp(one.made_at),
                revoked_at=stamp_or_none(one.revoked_at),
                used=one.used,
            )
            for one in known.invitations
        ],
        messages=[
            MessageOfPerson(kind=one.kind, channel=one.channel, state=one.state, made_at=stamp(one.made_at))
            for one in known.messages
        ],
    )
