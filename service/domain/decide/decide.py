"""`decide`: turn a command on a day into events, or raise a Refusal.

Pure: `now_at` is an argument, ids are in the command, and there is no I/O. The caller appends the returned events to
the journal and folds them into the day with `evolve`.

Source: CONTRACT 4 and 5; DESIGN 6.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from service.domain import commands, events
from service.domain.admission.walk_ins import FREES_CAPACITY, admitted_from_standby
from service.domain.commands import Command
from service.domain.day import Day
from service.domain.decide import appointments, check_ins, kiosks, volunteer_rights
from service.domain.decide.calling import (
    call_next,
    call_ticket,
    mark_no_show,
    recall_ticket,
    sweep_long_waits,
    sweep_no_shows,
)
from service.domain.decide.counters import close_counter, open_counter, pause_counter
from service.domain.decide.day import change_plan, close_day, end_day
from service.domain.decide.hall import (
    clear_alarm,
    end_overtime,
    lift_suspension,
    open_overtime,
    post_notice,
    raise_alarm,
    remove_notice,
    suspend,
)
from service.domain.decide.noop_results import noop_result
from service.domain.decide.serving import check_papers, finish_ticket, start_ticket, transfer_ticket
from service.domain.decide.tickets import (
    change_ticket,
    leave_for_appointment,
    leave_queue,
    park_ticket,
    rate_ticket,
    resume_ticket,
    sweep_standby,
    take_ticket,
)
from service.domain.decide.undo import undo_ticket
from service.domain.events import Event
from service.domain.model import LeftReason
from service.domain.refusals import DayHasEnded, OnlyAtOptionalStages


def decide(day: Day, command: Command, now_at: datetime) -> list[Event]:
    """Decide a command on a day.

    Args:
        day: an opened day.
        command: the command.
        now_at: the instant of the command; never before the day's last event.

    Returns:
        The events to append, in order; empty if the command changes nothing.

    Raises:
        Refusal: the rules do not allow the command now.
    """
    if day.ended:
        raise DayHasEnded
    day.advance_to(now_at)
    decided = DECIDERS[type(command)](day, command, now_at)
    if day.closed or isinstance(command, commands.EndDay):
        decided = _with_departures(decided)
    gives_back = bool(day.queue.standby) and not FREES_CAPACITY.isdisjoint(map(type, decided))
    if gives_back and day.suspended_at(now_at) is None:  # during a suspension the sweep admits later
        admitted, _ = admitted_from_standby(day, now_at, decided)
        decided += admitted
    return decided


def decide_with_key(day: Day, command: Command, now_at: datetime) -> list[Event]:
    """Decide a command that has an idempotency key.

    Like `decide`, but a command that changes nothing gives an event that records its key.

    Raises:
        Refusal: the rules do not allow the command now.
    """
    return decide(day, command, now_at) or noop_result(day, command, now_at)


def volunteer_command(day: Day, command: commands.AtOptionalStage, now_at: datetime) -> list[Event]:
    """Decide a volunteer's command. Raises OnlyAtOptionalStages, and the refusals of the command itself."""
    if not volunteer_rights.is_allowed(day, command.command):
        raise OnlyAtOptionalStages
    return DECIDERS[type(command.command)](day, command.command, now_at)


_RETURNS_TO_QUEUE = (
    events.TicketTaken,
    events.TicketAdvanced,
    events.TicketReleased,
    events.TicketResumed,
    events.TicketParked,
)


def _with_departures(decided: list[Event]) -> list[Event]:
    """Let each ticket leave unserved that the events would put back into the queue or park.

    Applies on a day that is closed or ends, where no ticket can be called or resumed any more.
    """
    left: list[Event] = []
    for event in decided:
        left.append(event)
        if isinstance(event, _RETURNS_TO_QUEUE):
            left.append(events.TicketLeft(ticket=event.ticket, reason=LeftReason.UNSERVED))
    return left


DECIDERS: dict[type[Any], Callable[[Day, Any, datetime], list[Event]]] = {
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
    commands.AtOptionalStage: volunteer_command,
    **appointments.DECIDERS,
    **check_ins.DECIDERS,
    **kiosks.DECIDERS,
}
