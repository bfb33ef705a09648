"""Evolve the counters: opened, paused and closed."""

from collections.abc import Callable
from typing import Any

from service.domain import events
from service.domain.day import CounterWork, Day
from service.domain.events import Record, account_of
from service.domain.evolve.changes import Touched, change_counter
from service.domain.model import CounterState


def _counter_opened(day: Day, event: events.CounterOpened, record: Record) -> Touched:
    return None, change_counter(
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


def _counter_paused(day: Day, event: events.CounterPaused, record: Record) -> Touched:
    return None, change_counter(
        day,
        record,
        event.counter,
        state=CounterState.PAUSED,
        reason=event.reason,
        until_at=event.until_at,
        since_at=record.at,
    )


def _counter_closed(day: Day, event: events.CounterClosed, record: Record) -> Touched:
    planned = day.plan.counters[event.counter]
    before = day.counters[event.counter]
    day.work_before_closing[event.counter] = CounterWork(before.services, before.stage)
    return None, change_counter(
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


EVOLVERS: dict[type[Any], Callable[[Day, Any, Record], Touched]] = {
    events.CounterOpened: _counter_opened,
    events.CounterPaused: _counter_paused,
    events.CounterClosed: _counter_closed,
}
