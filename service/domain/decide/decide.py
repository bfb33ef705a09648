"""`decide`: a command and a day become events, or a Refusal.

Pure: no clock (`now_at` is an argument), no randomness (ids are in the command), no I/O. The caller wakes nothing and
keeps nothing; it appends what comes back and folds it with `evolve`.

Source: CONTRACT 4 and 5; DESIGN 6.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from msgspec import UNSET
from msgspec.structs import replace

from service.domain import commands, events
from service.domain.admission.door import (
    calls_begin_at,
    check_count,
    check_invitation,
    hall_closed,
    in_person_service,
    issue,
    refuse_if_closed,
    refuse_if_suspended,
)
from service.domain.admission.walk_ins import (
    GIVES_WORK_BACK,
    Verdict,
    admit,
    admitted_as,
    admitted_from_standby,
    day_with_event,
    next_visitor,
)
from service.domain.calendar.plan import DUE_AFTER_DAYS, DUE_AFTER_DAYS_MAX, Plan
from service.domain.commands import Command, Finish
from service.domain.day import Day
from service.domain.decide import appointments, check_ins, kiosks, volunteer_rights
from service.domain.decide.appointments import cancel_those_to_come, leave_open_ones, over_of_invitation
from service.domain.decide.noop_results import nothing_changed
from service.domain.events import Event
from service.domain.model import (
    RETURN_WITHIN_S,
    RETURNS_MAX,
    TICKET_SUCCESSORS,
    Admission,
    Counter,
    CounterState,
    LeftReason,
    Outcome,
    PapersThen,
    ServiceId,
    StageId,
    Ticket,
    TicketClass,
    TicketId,
    TicketState,
)
from service.domain.queue import dispatch
from service.domain.queue.waits import outlook_of
from service.domain.refusals import (
    AlarmNotFound,
    AlreadyWaiting,
    BodyInvalid,
    CodeUsed,
    CounterBusy,
    CounterClosed,
    CounterNotFound,
    DayHasEnded,
    NoticeNotFound,
    OnlineOnly,
    OnlyAtOptionalStages,
    WrongDay,
    WrongState,
)

UNDO_WITHIN_S = 30
RATED = "rated"
"""What is said in place of the state of a visit that has been rated."""

AUTO_RECALL_AFTER_S = 60
AUTO_NO_SHOW_AFTER_S = 240
AUTO_CALLS_MAX = 4
"""The first call and the recalls at 60, 120 and 180 s."""


def decide(day: Day, command: Command, now_at: datetime) -> list[Event]:
    """Decide a command on a day.

    Args:
        day: an opened day.
        command: what is asked.
        now_at: the instant of the command; never before the day's last event.

    Returns:
        The events to append, in order; nothing when there is nothing to do.

    Raises:
        Refusal: the rules do not allow it now.
    """
    if day.ended:
        raise DayHasEnded
    day.wake(now_at)
    decided = _DECIDERS[type(command)](day, command, now_at)
    if day.closed or isinstance(command, commands.EndDay):
        decided = _nobody_waits(decided)
    gives_back = bool(day.standby) and not GIVES_WORK_BACK.isdisjoint(map(type, decided))
    if gives_back and day.suspended_at(now_at) is None:  # else the sweep does, once calls go on
        admitted, _ = admitted_from_standby(day, now_at, decided)
        decided += admitted
    return decided


def decide_once(day: Day, command: Command, now_at: datetime) -> list[Event]:
    """Decide a command that came with an idempotency key: as `decide`, and what changes nothing keeps its key as well.

    Raises:
        Refusal: the rules do not allow it now.
    """
    return decide(day, command, now_at) or nothing_changed(day, command, now_at)


# Tickets.


def take_ticket(day: Day, command: commands.TakeTicket, now_at: datetime) -> list[Event]:
    """Give out the next number of a service's prefix.

    Raises:
        ServiceNotFound: the hall does not offer it, or one of `then`.
        OnlineOnly: it is done online.
        HallSuspended, HallClosed: not now.
        AlreadyWaiting: the browser has a number whose visit is not over.
        BodyInvalid: nobody, or more people than the service takes on one ticket; an invitation to another service.
        CodeUsed: the invitation was used.
        HallFull: they do not fit into what is left of the day; with what can be booked instead.

    Source: DESIGN 6, "Admission of a walk-in".
    """
    service = in_person_service(day, command.service, *command.then)
    check_count(service, command.count)
    refuse_if_closed(day, now_at)
    _refuse_second(day, command.browser)
    check_invitation(day, command.invitation, service.id, now_at)
    invited = command.invitation
    prechecked = invited is not None and invited.prechecked
    partner = None if invited is None else invited.partner_at(now_at)
    first, after = admitted_from_standby(day, now_at)
    who = next_visitor(after, service, command.count, prechecked=prechecked, then=command.then, partner=partner)
    admission, fit = admit(after, who, now_at)
    return [
        *over_of_invitation(day, invited, now_at),
        *first,
        issue(
            after,
            now_at,
            ticket=command.ticket,
            code=command.code,
            service=service,
            class_=TicketClass.WALK_IN,
            channel=command.channel,
            count=command.count,
            admission=admission,
            fit=fit,
            then=command.then,
            prechecked=prechecked,
            applicant=command.applicant,
            browser=command.browser,
            invitation=None if invited is None else invited.id,
        ),
    ]


def change_ticket(day: Day, command: commands.ChangeTicket, now_at: datetime) -> list[Event]:
    """Change the class or the time before which not to call; the place is reckoned anew from the check-in.

    Raises:
        WrongState: the visit is over, or (for the time) the ticket is not waiting or parked.
        BodyInvalid: a class that is not given by hand, no reason code, or a time after the day.
    """
    ticket = day.ticket(command.ticket)
    decided: list[Event] = []
    if command.class_ is not UNSET:
        _require(ticket, TicketState.WAITING, TicketState.PARKED, TicketState.CALLED)
        if command.class_ not in (TicketClass.GREEN, ticket.first_class):
            raise BodyInvalid(("class", f"may become green, or {ticket.first_class} again"))
        if command.reason is None:
            raise BodyInvalid(("reason", "a change of class needs a reason code"))
        _require_reason(day.plan, command.reason)
        reference_at = dispatch.reference_time(command.class_, ticket.issued_at, ticket.slot_at)
        moves = reference_at != ticket.reference_at
        queue_at = dispatch.queue_time(
            day.plan, command.class_, reference_at, ticket.floor_at, ticket.late_from_at, raised=ticket.raised
        )
        ticket = replace(ticket, class_=command.class_, reference_at=reference_at, queue_at=queue_at)
        if ticket.admission is Admission.STANDBY and command.class_ is TicketClass.GREEN:
            ticket = replace(ticket, admission=day.admission_at(now_at))
            decided.append(admitted_as(day, ticket, Verdict(ticket.admission, None), now_at))
        ahead, wait = outlook_of(day, ticket, now_at)
        decided.append(
            events.TicketReclassed(
                ticket=ticket.id,
                class_=command.class_,
                reason=command.reason,
                reference_at=reference_at if moves else None,
                ahead=ahead,
                wait=wait,
            )
        )
    if command.not_before_at is not UNSET:
        _require(ticket, TicketState.WAITING, TicketState.PARKED)
        not_before_at = command.not_before_at
        if not_before_at is not None and not_before_at >= day.plan.ends_at:
            raise BodyInvalid(("not_before_at", "is after the end of the day"))
        ahead, wait = outlook_of(day, replace(ticket, not_before_at=not_before_at), now_at)
        decided.append(events.TicketDeferred(ticket=ticket.id, not_before_at=not_before_at, ahead=ahead, wait=wait))
    return decided


def leave_queue(day: Day, command: commands.LeaveQueue, _now_at: datetime) -> list[Event]:
    """Give the place up. Raises WrongState when called, served or over."""
    ticket = day.ticket(command.ticket)
    _require(ticket, TicketState.WAITING, TicketState.PARKED)
    return [events.TicketLeft(ticket=ticket.id, reason=LeftReason.SELF)]


def rate_ticket(day: Day, command: commands.RateTicket, _now_at: datetime) -> list[Event]:
    """Say how the visit was, once.

    Raises:
        WrongState: the visit is not done, or has been rated.
        BodyInvalid: a reason that is not among the hall's.
    """
    ticket = day.ticket(command.ticket)
    _require(ticket, TicketState.DONE)
    if ticket.rating is not None:
        raise WrongState(RATED)
    for place, code in enumerate(command.reasons):
        if code not in day.plan.ratings:
            raise BodyInvalid((f"reasons[{place}]", "is not among the hall's codes"))
    return [events.TicketRated(ticket=ticket.id, grade=command.grade, reasons=command.reasons)]


def leave_for_appointment(day: Day, command: commands.LeaveForAppointment, _now_at: datetime) -> list[Event]:
    """Leave for an appointment on another day. Raises WrongState unless waiting on standby."""
    return appointments.leave_standby(day, command.ticket)


def sweep_long_waits(day: Day, _command: commands.SweepLongWaits, now_at: datetime) -> list[Event]:
    """Raise the walk-ins who have waited for as long as the hall lets anybody wait."""
    raised, _, _ = _raise_long_waits(day, now_at)
    return raised


def sweep_standby(day: Day, _command: commands.SweepStandby, now_at: datetime) -> list[Event]:
    """Admit who is on standby and fits by now, for time itself makes room when less happens than was expected."""
    if day.suspended_at(now_at) is not None:
        return []
    admitted, _ = admitted_from_standby(day, now_at)
    return admitted


def recall_ticket(day: Day, command: commands.RecallTicket, now_at: datetime) -> list[Event]:
    """Show and speak the number again. Raises WrongState, HallSuspended."""
    ticket = day.ticket(command.ticket)
    _require(ticket, TicketState.CALLED)
    refuse_if_suspended(day, now_at)
    return [events.TicketRecalled(ticket=ticket.id)]


def start_ticket(day: Day, command: commands.StartTicket, _now_at: datetime) -> list[Event]:
    """The person is here. Raises WrongState."""
    ticket = day.ticket(command.ticket)
    _require(ticket, TicketState.CALLED)
    return [events.TicketStarted(ticket=ticket.id)]


def finish_ticket(day: Day, command: commands.FinishTicket, now_at: datetime) -> list[Event]:
    """End the visit at the counter, or the stage. Raises WrongState, BodyInvalid."""
    ticket = day.ticket(command.ticket)
    return [_finish(day, ticket, command.finish, now_at)[0]]


def mark_no_show(day: Day, command: commands.MarkNoShow, _now_at: datetime) -> list[Event]:
    """Called, and nobody came. Raises WrongState."""
    ticket = day.ticket(command.ticket)
    _require(ticket, TicketState.CALLED)
    return [events.TicketNoShow(ticket=ticket.id)]


def park_ticket(day: Day, command: commands.ParkTicket, _now_at: datetime) -> list[Event]:
    """Put aside. Raises WrongState, BodyInvalid for an unknown reason code."""
    ticket = day.ticket(command.ticket)
    _require(ticket, TicketState.WAITING, TicketState.CALLED, TicketState.SERVING)
    if command.reason is not None:
        _require_reason(day.plan, command.reason)
    return [events.TicketParked(ticket=ticket.id, reason=command.reason)]


def resume_ticket(day: Day, command: commands.ResumeTicket, now_at: datetime) -> list[Event]:
    """Bring back at max(queue time, return - penalty).

    Raises:
        WrongState: neither parked nor a no-show, a no-show for the second time, or more than 30 minutes ago.
        HallClosed: the day was closed.
    """
    ticket = day.ticket(command.ticket)
    _require(ticket, TicketState.PARKED, TicketState.NO_SHOW)
    if ticket.state is TicketState.NO_SHOW:
        assert ticket.no_show_at is not None
        too_late = day.unsuspended_s(ticket.no_show_at, now_at) > RETURN_WITHIN_S
        if too_late or ticket.returns >= RETURNS_MAX:
            raise WrongState(ticket.state)
    if day.closed:
        raise hall_closed(day, now_at)
    floor_at = now_at - timedelta(seconds=day.plan.rules.park_penalty_s)
    if ticket.floor_at is not None:
        floor_at = max(floor_at, ticket.floor_at)
    queue_at = dispatch.queue_time(day.plan, ticket.class_, ticket.reference_at, floor_at, ticket.late_from_at)
    ahead, wait = outlook_of(day, replace(ticket, queue_at=queue_at, raised=False), now_at)
    return [events.TicketResumed(ticket=ticket.id, floor_at=floor_at, ahead=ahead, wait=wait)]


def transfer_ticket(day: Day, command: commands.TransferTicket, now_at: datetime) -> list[Event]:
    """Send a person at a counter on, or put them back, at the old place in the order.

    Raises:
        WrongState: not at a counter.
        ServiceNotFound, CounterNotFound: no such thing today.
        BodyInvalid: a stage that is not of the service, or a counter that does not serve it.
    """
    ticket = day.ticket(command.ticket)
    _require(ticket, TicketState.CALLED, TicketState.SERVING)
    service = ticket.service if command.service is None else day.service(command.service).id
    stages = day.plan.services[service].stages
    if command.service is not None and (url := day.plan.services[service].online_url) is not None:
        raise OnlineOnly(url)
    stage = command.stage
    if command.counter is not None:
        target = day.counter(command.counter)
        if service not in target.services:
            raise BodyInvalid(("counter", "does not serve this service"))
        stage = stage or target.stage
        if stage != target.stage:
            raise BodyInvalid(("counter", "is not of this stage"))
    if stage is None:
        stage = ticket.stage if ticket.stage in stages or service == ticket.service else stages[0]
    elif stage not in stages:
        raise BodyInvalid(("stage", "is not a stage of this service"))
    return [_release(day, replace(ticket, service=service, stage=stage, for_counter=command.counter), now_at)]


def check_papers(day: Day, command: commands.CheckPapers, now_at: datetime) -> list[Event]:
    """Keep which papers are missing; then let the ticket stay, wait at the next stage, or be put aside.

    Who advances a ticket with papers missing says both in one breath: it goes on, and is not prechecked.

    Raises:
        WrongState: the visit is over; not at a counter, to advance; parked already, to park.
        BodyInvalid: an unknown paper, or a last stage, to advance.
    """
    ticket = day.ticket(command.ticket)
    _require(ticket, *_FROM_PAPERS[command.then])
    _require_papers(day.plan, ticket, command.missing)
    stages = day.plan.services[ticket.service].stages
    if command.then is PapersThen.ADVANCE and ticket.stage not in stages[:-1]:
        raise BodyInvalid(("then", "this is the last stage"))
    now = replace(ticket, papers=command.missing, missing=command.missing, prechecked=not command.missing)
    checked = events.PapersChecked(ticket=ticket.id, missing=command.missing)
    match command.then:
        case PapersThen.PARK:
            return [checked, events.TicketParked(ticket=ticket.id)]
        case PapersThen.ADVANCE:
            return [checked, _finish(day, now, Finish(Outcome.DONE), now_at)[0]]
        case PapersThen.STAY if ticket.state is TicketState.WAITING:
            ahead, wait = outlook_of(day, now, now_at)
            return [replace(checked, ahead=ahead, wait=wait)]
        case _:
            return [checked]


_FROM_PAPERS: dict[PapersThen, tuple[TicketState, ...]] = {
    PapersThen.STAY: (TicketState.WAITING, TicketState.CALLED, TicketState.SERVING, TicketState.PARKED),
    PapersThen.ADVANCE: (TicketState.CALLED, TicketState.SERVING),
    PapersThen.PARK: (TicketState.WAITING, TicketState.CALLED, TicketState.SERVING),
}


def undo_ticket(day: Day, command: commands.UndoTicket, now_at: datetime) -> list[Event]:
    """Take back a finish or no-show within 30 seconds.

    Raises:
        WrongState: something else, or too late.
        CodeUsed: the right to return that it gave was used.
        CounterClosed, CounterBusy: its counter cannot have the person back: it is not open and not to be opened again,
            or has somebody who is not to be released, or is another than `present`.
    """
    ticket = day.ticket(command.ticket)
    _require(ticket, TicketState.DONE, TicketState.NO_SHOW)
    ended_at = ticket.finished_at if ticket.state is TicketState.DONE else ticket.no_show_at
    if ended_at is None or now_at - ended_at > timedelta(seconds=UNDO_WITHIN_S) or ticket.last_counter is None:
        raise WrongState(ticket.state)
    if ticket.id in day.returned:
        raise CodeUsed
    counter = day.counter(ticket.last_counter)
    if command.reopen and counter.state is not CounterState.OPEN:
        opened = open_counter(day, _as_before(day, counter), now_at)
        return [*opened, events.TicketUndone(ticket=ticket.id)]
    released = []
    if command.release and counter.ticket is not None:
        released = _vacate(day, counter, now_at, release=True, present=command.present)
    if not released:
        _require_free(counter)
    return [*released, events.TicketUndone(ticket=ticket.id)]


def _as_before(day: Day, counter: Counter) -> commands.OpenCounter:
    """Open a counter for what it was open for when it was closed, as far as the plan still has that."""
    before = day.open_before.get(counter.id)
    if counter.state is not CounterState.CLOSED or before is None:
        return commands.OpenCounter(counter.id)  # a break ends for what it began with
    planned = day.plan.services
    services = tuple(name for name in before.services if name in planned and planned[name].offered)
    stage = before.stage if before.stage in day.plan.names.stages else None
    return commands.OpenCounter(counter.id, services or None, stage)


# Counters.


def open_counter(day: Day, command: commands.OpenCounter, _now_at: datetime) -> list[Event]:
    """Open a counter, or end its break.

    Raises:
        CounterNotFound, ServiceNotFound: no such thing today.
        WrongState: it is open.
        BodyInvalid: no such stage.
    """
    counter = day.counter(command.counter)
    planned = day.plan.counters[counter.id]
    if not planned.offered:
        raise CounterNotFound
    if counter.state is CounterState.OPEN:
        raise WrongState(counter.state)
    paused = counter.state is CounterState.PAUSED
    services = command.services or (counter.services if paused else planned.services)
    for name in command.services or ():
        day.service(name)
    stage = command.stage or (counter.stage if paused else planned.stage)
    if stage not in day.plan.names.stages:
        raise BodyInvalid(("stage", "the hall has no such stage"))
    return [events.CounterOpened(counter=counter.id, services=services, stage=stage)]


def pause_counter(day: Day, command: commands.PauseCounter, now_at: datetime) -> list[Event]:
    """Take a break.

    Raises:
        CounterBusy: a person is there, and is not to be released, or is another than `present`.
        WrongState: it is not open, or `present` is said and nobody is there.
        BodyInvalid: an unknown reason code, or an end in the past.
    """
    counter = day.counter(command.counter)
    if counter.state is not CounterState.OPEN:
        raise WrongState(counter.state)
    if command.reason is not None:
        _require_reason(day.plan, command.reason)
    if command.until_at is not None and command.until_at <= now_at:
        raise BodyInvalid(("until_at", "is in the past"))
    paused = events.CounterPaused(counter=counter.id, reason=command.reason, until_at=command.until_at)
    return [*_vacate(day, counter, now_at, release=command.release, present=command.present), paused]


def close_counter(day: Day, command: commands.CloseCounter, now_at: datetime) -> list[Event]:
    """Close a counter.

    Raises:
        CounterBusy: a person is there, and is not to be released, or is another than `present`.
        WrongState: it is closed, or `present` is said and nobody is there.
    """
    counter = day.counter(command.counter)
    if counter.state is CounterState.CLOSED:
        raise WrongState(counter.state)
    closed = events.CounterClosed(counter=counter.id)
    return [*_vacate(day, counter, now_at, release=command.release, present=command.present), closed]


def call_next(day: Day, command: commands.CallNext, now_at: datetime) -> list[Event]:
    """Call the ticket with the earliest queue time among those this counter serves; first finish the present one.

    Returns:
        The finish, if one was asked for and a person is there, who has waited too long by now, then one `TicketCalled`
        with the reason it was next; no call when nobody waits.

    Raises:
        CounterClosed, CounterBusy: the counter cannot take a person; busy also when another than `present` is there.
        HallSuspended, HallClosed: not now.

    Source: DESIGN 6, "Next call: credit".
    """
    counter = day.counter(command.counter)
    _refuse_calls(day, now_at)
    decided: list[Event] = []
    moved: Ticket | None = None
    if counter.ticket is not None and command.present not in {None, counter.ticket}:
        raise CounterBusy(counter.ticket)
    if counter.ticket is not None and command.finish is not None and counter.state is CounterState.OPEN:
        event, moved = _finish(day, day.ticket(counter.ticket), command.finish, now_at)
        decided.append(event)
    else:
        _require_free(counter)
    raised, after, moved = _raise_long_waits(day, now_at, moved)
    found = dispatch.choose_next(after, counter, moved)
    if found is not None:
        ticket, reason = found
        decided += raised
        decided.append(events.TicketCalled(ticket=ticket.id, counter=counter.id, stage=counter.stage, reason=reason))
    return decided


def call_ticket(day: Day, command: commands.CallTicket, now_at: datetime) -> list[Event]:
    """Call this one, out of order.

    Raises:
        CounterClosed, CounterBusy: the counter cannot take a person.
        WrongState: the ticket is not waiting.
        BodyInvalid: an unknown reason code, or the counter's stage is no part of the ticket's service.
        HallSuspended, HallClosed: not now.
    """
    counter = day.counter(command.counter)
    ticket = day.ticket(command.ticket)
    _require_reason(day.plan, command.reason)
    _refuse_calls(day, now_at)
    _require_free(counter)
    _require(ticket, TicketState.WAITING)
    if counter.stage not in day.plan.services[ticket.service].stages:
        raise BodyInvalid(("ticket", "this counter's stage is no part of its service"))
    before = dispatch.count_ahead(day, ticket)
    reason = dispatch.call_reason(day.plan, ticket, ahead_of=before, code=command.reason)
    return [events.TicketCalled(ticket=ticket.id, counter=counter.id, stage=counter.stage, reason=reason)]


def at_optional_stage(day: Day, command: commands.AtOptionalStage, now_at: datetime) -> list[Event]:
    """Decide what a volunteer asks. Raises OnlyAtOptionalStages, and what the command itself may."""
    if not volunteer_rights.may(day, command.command):
        raise OnlyAtOptionalStages
    return _DECIDERS[type(command.command)](day, command.command, now_at)


# The hall.


def post_notice(day: Day, command: commands.PostNotice, _now_at: datetime) -> list[Event]:
    """Put words on the screens. Raises BodyInvalid for an unknown zone."""
    for zone in command.notice.zones:
        if zone not in day.plan.names.zones:
            raise BodyInvalid(("zones", f"no zone is named {zone!r}"))
    return [events.NoticePosted(notice=command.notice)]


def remove_notice(day: Day, command: commands.RemoveNotice, _now_at: datetime) -> list[Event]:
    """Take words off the screens. Raises NoticeNotFound."""
    if command.notice not in day.notices:
        raise NoticeNotFound
    return [events.NoticeRemoved(notice=command.notice)]


def suspend(_day: Day, command: commands.Suspend, now_at: datetime) -> list[Event]:
    """Stop issuing and calling; again with other words or another end. Raises BodyInvalid for an end in the past."""
    if command.until_at is not None and command.until_at <= now_at:
        raise BodyInvalid(("until_at", "is in the past"))
    return [events.SuspensionBegan(text=command.text, until_at=command.until_at)]


def lift_suspension(day: Day, command: commands.LiftSuspension, now_at: datetime) -> list[Event]:
    """Go on; nothing to do when the hall is not suspended."""
    if day.suspension is None or (command.due and day.suspended_at(now_at) is not None):
        return []
    return [events.SuspensionEnded()]


def open_overtime(day: Day, command: commands.OpenOvertime, now_at: datetime) -> list[Event]:
    """Go on after closing; again with another end or other counters.

    Raises:
        HallClosed: the day was closed, the hall is not open today, or its document allows no overtime.
        BodyInvalid: an end in the past, before closing, or after the day.
    """
    until_at = command.until_at
    if day.closed or not day.regular.windows or not day.regular.overtime:
        raise hall_closed(day, now_at)
    if until_at <= now_at:
        raise BodyInvalid(("until_at", "is in the past"))
    if until_at > day.regular.ends_at:
        raise BodyInvalid(("until_at", "is after the end of the day"))
    if day.regular.closing_before(until_at) is None:
        raise BodyInvalid(("until_at", "is not after closing"))
    return [events.OvertimeOpened(until_at=until_at, counters=command.counters)]


def end_overtime(day: Day, _command: commands.EndOvertime, _now_at: datetime) -> list[Event]:
    """Close when the plan says; nothing to do when there is no overtime."""
    return [] if day.overtime is None else [events.OvertimeEnded()]


def raise_alarm(day: Day, command: commands.RaiseAlarm, _now_at: datetime) -> list[Event]:
    """Call all staff for help, whatever the hall's state. Raises CounterNotFound."""
    if command.counter is not None:
        day.counter(command.counter)
    return [events.AlarmRaised(alarm=command.alarm, counter=command.counter, kiosk=command.kiosk)]


