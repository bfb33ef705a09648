"""Handlers of counters (show, open, pause, close, next, call) and of the queue."""

import asyncio
from datetime import datetime

from aiohttp import web
from msgspec.structs import replace

from service.api.access.roles import caller_of
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

COMPRESSED_WAITING_MIN = 20
"""From so many waiting tickets on, the queue is compressed for clients that accept it: its tickets are similar, and it
is read often."""

TICKETS_PER_TURN = 200
"""Tickets encoded before the event loop may run other tasks. Otherwise a long queue would delay other requests."""


async def show(request: web.Request) -> web.Response:
    """Show a counter, and the ticket that would be called next."""
    day = await request.app[LANES].day(hall_of(request))
    counter = day.counter(counter_of(request))
    return answer(counter_view(day, counter, next_=_next_at(day, counter, request.app[CLOCK].now_at())))


async def open_(request: web.Request) -> web.Response:
    """Open a counter or end its break. By default it serves the services and the stage that the plan has for it."""
    hall, caller = hall_of(request), caller_of(request)
    form = await read_body(request, OpenForm)
    services = None if form.services is None else tuple(ServiceId(name) for name in form.services)
    stage = None if form.stage is None else StageId(form.stage)
    return _counter_answer(
        await execute(request, caller, hall, commands.OpenCounter(counter_of(request), services, stage))
    )


async def pause(request: web.Request) -> web.Response:
    """Pause a counter. While a person is there, the answer is `counter-busy`, unless `release` is true.

    `release` returns the person to the queue. With `present`, only this ticket is released: if another one is at the
    counter, the answer is `counter-busy`; if none is there, `wrong-state`.
    """
    hall, caller = hall_of(request), caller_of(request)
    form = await read_body(request, PauseForm)
    until_at, present = to_utc("until_at", form.until_at), ticket_id_or_none(form.present)
    command = commands.PauseCounter(counter_of(request), form.reason, until_at, form.release, present)
    return _counter_answer(await execute(request, caller, hall, command))


async def close(request: web.Request) -> web.Response:
    """Close a counter. While a person is there, the answer is `counter-busy`, unless `release` is true.

    `release` returns the person to the queue. With `present`, only this ticket is released: if another one is at the
    counter, the answer is `counter-busy`; if none is there, `wrong-state`.
    """
    hall, caller = hall_of(request), caller_of(request)
    form = await read_body(request, CloseForm)
    command = commands.CloseCounter(counter_of(request), form.release, ticket_id_or_none(form.present))
    return _counter_answer(await execute(request, caller, hall, command))


async def next_(request: web.Request) -> web.Response:
    """Call the next ticket, and tell the reason for the choice. `finish` first finishes the present ticket.

    With `finish.ticket`, only this ticket is finished: if another one is at the counter, the answer is `counter-busy`.
    If no ticket waits, the answer is 204, or 200 with nulls if a ticket was finished.
    """
    hall, caller = hall_of(request), caller_of(request)
    form = await read_body(request, NextForm)
    finish = None if form.finish is None else finish_of(form.finish)
    present = None if form.finish is None else ticket_id_or_none(form.finish.ticket)
    result = await execute(request, caller, hall, commands.CallNext(counter_of(request), finish, present))
    if result.done is None and finish is None:
        return web.Response(status=204)
    return answer(_called(result))


async def call(request: web.Request) -> web.Response:
    """Call a chosen ticket out of order, with a reason code. Reports count it as an exception."""
    hall, caller = hall_of(request), caller_of(request)
    form = await read_body(request, CallForm)
    command = commands.CallTicket(counter_of(request), TicketId(form.ticket.lower()), form.reason)
    return answer(_called(await execute(request, caller, hall, command)))


async def queue(request: web.Request) -> web.Response:
    """List all unfinished tickets: called, waiting in the order of calls, on standby, parked."""
    hall = hall_of(request)
    day = await request.app[LANES].day(hall)
    now_at = request.app[CLOCK].now_at()
    if day.queue.counts.total() > TICKETS_PER_TURN:
        day = day.copy()  # other tasks run below and may change the day
    at_counters = [day.tickets[counter.ticket] for counter in day.counters.values() if counter.ticket is not None]
    at_counters.sort(key=lambda ticket: ticket.recalled_at or ticket.issued_at, reverse=True)
    in_order = list(dispatch.waiting_in_order(day))
    standby = [day.tickets[ticket] for _, ticket in day.queue.standby]
    parked = [ticket for ticket in day.tickets.values() if ticket.state is TicketState.PARKED]
    seq = day.seq
    waiting = []
    for position, ticket in enumerate((*in_order, *standby)):
        waiting.append(ticket_view(day, ticket, now_at, seq=seq, staff=True))
        if position % TICKETS_PER_TURN == TICKETS_PER_TURN - 1:
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
    if len(waiting) >= COMPRESSED_WAITING_MIN:
        response.enable_compression()
    return response


def _counter_answer(result: Answer) -> web.Response:
    assert result.done is not None, "every command on a counter has an event"
    part = result.done.last
    assert part.counter is not None, "the last event of the command is about the counter"
    return answer(counter_view(result.day, part.counter, part.seq))


def _called(result: Answer) -> NextCalled:
    """The ticket that a command called, if any."""
    part = result.done.last if result.done is not None else None
    if part is None or not isinstance(part.event, TicketCalled) or part.ticket is None:
        return NextCalled(None, None, result.seq)
    view = ticket_view(result.day, part.ticket, part.at, seq=part.seq, live=False, staff=True)
    return NextCalled(view, reason_view(part.event.reason), part.seq)


def _next_at(day: Day, counter: Counter, now_at: datetime) -> TicketView | None:
    """The ticket that the counter would call now, with the reason; `None` if there is none."""
    if counter.state is not CounterState.OPEN or day.closed or day.suspended_at(now_at) is not None:
        return None
    found = dispatch.choose_next(day, counter)
    if found is None:
        return None
    ticket, reason = found
    return ticket_view(day, replace(ticket, reason=reason), now_at, staff=True)
