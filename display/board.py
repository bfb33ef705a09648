"""The board: what a lobby screen shows, computed from a day. Pure: no socket, no clock, no database.

A board contains ticket numbers and counters, and no personal data.

Source: CONTRACT 6.
"""

from collections import Counter as Tally
from collections.abc import Collection, Iterator
from datetime import datetime

from msgspec import UNSET, Struct, UnsetType, json

from service.contract import (
    AtDoor,
    CounterId,
    CounterState,
    Day,
    OnDate,
    PlannedService,
    Pool,
    ServiceId,
    Shown,
    StageId,
    Stamp,
    Suspended,
    Texts,
    Ticket,
    TicketClass,
    ZoneId,
    admission_preview,
    promised_wait_of_newcomer,
    stamp,
    stamp_or_none,
    suspended_view,
    wait_of_newcomer,
)

CALLED_MAX = 12
"""The most calls on a board; older calls are left out."""


class Called(Struct, frozen=True):
    """A number that is called or being served. `at` is its last call or recall, `again` the number of recalls."""

    number: str
    counter: CounterId
    zone: ZoneId
    at: Stamp
    again: int


class Waiting(Struct, frozen=True):
    """How many wait for a service, and what a walk-in who came now would get.

    `shown` is the wait that walk-in would be promised. `admission` is null while no tickets of the service are issued.
    """

    service: ServiceId
    count: int
    shown: Shown | None
    admission: AtDoor | None


class CounterShown(Struct, frozen=True):
    """The state of a counter."""

    id: CounterId
    state: CounterState


class NoticeShown(Struct, frozen=True):
    """A notice."""

    id: str
    text: Texts


class ServiceName(Struct, frozen=True):
    """A service, also an online-only one. `offered` is false if it is no longer offered but has a queue."""

    name: Texts
    prefix: str
    online_url: str | None
    offered: bool | UnsetType = UNSET


class CounterName(Struct, frozen=True):
    """The stage of a counter: its name is the counter's name on screens."""

    stage: StageId


class BoardNames(Struct, frozen=True):
    """The names of all ids on the board. They cover the whole hall, also on the board of a zone."""

    hall: Texts
    services: dict[ServiceId, ServiceName]
    counters: dict[CounterId, CounterName]
    stages: dict[StageId, Texts]
    zones: dict[ZoneId, Texts]


class Doors(Struct, frozen=True):
    """A time span in which tickets are issued."""

    opens_at: Stamp
    closes_at: Stamp


class Board(Struct, frozen=True, kw_only=True, tag_field="type", tag="board"):
    """A whole board, as of `at`.

    `closing_at` is the end of the current opening hours, or of the next ones today. `doors` are all time spans of today
    in which tickets are issued, including past ones; none after the day was closed. Calls end at `day_ends_at`.
    """

    hall: str
    day: OnDate
    seq: int
    at: Stamp
    called: tuple[Called, ...]
    waiting: tuple[Waiting, ...]
    counters: tuple[CounterShown, ...]
    standby: int
    notices: tuple[NoticeShown, ...]
    names: BoardNames
    closing_at: Stamp | None
    doors: tuple[Doors, ...]
    day_ends_at: Stamp
    suspended: Suspended | None
    """While the hall is suspended, screens show only this text."""


class Alive(Struct, frozen=True, tag_field="type", tag="alive"):
    """States that nothing has changed: the board or ticket sent last is still true as of `at`."""

    day: OnDate
    seq: int
    at: Stamp


encode = json.Encoder().encode


def zone_exists(day: Day, zone: ZoneId | None) -> bool:
    """Tell whether the hall has this zone today; None means the whole hall."""
    return zone is None or zone in day.plan.names.zones


def board_of(day: Day, zone: ZoneId | None, now_at: datetime) -> Board:
    """Make the board of a hall, or of one of its zones.

    Args:
        day: an opened day, already moved forward to `now_at`.
        zone: only counters of this zone, and the services they serve; None for the whole hall.
        now_at: the present instant.
    """
    plan = day.plan
    counters = [counter for name in plan.counters if zone in (None, (counter := day.counters[name]).zone)]
    services = _services_of(day, zone)
    queue_lengths = _queue_lengths(day)
    return Board(
        hall=day.hall,
        day=day.on.isoformat(),
        seq=day.seq,
        at=stamp(now_at),
        called=called_of(day, zone),
        waiting=_waiting(day, services, queue_lengths, now_at),
        counters=tuple(CounterShown(counter.id, counter.state) for counter in counters),
        standby=_standby(day, services),
        notices=tuple(
            NoticeShown(notice.id, notice.text)
            for notice in day.notices.values()
            if zone is None or not notice.zones or zone in notice.zones
        ),
        names=_names(day),
        closing_at=None if day.closed else stamp_or_none(plan.closing_at(now_at)),
        doors=()
        if day.closed
        else tuple(Doors(stamp(span.opens_at), stamp(span.closes_at)) for span in plan.door_spans()),
        day_ends_at=stamp(plan.ends_at),
        suspended=suspended_view(day.suspended_at(now_at)),
    )