def clear_alarm(day: Day, command: commands.ClearAlarm, _now_at: datetime) -> list[Event]:
    """Help came. Raises AlarmNotFound."""
    if command.alarm not in day.alarms:
        raise AlarmNotFound
    return [events.AlarmCleared(alarm=command.alarm)]


def close_day(day: Day, command: commands.CloseDay, now_at: datetime) -> list[Event]:
    """Issue and call no more; who still waits may come back, and nobody who has booked needs to come.

    Nothing to do when closed already.

    Raises:
        WrongDay: another date is meant.
    """
    if command.on is not None and command.on != day.on:
        raise WrongDay(command.on.isoformat())
    if day.closed:
        return []
    return [*_leave_unserved(day), *cancel_those_to_come(day, now_at), events.DayClosed()]


def end_day(day: Day, _command: commands.EndDay, now_at: datetime) -> list[Event]:
    """Close the books: nothing stays open.

    Appointments are missed and holds over, the waiting leave unserved, forgotten finishes and no-shows are written, and
    counters close. A finish after which the visit would have gone on is none: its person waits, and leaves unserved.
    """
    decided = [*leave_open_ones(day), *_leave_unserved(day)]
    for counter in day.counters.values():
        if counter.ticket is not None:
            ticket = day.tickets[counter.ticket]
            if ticket.state is TicketState.CALLED:
                decided.append(events.TicketNoShow(ticket=ticket.id))
            elif _following(day.plan, ticket) is None:
                decided.append(events.TicketFinished(ticket=ticket.id, outcome=Outcome.DONE, forgotten=True))
            else:
                decided.append(_release(day, ticket, now_at, forgotten=True))
        if counter.state is not CounterState.CLOSED:
            decided.append(events.CounterClosed(counter=counter.id))
    return [*decided, events.DayEnded()]


