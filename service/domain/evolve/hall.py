"""Evolve what concerns the whole hall: suspensions, overtime, notices and alarms."""

from collections.abc import Callable
from typing import Any

from service.domain import events
from service.domain.day import Day
from service.domain.events import Record
from service.domain.evolve.changes import Touched
from service.domain.model import Alarm, Overtime, Suspension


def _suspension_began(day: Day, event: events.SuspensionBegan, record: Record) -> Touched:
    _end_suspension(day, record)
    day.suspension = Suspension(text=event.text, since_at=record.at, until_at=event.until_at)
    return None, None


def _suspension_ended(day: Day, _event: events.SuspensionEnded, record: Record) -> Touched:
    _end_suspension(day, record)
    return None, None


def _end_suspension(day: Day, record: Record) -> None:
    if day.suspension is not None:
        until_at = day.suspension.until_at
        ended_at = record.at if until_at is None else min(until_at, record.at)
        day.suspended_spans = (*day.suspended_spans, (day.suspension.since_at, ended_at))
        day.suspension = None


def _overtime_opened(day: Day, event: events.OvertimeOpened, _record: Record) -> Touched:
    day.set_overtime(Overtime(event.until_at, event.counters))
    return None, None


def _overtime_ended(day: Day, _event: events.OvertimeEnded, _record: Record) -> Touched:
    day.set_overtime(None)
    return None, None


def _alarm_raised(day: Day, event: events.AlarmRaised, record: Record) -> Touched:
    day.alarms[event.alarm] = Alarm(event.alarm, event.counter, record.at, event.kiosk)
    return None, None


def _alarm_cleared(day: Day, event: events.AlarmCleared, _record: Record) -> Touched:
    day.alarms.pop(event.alarm, None)
    return None, None


def _notice_posted(day: Day, event: events.NoticePosted, _record: Record) -> Touched:
    day.notices[event.notice.id] = event.notice
    return None, None


def _notice_removed(day: Day, event: events.NoticeRemoved, _record: Record) -> Touched:
    day.notices.pop(event.notice, None)
    return None, None


EVOLVERS: dict[type[Any], Callable[[Day, Any, Record], Touched]] = {
    events.SuspensionBegan: _suspension_began,
    events.SuspensionEnded: _suspension_ended,
    events.OvertimeOpened: _overtime_opened,
    events.OvertimeEnded: _overtime_ended,
    events.AlarmRaised: _alarm_raised,
    events.AlarmCleared: _alarm_cleared,
    events.NoticePosted: _notice_posted,
    events.NoticeRemoved: _notice_removed,
}
