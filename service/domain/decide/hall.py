"""Decide about the hall as a whole: notices, suspension, overtime and alarms.

Source: CONTRACT 5.
"""

from datetime import datetime

from service.domain import commands, events
from service.domain.admission.door import hall_closed
from service.domain.day import Day
from service.domain.events import Event
from service.domain.refusals import AlarmNotFound, BodyInvalid, NoticeNotFound


def post_notice(day: Day, command: commands.PostNotice, _now_at: datetime) -> list[Event]:
    """Show a notice on the screens. Raises BodyInvalid for an unknown zone."""
    for zone in command.notice.zones:
        if zone not in day.plan.names.zones:
            raise BodyInvalid(("zones", f"no zone is named {zone!r}"))
    return [events.NoticePosted(notice=command.notice)]


def remove_notice(day: Day, command: commands.RemoveNotice, _now_at: datetime) -> list[Event]:
    """Remove a notice from the screens. Raises NoticeNotFound."""
    if command.notice not in day.notices:
        raise NoticeNotFound
    return [events.NoticeRemoved(notice=command.notice)]


def suspend(_day: Day, command: commands.Suspend, now_at: datetime) -> list[Event]:
    """Suspend issuing and calling, or change the text or end of the suspension.

    Raises:
        BodyInvalid: the end is in the past.
    """
    if command.until_at is not None and command.until_at <= now_at:
        raise BodyInvalid(("until_at", "is in the past"))
    return [events.SuspensionBegan(text=command.text, until_at=command.until_at)]


def lift_suspension(day: Day, command: commands.LiftSuspension, now_at: datetime) -> list[Event]:
    """End the suspension. Returns no event if the hall is not suspended."""
    if day.suspension is None or (command.due and day.suspended_at(now_at) is not None):
        return []
    return [events.SuspensionEnded()]


def open_overtime(day: Day, command: commands.OpenOvertime, now_at: datetime) -> list[Event]:
    """Open overtime after closing, or change its end or counters.

    Raises:
        HallClosed: the day has been closed, the hall is not open today, or its document does not allow overtime.
        BodyInvalid: the end is in the past, not after closing, or after the day.
    """
    until_at = command.until_at
    if day.closed or not day.regular_plan.windows or not day.regular_plan.overtime:
        raise hall_closed(day, now_at)
    if until_at <= now_at:
        raise BodyInvalid(("until_at", "is in the past"))
    if until_at > day.regular_plan.ends_at:
        raise BodyInvalid(("until_at", "is after the end of the day"))
    if day.regular_plan.closing_before(until_at) is None:
        raise BodyInvalid(("until_at", "is not after closing"))
    return [events.OvertimeOpened(until_at=until_at, counters=command.counters)]


def end_overtime(day: Day, _command: commands.EndOvertime, _now_at: datetime) -> list[Event]:
    """End overtime, so that the planned closing applies. Returns no event if there is no overtime."""
    return [] if day.overtime is None else [events.OvertimeEnded()]


def raise_alarm(day: Day, command: commands.RaiseAlarm, _now_at: datetime) -> list[Event]:
    """Alert all staff, in any state of the hall. Raises CounterNotFound."""
    if command.counter is not None:
        day.counter(command.counter)
    return [events.AlarmRaised(alarm=command.alarm, counter=command.counter, kiosk=command.kiosk)]


def clear_alarm(day: Day, command: commands.ClearAlarm, _now_at: datetime) -> list[Event]:
    """Clear an alarm. Raises AlarmNotFound."""
    if command.alarm not in day.alarms:
        raise AlarmNotFound
    return [events.AlarmCleared(alarm=command.alarm)]