def change_plan(day: Day, command: commands.ChangePlan, _now_at: datetime) -> list[Event]:
    """Take over a changed document, what was learned, or the reading of both by a newer release.

    What people wait for and counters in use are kept.

    Raises:
        WrongDay: the plan is of another date.
    """
    if command.plan.day != day.on:
        raise WrongDay(command.plan.day.isoformat())
    if command.plan.version <= day.plan.version:
        return []
    return [events.PlanChanged(plan=_carried_over(day, command.plan))]


def sweep_no_shows(day: Day, _command: commands.SweepNoShows, now_at: datetime) -> list[Event]:
    """Recall at 60, 120 and 180 seconds, pass over at 240, by clocks that stand still while suspended."""
    if not day.plan.rules.auto_no_show or day.suspended_at(now_at):
        return []
    decided: list[Event] = []
    for counter in day.counters.values():
        ticket = day.tickets[counter.ticket] if counter.ticket is not None else None
        if ticket is None or ticket.state is not TicketState.CALLED or ticket.called_at is None:
            continue
        called_s = day.unsuspended_s(ticket.called_at, now_at)
        if called_s >= AUTO_NO_SHOW_AFTER_S:
            decided.append(events.TicketNoShow(ticket=ticket.id))
        elif ticket.calls < AUTO_CALLS_MAX and called_s >= AUTO_RECALL_AFTER_S * ticket.calls:
            decided.append(events.TicketRecalled(ticket=ticket.id))
    return decided


