"""List a day's tickets, and search tickets and appointments by person, number or code.

A search is a POST, so that personal data does not appear in URLs and logs.
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from typing import Annotated

import msgspec
from aiohttp import web
from msgspec import Meta, Struct

from service.api.app_keys import CLOCK, FINDER, HALLS, LANES
from service.api.appointments.answers import AppointmentListed, appointment_listed
from service.api.http.body import read_body
from service.api.http.json_response import answer
from service.api.http.path_parts import hall_of
from service.api.http.query import date_of, limit_of, number_cursor_of, text_cursor_of
from service.api.shared.form_fields import Form, Line
from service.api.tickets.answers import TicketList, TicketListed, ticket_listed
from service.domain.hall.document import CODE
from service.domain.model import TicketState
from service.domain.refusals import BodyInvalid
from service.errors import StorageUnavailable
from service.journal import faults
from service.journal.search import LAST_START, NEWEST, TicketQuery
from service.primitives.contacts import e164
from service.primitives.ids import normalized_code
from service.primitives.personal_data import Personal


class SearchForm(Personal, Form, frozen=True, kw_only=True):
    """Search criteria. At least one is required; a result matches all of them."""

    phone: Annotated[str, Meta(min_length=3, max_length=32)] | None = None
    name: Line | None = None
    code: Annotated[str, Meta(min_length=1, max_length=32)] | None = None
    number: Annotated[str, Meta(min_length=1, max_length=32)] | None = None


class Found(Struct, frozen=True):
    """Tickets of today and yesterday, newest first, and appointments from yesterday on, latest start first.

    A page has up to `limit` tickets and up to `limit` appointments.
    """

    items: list[TicketListed]
    appointments: list[AppointmentListed]
    next_cursor: str | None


_SERVICE = re.compile(CODE)

_N = Annotated[int, Meta(ge=0, le=2**31 - 1)]


class _SearchCursor(Struct, frozen=True, array_like=True):
    """The last ticket and the last appointment of the previous page. `None` if there are no more of that kind."""

    ticket: tuple[date, _N] | None
    appointment: tuple[Annotated[datetime, Meta(tz=True)], _N] | None

    def encoded(self) -> str | None:
        """The cursor as text for `next_cursor`; `None` after the last page."""
        if self.ticket is self.appointment is None:
            return None
        return urlsafe_b64encode(msgspec.json.encode(self)).decode()


async def list_tickets(request: web.Request) -> web.Response:
    """List a day's tickets in their current state, in the order of issue."""
    hall_id, limit = hall_of(request), limit_of(request)
    hall = await request.app[HALLS].get(hall_id)
    on = date_of(request, "on") or hall.day_at(request.app[CLOCK].now_at())
    try:
        finder = request.app[FINDER]
        seq = await finder.seq(hall_id, on)
        found = await finder.of_day(
            hall_id,
            on,
            after_n=number_cursor_of(request),
            limit=limit + 1,
            state=_state_of(request),
            service=_service_of(request),
        )
    except faults.StorageUnavailable as error:
        raise StorageUnavailable from error
    page = found[:limit]
    next_cursor = str(page[-1].n) if len(found) > limit else None
    return answer(TicketList([ticket_listed(ticket) for ticket in page], next_cursor, seq))


async def search(request: web.Request) -> web.Response:
    """Find tickets and appointments by code, number, phone, or part of the person's name.

    It finds tickets of today and yesterday, and appointments from yesterday on. `limit` applies to each of both.
    """
    hall_id, form = hall_of(request), await read_body(request, SearchForm)
    limit, after = limit_of(request), _cursor_of(request)
    hall, now_at = await request.app[HALLS].get(hall_id), request.app[CLOCK].now_at()
    terms = search_terms(form, hall.document.country)
    today = hall.day_at(now_at)
    yesterday = today - timedelta(days=1)
    last = today + timedelta(days=hall.document.booking.horizon_days)
    try:
        finder, found, booked = request.app[FINDER], [], []
        if after.ticket is not None:
            found = await finder.search(hall_id, (yesterday, today), terms, after=after.ticket, limit=limit + 1)
        if after.appointment is not None:
            booked = await finder.search_appointments(
                hall_id, (yesterday, last), terms, after=after.appointment, limit=limit + 1
            )
    except faults.StorageUnavailable as error:
        raise StorageUnavailable from error
    lanes = request.app[LANES]
    appointments = [appointment_listed(one, now_at, lanes.in_memory(hall_id, one.day)) for one in booked[:limit]]
    next_page = _SearchCursor(
        None if len(found) <= limit else (found[limit - 1].day, found[limit - 1].n),
        None if len(booked) <= limit else (booked[limit - 1].starts_at, booked[limit - 1].n),
    )
    return answer(Found([ticket_listed(ticket) for ticket in found[:limit]], appointments, next_page.encoded()))


def _cursor_of(request: web.Request) -> _SearchCursor:
    """Decode the cursor in the query. Raises BodyInvalid."""
    text = text_cursor_of(request)
    if not text:
        return _SearchCursor(NEWEST, LAST_START)
    try:
        cursor: _SearchCursor = msgspec.json.decode(urlsafe_b64decode(text), type=_SearchCursor)
        if cursor.appointment is not None:
            cursor.appointment[0].astimezone(UTC)
    except (ValueError, OverflowError, msgspec.DecodeError) as error:
        raise BodyInvalid(("cursor", "`next_cursor` of the page before")) from error
    return cursor


def search_terms(form: SearchForm, country: str | None) -> TicketQuery:
    """Normalize the search criteria to the stored forms.

    `country` is used to read phone numbers without a country code. Raises BodyInvalid without a criterion, or for an
    empty one.
    """
    code = None if form.code is None else normalized_code(form.code)
    number = None if form.number is None else re.sub(r"\s", "", form.number).upper()
    phone = None if form.phone is None else digits_of(form.phone)
    name = None if form.name is None else form.name.strip()
    for path, value in (("code", code), ("number", number), ("phone", phone), ("name", name)):
        if value == "":
            raise BodyInvalid((path, "says nothing to look for"))
    if code is number is phone is name is None:
        raise BodyInvalid(("", "say a phone, a name, a code or a number"))
    phones = None if form.phone is None else _phone_forms(form.phone, country)
    return TicketQuery(code=code, number=number, phones=phones, name=name)


def digits_of(phone: str) -> str:
    """The digits of a phone number."""
    return re.sub(r"[^0-9]", "", phone)


def _phone_forms(phone: str, country: str | None) -> tuple[str, ...]:
    """The digits as typed, which may be only the last ones, and the digits with the country code."""
    with suppress(BodyInvalid):
        return digits_of(phone), digits_of(e164("phone", phone, country))
    return (digits_of(phone),)


def _state_of(request: web.Request) -> TicketState | None:
    state = request.query.get("state")
    if state is not None and state not in set(TicketState):
        raise BodyInvalid(("state", f"one of {', '.join(TicketState)}"))
    return None if state is None else TicketState(state)


def _service_of(request: web.Request) -> str | None:
    service = request.query.get("service")
    if service is not None and not _SERVICE.search(service):
        raise BodyInvalid(("service", "a service's id"))
    return service
