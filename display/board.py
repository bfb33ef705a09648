"""The board: what a lobby screen shows, made of a day. No socket, no clock, no database.

Numbers and counters, never people: a board holds nothing that is anybody's.

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
"""Calls on a board; older ones are on none."""


class Called(Struct, frozen=True):
    """A number that is called or served; `at` is when it was shown last, `again` how often it was recalled."""

    number: str
    counter: CounterId
    zone: ZoneId
    at: Stamp
    again: int


class Waiting(Struct, frozen=True):
    """How many wait for a service, and what a walk-in would be told, and would get, who came now.

    `admission` is null while no number of it is given out.
    """

    service: ServiceId
    count: int
    shown: Shown | None
    admission: AtDoor | None


class CounterShown(Struct, frozen=True):
    """A counter."""

    id: CounterId
    state: CounterState


class NoticeShown(Struct, frozen=True):
    """Words for the screens."""

    id: str
    text: Texts


class ServiceName(Struct, frozen=True):
    """A service, also one that is online only; `offered` is false of one that people wait for, but nobody any more."""

    name: Texts
    prefix: str
    online_url: str | None
    offered: bool | UnsetType = UNSET


class CounterName(Struct, frozen=True):
    """A counter is called after its stage."""

    stage: StageId


class BoardNames(Struct, frozen=True):
    """The words for the ids on the board; of the whole hall, whatever the zone."""

    hall: Texts
    services: dict[ServiceId, ServiceName]
    counters: dict[CounterId, CounterName]
    stages: dict[StageId, Texts]
    zones: dict[ZoneId, Texts]


class Doors(Struct, frozen=True):
    """A span in which numbers are given out."""

    opens_at: Stamp
    closes_at: Stamp


class Board(Struct, frozen=True, kw_only=True, tag_field="type", tag="board"):
    """A whole board, as of `at`.

    `closing_at` is the end of the opening hours of now, or of the next ones today. `doors` are all the spans of today
    in which numbers are given out, those that are over too; none once the day was closed. At `day_ends_at` nobody is
    called any more.
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
    """Screens then show only its text."""


class Alive(Struct, frozen=True, tag_field="type", tag="alive"):
    """Nothing has changed, and that is known: the board or ticket sent last is true as of `at`."""

    day: OnDate
    seq: int
    at: Stamp


encode = json.Encoder().encode


def zone_known(day: Day, zone: ZoneId | None) -> bool:
    """Tell whether the hall has this zone today; None is the whole hall."""
    return zone is None or zone in day.plan.names.zones


def board_of(day: Day, zone: ZoneId | None, now_at: datetime) -> Board:
    """Make the board of a hall, or of one of its zones.

    Args:
        day: an opened day, awake at `now_at`.
        zone: show only its counters and the services they serve; None for the whole hall.
        now_at: the present instant.
    """
    plan = day.plan
    counters = [counter for name in plan.counters if zone in (None, (counter := day.counters[name]).zone)]
    services = _services_of(day, zone)
    in_line = _in_line(day)
    return Board(
        hall=day.hall,
        day=day.on.isoformat(),
        seq=day.seq,
        at=stamp(now_at),
        called=called_of(day, zone),
        waiting=_waiting(day, services, in_line, now_at),
        counters=tuple(CounterShown(counter.id, counter.state) for counter in counters),
        standby=_standby(day, services),
        notices=tuple(
            NoticeShown(notice.id, notice.text)
            for notice in day.notices.values()
            if zone is None or not notice.zones or zone in notice.zones
        ),
        names=_names(day),
        closing_at=None if day.closed else stamp_or_none(plan.closing_at(now_at)),
        doors=() if day.closed else tuple(Doors(stamp(one.opens_at), stamp(one.closes_at)) for one in plan.doors()),
        day_ends_at=stamp(plan.ends_at),
        suspended=suspended_view(day.suspended_at(now_at)),
    )


def called_of(day: Day, zone: ZoneId | None) -> tuple[Called, ...]:
    """The numbers that are called or served, newest first; a recall shows a number anew."""
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
    """When a number was shown last; ties by the first call, then by the issue."""
    assert ticket.recalled_at is not None, "who is at a counter was called there"
    assert ticket.called_at is not None, "likewise"
    return ticket.recalled_at, ticket.called_at, ticket.n


def _services_of(day: Day, zone: ZoneId | None) -> list[PlannedService]:
    """The services with a queue on this board: on offer or still waited for, not online only, served in the zone."""
    plan = day.plan
    queued = [service for service in _shown(day) if service.online_url is None]
    if zone is None:
        return queued
    here = {name for counter in plan.counters.values() if counter.zone == zone for name in counter.services}
    here.update(name for counter in day.counters.values() if counter.zone == zone for name in counter.services)
    return [service for service in queued if service.id in here]


def _shown(day: Day) -> Iterator[PlannedService]:
    """The services on offer, and those that are not any more while people wait for them."""
    for service in day.plan.services.values():
        if service.offered or any(day.queue.counts[service.id, class_] for class_ in TicketClass):
            yield service


def _in_line(day: Day) -> Tally[ServiceId]:
    """How many of each service are in the order of calls, also those who asked not to be called yet."""
    tally: Tally[ServiceId] = Tally(day.tickets[ticket].service for _, ticket in day.queue.deferred)
    for line in day.queue.lines.values():
        tally[line.key.service] += len(line.places)
    return tally


def _waiting(
    day: Day, services: Collection[PlannedService], in_line: Tally[ServiceId], now_at: datetime
) -> tuple[Waiting, ...]:
    """Count and wait of each service, as forecast; else services that share lines share a wait, found once."""
    would_get = admission_preview(day, now_at)
    waits: dict[Pool, Shown | None] = {}
    waiting = []
    for service in services:
        forecast = promised_wait_of_newcomer(day, service.id, now_at)
        if forecast is not None:
            waiting.append(Waiting(service.id, in_line[service.id], forecast.shown, would_get.get(service.id)))
            continue
        pool = day.pools.pool_of(service.id, service.stages[0])
        if pool not in waits:
            waits[pool] = wait_of_newcomer(day, service.id, now_at).shown
        waiting.append(Waiting(service.id, in_line[service.id], waits[pool], would_get.get(service.id)))
    return tuple(waiting)


def _standby(day: Day, services: Collection[PlannedService]) -> int:
    """How many wait outside the order of calls."""
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
            for service in _shown(day)
        },
        counters={counter.id: CounterName(counter.stage) for counter in day.counters.values()},
        stages=plan.names.stages,
        zones=plan.names.zones,
    )