# What several of them share.


def _require(ticket: Ticket, *states: TicketState) -> None:
    if ticket.state not in states:
        raise WrongState(ticket.state)


def _require_free(counter: Counter) -> None:
    if counter.state is not CounterState.OPEN:
        raise CounterClosed
    if counter.ticket is not None:
        raise CounterBusy(counter.ticket)


def _require_reason(plan: Plan, code: str) -> None:
    if code not in plan.reasons:
        raise BodyInvalid(("reason", "is not among the hall's reason codes"))


def _refuse_second(day: Day, browser: str | None) -> None:
    """One walk-in at a time for each browser; who was called and did not come may take another number."""
    taken = None if browser is None else day.browsers.get(browser)
    if taken is not None and day.tickets[taken].state not in _OVER:
        raise AlreadyWaiting(taken)


_OVER = frozenset({TicketState.DONE, TicketState.LEFT, TicketState.NO_SHOW})


def _require_papers(plan: Plan, ticket: Ticket, missing: tuple[str, ...]) -> None:
    papers = plan.missing | set(plan.services[ticket.service].papers)
    for code in missing:
        if code not in papers:
            raise BodyInvalid(("missing", f"{code!r} is not among the hall's codes or the service's papers"))


def _refuse_calls(day: Day, now_at: datetime) -> None:
    """Calls run from the first opening of the day until it is closed; late ones are served after closing time."""
    refuse_if_suspended(day, now_at)
    from_at = calls_begin_at(day)
    if from_at is None or now_at < from_at:
        raise hall_closed(day, now_at)


