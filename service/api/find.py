"""Calls that find people: a day's tickets, and a search whose text is in no address and no log."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from typing import Annotated

import msgspec
from aiohttp import web
from msgspec import Meta, Struct

from service.api.answers import Found, TicketList, TicketListed, answer
from service.api.appointments import listed
from service.api.forms import SearchForm
from service.api.halls import limit_of, number_cursor_of, text_cursor_of
from service.api.keys import CLOCK, FINDER, HALLS, LANES
from service.api.requests import date_of, hall_of, read
from service.domain.calendar.times import stamp, stamp_or_none
from service.domain.hall.document import CODE
from service.domain.model import Admission, Channel, LeftReason, Outcome, TicketClass, TicketState
from service.domain.refusals import BodyInvalid
from service.errors import StorageUnavailable
from service.journal import faults
from service.journal.search import LAST_START, NEWEST, FoundTicket, Wanted
from service.primitives.contacts import e164
from service.primitives.ids import code_as_typed

_SERVICE = re.compile(CODE)

_N = Annotated[int, Meta(ge=0, le=2**31 - 1)]


class _Pages(Struct, frozen=True, array_like=True):
    """The ticket, and the appointment, after which a page of a search begins; None where there are no more of them."""

    ticket: tuple[date, _N] | None
    appointment: tuple[Annotated[datetime, Meta(tz=True)], _N] | None

    def cursor(self) -> str | None:
        """The same as a cursor; None when there is no more of anything."""
        if self.ticket is self.appointment is None:
            return None
        return urlsafe_b64encode(msgspec.json.encode(self)).decode()


async def list_(request: web.Request) -> web.Response:
    """A day's tickets as they are now, in the order of issue."""
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
    following = str(page[-1].n) if len(found) > limit else None
    return answer(TicketList([_listed(ticket) for ticket in page], following, seq))


async def search(request: web.Request) -> web.Response:
    """Find people by code, number, phone, or part of the name.

    Tickets are those of today and yesterday, appointments those from yesterday on; `limit` is of each.
    """
    hall_id, form = hall_of(request), await read(request, SearchForm)
    limit, after = limit_of(request), _pages_of(request)
    hall, now_at = await request.app[HALLS].get(hall_id), request.app[CLOCK].now_at()
    said = wanted(form, hall.document.country)
    today = hall.day_at(now_at)
    yesterday = today - timedelta(days=1)
    last = today + timedelta(days=hall.document.booking.horizon_days)
    try:
        finder, found, booked = request.app[FINDER], [], []
        if after.ticket is not None:
            found = await finder.search(hall_id, (yesterday, today), said, after=after.ticket, limit=limit + 1)
        if after.appointment is not None:
            booked = await finder.search_appointments(
                hall_id, (yesterday, last), said, after=after.appointment, limit=limit + 1
            )
    except faults.StorageUnavailable as error:
        raise StorageUnavailable from error
    lanes = request.app[LANES]
    appointments = [listed(one, now_at, lanes.in_memory(hall_id, one.day)) for one in booked[:limit]]
    following = _Pages(
        None if len(found) <= limit else (found[limit - 1].day, found[limit - 1].n),
        None if len(booked) <= limit else (booked[limit - 1].starts_at, booked[limit - 1].n),
    )
    return answer(Found([_listed(ticket) for ticket in found[:limit]], appointments, following.cursor()))


def _pages_of(request: web.Request) -> _Pages:
    """Where the page begins that is asked for. Raises BodyInvalid."""
    said = text_cursor_of(request)
    if not said:
        return _Pages(NEWEST, LAST_START)
    try:
        found: _Pages = msgspec.json.decode(urlsafe_b64decode(said), type=_Pages)
        if found.appointment is not None:
            found.appointment[0].astimezone(UTC)
    except (ValueError, OverflowError, msgspec.DecodeError) as error:
        raise BodyInvalid(("cursor", "`next_cursor` of the page before")) from error
    return found


def wanted(form: SearchForm, country: str | None) -> Wanted:
    """What is looked for, written as it is kept in a hall of the country. Raises BodyInvalid when nothing is."""
    code = None if form.code is None else code_as_typed(form.code)
    number = None if form.number is None else re.sub(r"\s", "", form.number).upper()
    phone = None if form.phone is None else digits_of(form.phone)
    name = None if form.name is None else form.name.strip()
    for path, value in (("code", code), ("number", number), ("phone", phone), ("name", name)):
        if value == "":
            raise BodyInvalid((path, "says nothing to look for"))
    if code is number is phone is name is None:
        raise BodyInvalid(("", "say a phone, a name, a code or a number"))
    phones = None if form.phone is None else _ways(form.phone, country)
    return Wanted(code=code, number=number, phones=phones, name=name)


def digits_of(phone: str) -> str:
    """The digits of a phone."""
    return re.sub(r"[^0-9]", "", phone)


def _ways(phone: str, country: str | None) -> tuple[str, ...]:
    """The digits that were said, which may be the last ones of a phone, and those of it with its country's."""
    with suppress(BodyInvalid):
        return digits_of(phone), digits_of(e164("phone", phone, country))
    return (digits_of(phone),)


def _state_of(request: web.Request) -> TicketState | None:
    said = request.query.get("state")
    if said is not None and said not in set(TicketState):
        raise BodyInvalid(("state", f"one of {', '.join(TicketState)}"))
    return None if said is None else TicketState(said)


def _service_of(request: web.Request) -> str | None:
    said = request.query.get("service")
    if said is not None and not _SERVICE.search(said):
        raise BodyInvalid(("service", "a service's id"))
    return said


def _listed(found: FoundTicket) -> TicketListed:
    return TicketListed(
        id=found.id,
        code=found.code,
        number=found.number,
        day=found.day.isoformat(),
        service=found.service,
        stage=found.stage,
        class_=TicketClass(found.class_),
        channel=Channel(found.channel),
        state=TicketState(found.state),
        admission=Admission(found.admission),
        count=found.count,
        counter=found.counter,
        last_counter=found.last_counter,
        calls=found.calls,
        queue_at=stamp(found.queue_at),
        issued_at=stamp(found.issued_at),
        called_at=stamp_or_none(found.called_at),
        started_at=stamp_or_none(found.started_at),
        finished_at=stamp_or_none(found.finished_at),
        outcome=None if found.outcome is None else Outcome(found.outcome),
        missing=found.missing,
        due_on=None if found.due_on is None else found.due_on.isoformat(),
        left_reason=None if found.left_reason is None else LeftReason(found.left_reason),
        prechecked=found.prechecked,
    )
