"""`evolve`: fold an event into a day.

The day is changed in place; copying it for every event would cost more than the indexes save. Evolvers apply no
rules, so an old journal folds to the same day under new rules.
"""

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from service.domain import events
from service.domain.calendar.plan import PRECHECK
from service.domain.command_results import ResultPart
from service.domain.day import NO_SERVICE_TIMES, CounterWork, Day, ServiceTimes
from service.domain.events import Record, account_of
from service.domain.evolve import appointments
from service.domain.model import (
    Admission,
    Alarm,
    Appointment,
    Counter,
    CounterId,
    CounterState,
    Lease,
    LeftReason,
    Overtime,
    Printer,
    Served,
    ServiceId,
    StageId,
    Suspension,
    Ticket,
    TicketId,
    TicketState,
    late_from,
)
from service.domain.queue import dispatch
from service.domain.queue.promised_waits import is_promise_kept

FORGOTTEN_AFTER_MEANS = 4
"""A visit longer than this many expected durations was finished late; it does not count for today's speed."""


def evolve(day: Day, record: Record) -> Day:
    """Fold the next event into the day.

    Args:
        day: the day after event `record.seq - 1`; changed in place.
        record: the event and its envelope.

    Returns:
        The same day.
    """
    advance(day, record)
    return day


def advance(day: Day, record: Record) -> ResultPart:
    """Fold the next event into the day, and return it with the ticket, counter and appointment as they are after it."""
    assert record.seq == day.seq + 1, f"event {record.seq} does not follow {day.seq}"
    day.seq = record.seq
    day.at = record.at
    kind = type(record.event)
    if kind in appointments.EVOLVERS:
        appointment = appointments.EVOLVERS[kind](day, record.event, record)
        part = ResultPart(record.seq, record.at, record.event, None, None, appointment)
    elif isinstance(record.event, events.NothingChanged):
        part = ResultPart(record.seq, record.at, record.event, *_as_it_was(day, record.event))
    else:
        ticket, counter = _EVOLVERS[kind](day, record.event, record)
        part = ResultPart(record.seq, record.at, record.event, ticket, counter)
    day.record_result(record, part)
    return part


_Touched = tuple[Ticket | None, Counter | None]


def _as_it_was(day: Day, event: events.NothingChanged) -> tuple[Ticket | None, None, Appointment | None]:
    """Return the ticket or appointment that the command left unchanged, for its answer; the day is not changed."""
    appointment = None if event.of_appointment is None else day.appointments[event.of_appointment]
    ticket = None if event.of_ticket is None else day.tickets[event.of_ticket]
    if ticket is not None and event.wait is not None:
        ticket = replace(ticket, ahead=event.ahead, wait=event.wait)
    return ticket, None, appointment


def _day_opened(day: Day, event: events.DayOpened | events.PlanChanged, _record: Record) -> _Touched:
    day.set_plan(event.plan)
    return None, None


def _day_closed(day: Day, _event: events.DayClosed, _record: Record) -> _Touched:
    day.closed = day.booking_totals.closed = True
    return None, None


def _day_ended(day: Day, _event: events.DayEnded, _record: Record) -> _Touched:
    day.closed = day.booking_totals.closed = True
    day.ended = True
    return None, None


def _suspension_began(day: Day, event: events.SuspensionBegan, record: Record) -> _Touched:
    _end_suspension(day, record)
    day.suspension = Suspension(text=event.text, since_at=record.at, until_at=event.until_at)
    return None, None


def _suspension_ended(day: Day, _event: events.SuspensionEnded, record: Record) -> _Touched:
    _end_suspension(day, record)
    return None, None


def _end_suspension(day: Day, record: Record) -> None:
    if day.suspension is not None:
        until_at = day.suspension.until_at
        ended_at = record.at if until_at is None else min(until_at, record.at)
        day.suspended_spans = (*day.suspended_spans, (day.suspension.since_at, ended_at))
        day.suspension = None


def _overtime_opened(day: Day, event: events.OvertimeOpened, _record: Record) -> _Touched:
    day.set_overtime(Overtime(event.until_at, event.counters))
    return None, None