def _finish(day: Day, ticket: Ticket, finish: Finish, now_at: datetime) -> tuple[Event, Ticket | None]:
    """End the visit or the stage; the second value is the ticket as it waits again, if it does."""
    _require(ticket, TicketState.CALLED, TicketState.SERVING)
    plan = day.plan
    if finish.outcome is not Outcome.CONDITIONAL and (finish.missing or finish.due_on):
        raise BodyInvalid(("outcome", "missing papers and a due date belong to conditional"))
    _require_papers(plan, ticket, finish.missing)
    if finish.due_on is not None and finish.due_on < day.on:
        raise BodyInvalid(("due_on", "is in the past"))
    if finish.due_on is not None and finish.due_on > day.on + timedelta(days=DUE_AFTER_DAYS_MAX):
        raise BodyInvalid(("due_on", f"is more than {DUE_AFTER_DAYS_MAX} days ahead"))
    following = _following(plan, ticket) if finish.outcome is Outcome.DONE else None
    if following is None:
        due_on = finish.due_on
        if finish.outcome is Outcome.CONDITIONAL and due_on is None:
            due_on = day.on + timedelta(days=DUE_AFTER_DAYS)
        return (
            events.TicketFinished(ticket=ticket.id, outcome=finish.outcome, missing=finish.missing, due_on=due_on),
            None,
        )
    service, stage, then = following
    moved = replace(
        ticket,
        service=service,
        stage=stage,
        then=then,
        prechecked=ticket.prechecked and service == ticket.service,
        state=TicketState.WAITING,
        for_counter=None,
    )
    ahead, wait = outlook_of(day, moved, now_at)
    return (
        events.TicketAdvanced(
            ticket=ticket.id,
            service=service,
            stage=stage,
            then=then,
            unchecked=ticket.prechecked and not moved.prechecked,
            ahead=ahead,
            wait=wait,
        ),
        moved,
    )


