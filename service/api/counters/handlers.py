"""Calls about counters: open, pause, close, next, call this one; and the queue they serve."""

import asyncio
from datetime import datetime

from aiohttp import web
from msgspec.structs import replace

from service.api.access.roles import caller
from service.api.app_keys import CLOCK, LANES
from service.api.counters.answers import AlarmSeen, NextCalled, PrinterSeen, Queue
from service.api.counters.forms import CallForm, CloseForm, NextForm, OpenForm, PauseForm
from service.api.http.body import read_body, to_utc
from service.api.http.json_response import answer
from service.api.http.path_parts import counter_of, hall_of
from service.api.shared.execution import execute
from service.api.shared.form_fields import ticket_id_or_none
from service.api.tickets.forms import finish_of
from service.domain import commands
from service.domain.admission.door import calls_begin_at
from service.domain.calendar.times import stamp, stamp_or_none
from service.domain.day import Day
from service.domain.events import TicketCalled
from service.domain.model import Counter, CounterState, PrinterState, ServiceId, StageId, TicketId, TicketState
from service.domain.queue import dispatch
from service.domain.view import TicketView, counter_view, reason_view, ticket_view
from service.runtime.requests import Answer

WAITING_PACKED = 20
"""From so many on a queue is sent compressed to who can read it: its tickets differ little, and it is read often."""

QUEUE_AT_ONCE = 200
"""Tickets written before others have their turn: a long queue must not stall the hall."""


async def show(request: web.Request) -> web.Response:
    """A counter as it is now, and who would be called next."""
    day = await request.app[LANES].day(hall_of(request))
    counter = day.counter(counter_of(request))
    return answer(counter_view(day, counter, next_=_next_at(day, counter, request.app[CLOCK].now_at())))


async def open_(request: web.Request) -> web.Response:
    """Open a counter, or end its break; for all it is planned for unless the body says otherwise."""
    hall, who = hall_of(request), caller(request)
    form = await read_body(request, OpenForm)
    services = None if form.services is None else tuple(ServiceId(name) for name in form.services)
    stage = None if form.stage is None else StageId(form.stage)
    return _counter_answer(
        await execute(request, who, hall, commands.OpenCounter(counter_of(request), services, stage))
    )


async def pause(request: web.Request) -> web.Response:
    """Take a break; with a person there `counter-busy`, unless `release` puts them back into the queue.

    With `present` it puts back that one or nobody: when another is there, `counter-busy`; when nobody, `wrong-state`.
    """
    hall, who = hall_of(request), caller(request)
    form = await read_body(request, PauseForm)
    until_at, present = to_utc("until_at", form.until_at), ticket_id_or_none(form.present)
    command = commands.PauseCounter(counter_of(request), form.reason, until_at, form.release, present)
    return _counter_answer(await execute(request, who, hall, command))


async def close(request: web.Request) -> web.Response:
    """Close a counter; with a person there `counter-busy`, unless `release` puts them back into the queue.

    With `present` it puts back that one or nobody: when another is there, `counter-busy`; when nobody, `wrong-state`.
    """
    hall, who = hall_of(request), caller(request)
    form = await read_body(request, CloseForm)
    command = commands.CloseCounter(counter_of(request), form.release, ticket_id_or_none(form.present))
    return _counter_answer(await execute(request, who, hall, command))


async def next_(request: web.Request) -> web.Response:
    """Call the next person, and say why it is them; `finish` ends the present one in the same command.

    With `finish.ticket` it ends that one's visit or nobody's: when another is there, `counter-busy`. Nobody waits: 204,
    or with a finish 200 and nulls.
    """
    hall, who = hall_of(request), caller(request)
    form = await read_body(request, NextForm)
    finish = None if form.finish is None else finish_of(form.finish)
    named = None if form.finish is None else ticket_id_or_none(form.finish.ticket)
    given = await execute(request, who, hall, commands.CallNext(counter_of(request), finish, named))
    if given.done is None and finish is None:
        return web.Response(status=204)
    return answer(_called(given))


async def call(request: web.Request) -> web.Response:
    """Call this one, out of order, with a reason code; it is counted as an exception."""
    hall, who = hall_of(request), caller(request)
    form = await read_body(request, CallForm)
    command = commands.CallTicket(counter_of(request), TicketId(form.ticket.lower()), form.reason)
    return answer(_called(await execute(request, who, hall, command)))


async def queue(request: web.Request) -> web.Response:
    """All tickets that are not over: called, waiting in the order of calls, on standby, parked."""
    hall = hall_of(request)
    day = await request.app[LANES].day(hall)
    now_at = request.app[CLOCK].now_at()
    if day.queue.counts.total() > QUEUE_AT_ONCE:
        day = day.copy()  # others have their turn below, and may move the day on
    at_counters = [day.tickets[counter.ticket] for counter in day.counters.values() if counter.ticket is not None]
    at_counters.sort(key=lambda ticket: ticket.recalled_at or ticket.issued_at, reverse=True)
    in_order = list(dispatch.waiting_in_order(day))
    standby = [day.tickets[ticket] for _, ticket in day.queue.standby]
    parked = [ticket for ticket in day.tickets.values() if ticket.state is TicketState.PARKED]
    seq = day.seq
    waiting = []
    for position, ticket in enumerate((*in_order, *standby)):
        waiting.append(ticket_view(day, ticket, now_at, seq=seq, staff=True))
        if position % QUEUE_AT_ONCE == QUEUE_AT_ONCE - 1:
            await asyncio.sleep(0)
    response = answer(
        Queue(
            called=[ticket_view(day, ticket, now_at, seq=seq, staff=True) for ticket in at_counters],
            waiting=waiting[: len(in_order)],
            standby=waiting[len(in_order) :],
            parked=[ticket_view(day, ticket, now_at, seq=seq, staff=True) for ticket in parked],
            alarms=[
                AlarmSeen(id=alarm.id, counter=alarm.counter, kiosk=alarm.kiosk, at=stamp(alarm.at))
                for alarm in day.alarms.values()
            ],
            printers=[
                PrinterSeen(device=printer.device, name=printer.name, state=printer.state, at=stamp(printer.at))
                for printer in day.printers.values()
                if printer.state is not PrinterState.OK
            ],
            calls_from_at=stamp_or_none(calls_begin_at(day)),
            day=day.on,
            seq=seq,
        )
    )
    if len(waiting) >= WAITING_PACKED:
        response.enable_compression()
    return response


def _counter_answer(given: Answer) -> web.Response:
    assert given.done is not None, "every command on a counter has an event"
    part = given.done.last
    assert part.counter is not None, "and the last one that was asked for is about the counter"
    return answer(counter_view(given.day, part.counter, part.seq))


def _called(given: Answer) -> NextCalled:
    """Who was called by a command's own events, if anybody was."""
    part = given.done.last if given.done is not None else None
    if part is None or not isinstance(part.event, TicketCalled) or part.ticket is None:
        return NextCalled(None, None, given.seq)
    view = ticket_view(given.day, part.ticket, part.at, seq=part.seq, live=False, staff=True)
    return NextCalled(view, reason_view(part.event.reason), part.seq)


def _next_at(day: Day, counter: Counter, now_at: datetime) -> TicketView | None:
    """Who would be called if the counter called now, with the reason; None when nobody would."""
    if counter.state is not CounterState.OPEN or day.closed or day.suspended_at(now_at) is not None:
        return None
    found = dispatch.choose_next(day, counter)
    if found is None:
        return None
    ticket, reason = found
    return ticket_view(day, replace(ticket, reason=reason), now_at, staff=True)