def _overtime_ended(day: Day, _event: events.OvertimeEnded, _record: Record) -> _Touched:
    day.set_overtime(None)
    return None, None


def _alarm_raised(day: Day, event: events.AlarmRaised, record: Record) -> _Touched:
    day.alarms[event.alarm] = Alarm(event.alarm, event.counter, record.at, event.kiosk)
    return None, None


def _alarm_cleared(day: Day, event: events.AlarmCleared, _record: Record) -> _Touched:
    day.alarms.pop(event.alarm, None)
    return None, None


def _notice_posted(day: Day, event: events.NoticePosted, _record: Record) -> _Touched:
    day.notices[event.notice.id] = event.notice
    return None, None


def _notice_removed(day: Day, event: events.NoticeRemoved, _record: Record) -> _Touched:
    day.notices.pop(event.notice, None)
    return None, None


def _counter_opened(day: Day, event: events.CounterOpened, record: Record) -> _Touched:
    return None, _put_counter(
        day,
        record,
        event.counter,
        state=CounterState.OPEN,
        services=event.services,
        stage=event.stage,
        staff=account_of(record.actor),
        reason=None,
        until_at=None,
        since_at=record.at,
    )


def _counter_paused(day: Day, event: events.CounterPaused, record: Record) -> _Touched:
    return None, _put_counter(
        day,
        record,
        event.counter,
        state=CounterState.PAUSED,
        reason=event.reason,
        until_at=event.until_at,
        since_at=record.at,
    )


def _counter_closed(day: Day, event: events.CounterClosed, record: Record) -> _Touched:
    planned = day.plan.counters[event.counter]
    before = day.counters[event.counter]
    day.work_before_closing[event.counter] = CounterWork(before.services, before.stage)
    return None, _put_counter(
        day,
        record,
        event.counter,
        state=CounterState.CLOSED,
        services=planned.services,
        stage=planned.stage,
        staff=None,
        reason=None,
        until_at=None,
        since_at=record.at,
    )


def _ticket_taken(day: Day, event: events.TicketTaken, record: Record) -> _Touched:
    day.issued = event.n
    issued_at = event.issued_at or record.at
    reference_at = dispatch.reference_time(event.class_, issued_at, event.slot_at)
    late_from_at = late_from(event.slot_at, event.excused_s)
    if event.device is None:
        prefix = day.plan.services[event.service].prefix
        day.numbers[prefix] = int(event.number.removeprefix(prefix))
    else:
        lease = day.leases[event.device]
        last = int(event.number.removeprefix(lease.prefix))
        day.leases[event.device] = replace(lease, last=last, last_at=issued_at)
    ticket = Ticket(
        id=event.ticket,
        n=event.n,
        code=event.code,
        number=event.number,
        service=event.service,
        stage=event.stage,
        class_=event.class_,
        first_class=event.class_,
        channel=event.channel,
        state=TicketState.WAITING,
        admission=event.admission,
        count=event.count,
        then=event.then,
        prechecked=event.prechecked,
        missing=event.missing,
        papers=event.missing or None,
        applicant=event.applicant,
        issued_at=issued_at,
        waiting_since_at=issued_at,
        reference_at=reference_at,
        queue_at=dispatch.queue_time(day.plan, event.class_, reference_at, None, late_from_at),
        ahead=event.ahead,
        wait=event.wait,
        promise=None if event.admission is Admission.STANDBY else event.wait,
        seq=record.seq,
        browser=event.browser,
        appointment=event.appointment,
        slot_at=event.slot_at,
        excused_s=event.excused_s,
        returns_of=event.returns_of,
        invitation=event.invitation,
    )
    if event.browser is not None:
        day.browsers[event.browser] = event.ticket
    if event.invitation is not None:
        day.invitations[event.invitation] = event.ticket
    if event.returns_of is not None:
        day.returned[event.returns_of] = event.ticket
    day.store_ticket(ticket)
    return ticket, None


def _numbers_leased(day: Day, event: events.NumbersLeased, record: Record) -> _Touched:
    before = day.leases.get(event.device) or Lease(event.prefix, {}, {})
    slips = dict(enumerate(event.slips, event.first))
    day.leases[event.device] = replace(
        before, slips={**before.slips, **slips}, leased_at={**before.leased_at, **dict.fromkeys(slips, record.at)}
    )
    day.numbers[event.prefix] = event.first + len(event.slips) - 1
    return None, None