def _following(plan: Plan, ticket: Ticket) -> tuple[ServiceId, StageId, tuple[ServiceId, ...]] | None:
    """The next stage of a visit, then the next service of it; None after the last."""
    stages = plan.services[ticket.service].stages
    if ticket.stage in stages and ticket.stage != stages[-1]:
        return ticket.service, stages[stages.index(ticket.stage) + 1], ticket.then
    for position, name in enumerate(ticket.then):
        service = plan.services.get(name)
        if service is not None:
            return name, service.stages[0], ticket.then[position + 1 :]
    return None


def _release(day: Day, moved: Ticket, now_at: datetime, *, forgotten: bool = False) -> Event:
    """Send a person at a counter back into the queue; `moved` is the ticket with where it shall wait."""
    unchecked = moved.prechecked and moved.service != day.ticket(moved.id).service
    moved = replace(moved, state=TicketState.WAITING, prechecked=moved.prechecked and not unchecked)
    ahead, wait = outlook_of(day, moved, now_at)
    return events.TicketReleased(
        ticket=moved.id,
        service=moved.service,
        stage=moved.stage,
        counter=moved.for_counter,
        unchecked=unchecked,
        forgotten=forgotten,
        ahead=ahead,
        wait=wait,
    )


def _vacate(day: Day, counter: Counter, now_at: datetime, *, release: bool, present: TicketId | None) -> list[Event]:
    """Put back who is at a counter: `present`, where that is said, and nobody else."""
    if counter.ticket is None:
        if present is not None:
            raise WrongState(counter.state)
        return []
    if not release or present not in {None, counter.ticket}:
        raise CounterBusy(counter.ticket)
    return [_release(day, day.ticket(counter.ticket), now_at)]


