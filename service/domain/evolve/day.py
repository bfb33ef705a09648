"""Evolve the day itself: its plan, its closing and its end."""

from collections.abc import Callable
from typing import Any

from service.domain import events
from service.domain.day import Day
from service.domain.events import Record
from service.domain.evolve.changes import Touched


def _day_opened(day: Day, event: events.DayOpened | events.PlanChanged, _record: Record) -> Touched:
    day.set_plan(event.plan)
    return None, None


def _day_closed(day: Day, _event: events.DayClosed, _record: Record) -> Touched:
    day.closed = day.booking_totals.closed = True
    return None, None


def _day_ended(day: Day, _event: events.DayEnded, _record: Record) -> Touched:
    day.closed = day.booking_totals.closed = True
    day.ended = True
    return None, None


EVOLVERS: dict[type[Any], Callable[[Day, Any, Record], Touched]] = {
    events.DayOpened: _day_opened,
    events.PlanChanged: _day_opened,
    events.DayClosed: _day_closed,
    events.DayEnded: _day_ended,
}