def _printer_reported(day: Day, event: events.PrinterReported, record: Record) -> _Touched:
    day.printers[event.device] = Printer(event.device, event.name, event.state, record.at)
    return None, None


def _ticket_admitted(day: Day, event: events.TicketAdmitted, record: Record) -> _Touched:
    return _put(
        day,
        record,
        event.ticket,
        admission=event.admission,
        ahead=event.ahead,
        wait=event.wait,
        promise=event.wait,
    ), None


def _admission_when_called(day: Day, event: events.TicketCalled, record: Record) -> Admission:
    """Return a ticket's admission after a call: a call from standby admits it, unless the stage is optional."""
    before = day.tickets[event.ticket].admission
    if before is not Admission.STANDBY or event.stage in day.plan.optional_stages:
        return before
    return day.admission_at(record.at)


def _ticket_called(day: Day, event: events.TicketCalled, record: Record) -> _Touched:
    kept = is_promise_kept(day, day.tickets[event.ticket], record.at)
    if kept is not None:
        day.promises_kept[kept] += 1
    ticket = _put(
        day,
        record,
        event.ticket,
        state=TicketState.CALLED,
        admission=_admission_when_called(day, event, record),
        stage=event.stage,
        counter=event.counter,
        last_counter=event.counter,
        for_counter=None,
        not_before_at=None,
        calls=1,
        called_at=record.at,
        recalled_at=record.at,
        started_at=None,
        no_show_at=None,
        reason=event.reason,
    )
    return ticket, _put_counter(day, record, event.counter, ticket=ticket.id)


def _ticket_recalled(day: Day, event: events.TicketRecalled, record: Record) -> _Touched:
    calls = day.tickets[event.ticket].calls + 1
    return _put(day, record, event.ticket, calls=calls, recalled_at=record.at), None


def _ticket_started(day: Day, event: events.TicketStarted, record: Record) -> _Touched:
    return _put(day, record, event.ticket, state=TicketState.SERVING, started_at=record.at), None


def _ticket_finished(day: Day, event: events.TicketFinished, record: Record) -> _Touched:
    counter = _free(day, record, event.ticket)
    served = _served(day, day.tickets[event.ticket], record, forgotten=event.forgotten)
    ticket = _put(
        day,
        record,
        event.ticket,
        state=TicketState.DONE,
        counter=None,
        outcome=event.outcome,
        missing=event.missing,
        due_on=event.due_on,
        finished_at=record.at,
        served=served,
    )
    return ticket, counter


def _ticket_advanced(day: Day, event: events.TicketAdvanced, record: Record) -> _Touched:
    counter = _free(day, record, event.ticket)
    before = day.tickets[event.ticket]
    served = _served(day, before, record)
    ticket = _put(
        day,
        record,
        event.ticket,
        service=event.service,
        stage=event.stage,
        then=event.then,
        prechecked=(before.prechecked and not event.unchecked)
        or (before.stage == PRECHECK and before.service == event.service and not before.papers),
        waiting_since_at=record.at,
        served=served,
        ahead=event.ahead,
        wait=event.wait,
        **_papers_of(before, event.service),
        **_WAITING_AGAIN,
    )
    return ticket, counter


def _papers_of(ticket: Ticket, service: ServiceId) -> dict[str, Any]:
    """Reset the papers of a ticket that changes its service: each service requires other papers."""
    return {} if ticket.service == service else {"papers": None, "missing": ()}


def _ticket_released(day: Day, event: events.TicketReleased, record: Record) -> _Touched:
    counter = _free(day, record, event.ticket)
    again = {
        **_papers_of(day.tickets[event.ticket], event.service),
        **_WAITING_AGAIN,
        "for_counter": event.counter,
    }
    ticket = _put(
        day,
        record,
        event.ticket,
        service=event.service,
        stage=event.stage,
        prechecked=day.tickets[event.ticket].prechecked and not event.unchecked,
        ahead=event.ahead,
        wait=event.wait,
        **again,
    )
    return ticket, counter