def _raise_long_waits(
    day: Day, now_at: datetime, moved: Ticket | None = None
) -> tuple[list[Event], Day, Ticket | None]:
    """Raise who has waited too long, and who is `moved` by the same command and has.

    The day after it, the same one when there is nobody, and the ticket that is moved are as they are then.
    """
    raised: list[Event] = []
    after = day
    for ticket in list(dispatch.overdue_walk_ins(day, now_at, moved)):
        queue_at = dispatch.queue_time(
            day.plan, ticket.class_, ticket.reference_at, ticket.floor_at, ticket.late_from_at, raised=True
        )
        up = replace(ticket, queue_at=queue_at, raised=True)
        ahead, wait = outlook_of(after, up, now_at)
        event = events.TicketRaised(ticket=ticket.id, ahead=ahead, wait=wait)
        raised.append(event)
        if moved is ticket:
            moved = up
        else:
            after = day_with_event(day, after, event, now_at)
    return raised, after, moved


def _leave_unserved(day: Day) -> list[Event]:
    return [
        events.TicketLeft(ticket=ticket.id, reason=LeftReason.UNSERVED)
        for ticket in day.tickets.values()
        if TicketState.LEFT in TICKET_SUCCESSORS[ticket.state]
    ]


_WAITS = (
    events.TicketTaken,
    events.TicketAdvanced,
    events.TicketReleased,
    events.TicketResumed,
    events.TicketParked,
)