def called_of(day: Day, zone: ZoneId | None) -> tuple[Called, ...]:
    """Return the numbers that are called or being served, newest first; a recall counts as a new call."""
    at_counters = [
        (day.tickets[counter.ticket], counter)
        for counter in day.counters.values()
        if counter.ticket is not None and zone in (None, counter.zone)
    ]
    at_counters.sort(key=lambda pair: _shown_at(pair[0]), reverse=True)
    return tuple(
        Called(ticket.number, counter.id, counter.zone, stamp(_shown_at(ticket)[0]), ticket.calls - 1)
        for ticket, counter in at_counters[:CALLED_MAX]
    )


def _shown_at(ticket: Ticket) -> tuple[datetime, datetime, int]:
    """Return the sort key of a called number: its last call or recall, then its first call, then its issue."""
    assert ticket.recalled_at is not None, "a ticket at a counter has been called"
    assert ticket.called_at is not None, "a ticket at a counter has been called"
    return ticket.recalled_at, ticket.called_at, ticket.n


def _services_of(day: Day, zone: ZoneId | None) -> list[PlannedService]:
    """Return the services whose queue this board shows: not online-only, and served in the zone."""
    plan = day.plan
    queued = [service for service in _shown_services(day) if service.online_url is None]
    if zone is None:
        return queued
    here = {name for counter in plan.counters.values() if counter.zone == zone for name in counter.services}
    here.update(name for counter in day.counters.values() if counter.zone == zone for name in counter.services)
    return [service for service in queued if service.id in here]


def _shown_services(day: Day) -> Iterator[PlannedService]:
    """Yield the offered services, and services that are no longer offered but still have a queue."""
    for service in day.plan.services.values():
        if service.offered or any(day.queue.counts[service.id, class_] for class_ in TicketClass):
            yield service


def _queue_lengths(day: Day) -> Tally[ServiceId]:
    """Count the tickets of each service in the order of calls, also if the holder asked to be called later."""
    tally: Tally[ServiceId] = Tally(day.tickets[ticket].service for _, ticket in day.queue.deferred)
    for line in day.queue.lines.values():
        tally[line.key.service] += len(line.places)
    return tally


def _waiting(
    day: Day, services: Collection[PlannedService], queue_lengths: Tally[ServiceId], now_at: datetime
) -> tuple[Waiting, ...]:
    """Return the queue length and the wait of each service.

    The wait is the forecast one. Without a forecast it is computed once for all services that share their queues.
    """
    admissions = admission_preview(day, now_at)
    waits: dict[Pool, Shown | None] = {}
    waiting = []
    for service in services:
        forecast = promised_wait_of_newcomer(day, service.id, now_at)
        if forecast is not None:
            waiting.append(Waiting(service.id, queue_lengths[service.id], forecast.shown, admissions.get(service.id)))
            continue
        pool = day.pools.pool_of(service.id, service.stages[0])
        if pool not in waits:
            waits[pool] = wait_of_newcomer(day, service.id, now_at).shown
        waiting.append(Waiting(service.id, queue_lengths[service.id], waits[pool], admissions.get(service.id)))
    return tuple(waiting)


def _standby(day: Day, services: Collection[PlannedService]) -> int:
    """Count the standby tickets of these services."""
    names = {service.id for service in services}
    return sum(day.tickets[ticket].service in names for _, ticket in day.queue.standby)


def _names(day: Day) -> BoardNames:
    plan = day.plan
    return BoardNames(
        hall=plan.names.hall,
        services={
            service.id: ServiceName(
                service.name, service.prefix, service.online_url, UNSET if service.offered else False
            )
            for service in _shown_services(day)
        },
        counters={counter.id: CounterName(counter.stage) for counter in day.counters.values()},
        stages=plan.names.stages,
        zones=plan.names.zones,
    )