def _ticket_no_show(day: Day, event: events.TicketNoShow, record: Record) -> _Touched:
    counter = _free(day, record, event.ticket)
    return _put(day, record, event.ticket, state=TicketState.NO_SHOW, counter=None, no_show_at=record.at), counter


def _ticket_parked(day: Day, event: events.TicketParked, record: Record) -> _Touched:
    counter = _free(day, record, event.ticket)
    return _put(day, record, event.ticket, state=TicketState.PARKED, counter=None, promise=None), counter


def _ticket_resumed(day: Day, event: events.TicketResumed, record: Record) -> _Touched:
    before = day.tickets[event.ticket]
    ticket = _put(
        day,
        record,
        event.ticket,
        floor_at=event.floor_at,
        raised=False,
        queue_at=dispatch.queue_time(day.plan, before.class_, before.reference_at, event.floor_at, before.late_from_at),
        returns=before.returns + (before.state is TicketState.NO_SHOW),
        ahead=event.ahead,
        wait=event.wait,
        **_WAITING_AGAIN,
    )
    return ticket, None


def _ticket_reclassed(day: Day, event: events.TicketReclassed, record: Record) -> _Touched:
    before = day.tickets[event.ticket]
    reference_at = event.reference_at or before.reference_at
    queue_at = dispatch.queue_time(
        day.plan, event.class_, reference_at, before.floor_at, before.late_from_at, raised=before.raised
    )
    ticket = _put(
        day,
        record,
        event.ticket,
        class_=event.class_,
        reference_at=reference_at,
        queue_at=queue_at,
        ahead=event.ahead,
        wait=event.wait,
        promise=None,
    )
    return ticket, None


def _ticket_raised(day: Day, event: events.TicketRaised, record: Record) -> _Touched:
    before = day.tickets[event.ticket]
    queue_at = dispatch.queue_time(
        day.plan, before.class_, before.reference_at, before.floor_at, before.late_from_at, raised=True
    )
    return _put(
        day, record, event.ticket, raised=True, queue_at=queue_at, ahead=event.ahead, wait=event.wait, promise=None
    ), None


def _ticket_deferred(day: Day, event: events.TicketDeferred, record: Record) -> _Touched:
    ticket = _put(
        day,
        record,
        event.ticket,
        not_before_at=event.not_before_at,
        ahead=event.ahead,
        wait=event.wait,
        promise=None,
    )
    return ticket, None


def _ticket_left(day: Day, event: events.TicketLeft, record: Record) -> _Touched:
    ticket = _put(
        day,
        record,
        event.ticket,
        state=TicketState.LEFT,
        left_reason=LeftReason(event.reason),
        finished_at=record.at,
    )
    return ticket, None


def _papers_checked(day: Day, event: events.PapersChecked, record: Record) -> _Touched:
    changes: dict[str, Any] = {"papers": event.missing, "missing": event.missing, "prechecked": not event.missing}
    if event.wait is not None:
        changes |= {"ahead": event.ahead, "wait": event.wait}
    return _put(day, record, event.ticket, **changes), None


def _ticket_undone(day: Day, event: events.TicketUndone, record: Record) -> _Touched:
    before = day.tickets[event.ticket]
    counter_id = before.last_counter
    assert counter_id is not None, "undo gives a person back to the counter they were at"
    if before.state is TicketState.DONE:
        assert before.served is not None, "a finish says what was finished"
        _learn_speed(day, before.stage, before.served, times=-1)
        back: dict[str, Any] = {"state": TicketState.SERVING}
    else:
        back = {"state": TicketState.CALLED, "calls": 1, "called_at": record.at, "recalled_at": record.at}
    ticket = _put(
        day,
        record,
        event.ticket,
        counter=counter_id,
        outcome=None,
        missing=before.papers or (),
        due_on=None,
        finished_at=None,
        no_show_at=None,
        served=None,
        **back,
    )
    return ticket, _put_counter(day, record, counter_id, ticket=ticket.id)


def _ticket_rated(day: Day, event: events.TicketRated, record: Record) -> _Touched:
    return _put(day, record, event.ticket, rating=event.grade), None