def _nobody_waits(decided: list[Event]) -> list[Event]:
    """What is decided on a day that was closed, or ends: nobody is called any more, so who would wait again leaves.

    So does who is put aside: nobody can bring them back.
    """
    left: list[Event] = []
    for event in decided:
        left.append(event)
        if isinstance(event, _WAITS):
            left.append(events.TicketLeft(ticket=event.ticket, reason=LeftReason.UNSERVED))
    return left


def _carried_over(day: Day, plan: Plan) -> Plan:
    """A new plan that keeps, not offered, the services of today's tickets and appointments, and the counters in use.

    Counters that served such a service go on serving it, and a finish can still be taken back.
    """
    used = {name for ticket in day.tickets.values() for name in (ticket.service, *ticket.then)}
    used.update(one.service for one in day.appointments.values())
    kept = {
        name: replace(service, offered=False)
        for name, service in day.plan.services.items()
        if name in used and name not in plan.services
    }
    counters = dict(plan.counters)
    for counter_id, before in day.plan.counters.items():
        now = counters.get(counter_id)
        if now is not None:
            more = tuple(name for name in before.services if name in kept)
            counters[counter_id] = replace(now, services=now.services + more)
        elif day.counters[counter_id].state is not CounterState.CLOSED:
            counters[counter_id] = replace(before, offered=False)
    return replace(plan, services=plan.services | kept, counters=counters)


_DECIDERS: dict[type[Any], Callable[[Day, Any, datetime], list[Event]]] = {
    commands.TakeTicket: take_ticket,
    commands.ChangeTicket: change_ticket,
    commands.LeaveQueue: leave_queue,
    commands.RateTicket: rate_ticket,
    commands.RecallTicket: recall_ticket,
    commands.StartTicket: start_ticket,
    commands.FinishTicket: finish_ticket,
    commands.MarkNoShow: mark_no_show,
    commands.ParkTicket: park_ticket,
    commands.ResumeTicket: resume_ticket,
    commands.TransferTicket: transfer_ticket,
    commands.UndoTicket: undo_ticket,
    commands.CheckPapers: check_papers,
    commands.OpenCounter: open_counter,
    commands.PauseCounter: pause_counter,
    commands.CloseCounter: close_counter,
    commands.CallNext: call_next,
    commands.CallTicket: call_ticket,
    commands.PostNotice: post_notice,
    commands.RemoveNotice: remove_notice,
    commands.Suspend: suspend,
    commands.LiftSuspension: lift_suspension,
    commands.OpenOvertime: open_overtime,
    commands.EndOvertime: end_overtime,
    commands.RaiseAlarm: raise_alarm,
    commands.ClearAlarm: clear_alarm,
    commands.CloseDay: close_day,
    commands.EndDay: end_day,
    commands.ChangePlan: change_plan,
    commands.SweepNoShows: sweep_no_shows,
    commands.SweepLongWaits: sweep_long_waits,
    commands.SweepStandby: sweep_standby,
    commands.LeaveForAppointment: leave_for_appointment,
    commands.AtOptionalStage: at_optional_stage,
    **appointments.DECIDERS,
    **check_ins.DECIDERS,
    **kiosks.DECIDERS,
}