_WAITING_AGAIN: dict[str, Any] = {
    "state": TicketState.WAITING,
    "counter": None,
    "for_counter": None,
    "calls": 0,
    "called_at": None,
    "recalled_at": None,
    "started_at": None,
    "no_show_at": None,
    "reason": None,
    "promise": None,
}


def _put(day: Day, record: Record, ticket_id: TicketId, **changes: Any) -> Ticket:  # noqa: ANN401  (fields of Ticket)
    ticket = replace(day.tickets[ticket_id], seq=record.seq, **changes)
    day.store_ticket(ticket)
    return ticket


def _put_counter(day: Day, record: Record, counter_id: CounterId, **changes: Any) -> Counter:  # noqa: ANN401  (likewise)
    counter = replace(day.counters[counter_id], seq=record.seq, **changes)
    day.store_counter(counter)
    return counter


def _free(day: Day, record: Record, ticket_id: TicketId) -> Counter | None:
    counter_id = day.tickets[ticket_id].counter
    return None if counter_id is None else _put_counter(day, record, counter_id, ticket=None)


def _served(day: Day, ticket: Ticket, record: Record, *, forgotten: bool = False) -> Served:
    """Record a visit that ends now, and count it in the speed of its stage if its duration is meaningful."""
    began_at = ticket.started_at or ticket.called_at or record.at
    seconds = (record.at - began_at).total_seconds()
    interrupted = day.suspended_s(began_at, record.at) > 0
    service = day.plan.services[ticket.service]
    expected_s = service.expected_s(ticket.stage, ticket.count, prechecked=ticket.prechecked)
    says_nothing = forgotten or interrupted or seconds > FORGOTTEN_AFTER_MEANS * expected_s
    served = Served(ticket.service, seconds, interrupted, None if says_nothing else expected_s)
    _learn_speed(day, ticket.stage, served)
    return served


def _learn_speed(day: Day, stage: StageId, served: Served, times: int = 1) -> None:
    """Add a visit to today's speed; with `times` -1, subtract it again by the expectation recorded with it."""
    if served.expected_s is not None:
        actual_s, before_s = day.service_times.get(stage, NO_SERVICE_TIMES)
        day.service_times[stage] = ServiceTimes(actual_s + times * served.seconds, before_s + times * served.expected_s)


_EVOLVERS: dict[type[Any], Callable[[Day, Any, Record], _Touched]] = {
    events.DayOpened: _day_opened,
    events.PlanChanged: _day_opened,
    events.DayClosed: _day_closed,
    events.DayEnded: _day_ended,
    events.SuspensionBegan: _suspension_began,
    events.SuspensionEnded: _suspension_ended,
    events.OvertimeOpened: _overtime_opened,
    events.OvertimeEnded: _overtime_ended,
    events.AlarmRaised: _alarm_raised,
    events.AlarmCleared: _alarm_cleared,
    events.NoticePosted: _notice_posted,
    events.NoticeRemoved: _notice_removed,
    events.CounterOpened: _counter_opened,
    events.CounterPaused: _counter_paused,
    events.CounterClosed: _counter_closed,
    events.NumbersLeased: _numbers_leased,
    events.PrinterReported: _printer_reported,
    events.TicketTaken: _ticket_taken,
    events.TicketAdmitted: _ticket_admitted,
    events.TicketCalled: _ticket_called,
    events.TicketRecalled: _ticket_recalled,
    events.TicketStarted: _ticket_started,
    events.TicketFinished: _ticket_finished,
    events.TicketAdvanced: _ticket_advanced,
    events.TicketReleased: _ticket_released,
    events.TicketNoShow: _ticket_no_show,
    events.TicketParked: _ticket_parked,
    events.TicketResumed: _ticket_resumed,
    events.TicketReclassed: _ticket_reclassed,
    events.TicketRaised: _ticket_raised,
    events.TicketDeferred: _ticket_deferred,
    events.TicketRated: _ticket_rated,
    events.TicketLeft: _ticket_left,
    events.PapersChecked: _papers_checked,
    events.TicketUndone: _ticket_undone,
}
