"""Calls for whoever watches: all halls at once, the day of one, and the screens that say they are there.

Instants are told rather than seconds until now, so that an answer is the same as long as nothing has happened: its ETag
says so, and a page that looks every few seconds is told nothing anew.
"""

import re
from datetime import datetime
from hashlib import blake2b

import msgspec
from aiohttp import web
from msgspec import Struct

from service.api.access.guard import halls_allowed
from service.api.access.roles import Role, caller_of
from service.api.app_keys import CLOCK, HALLS, LANES, OVERVIEW, REPORTS, SCREENS
from service.api.http.body import read_body
from service.api.http.json_response import JSON_HEADERS, answer
from service.api.http.path_parts import hall_of
from service.api.http.query import text_cursor_of
from service.domain.calendar.times import stamp, stamp_or_none
from service.domain.model import Texts
from service.domain.refusals import BodyInvalid
from service.domain.stats.day_figures import HALF
from service.domain.view import OnDate, Stamp
from service.reports.missing_screens import Screen
from service.reports.overview import HallStatus
from service.reports.present_day import HalfHour, half_hours_of
from service.runtime.fault_isolation import isolated
from service.runtime.hall import Hall

HALLS_MAX = 1000
"""Most halls in one answer: enough for all halls of a province."""

LONG_WAIT_S = 45 * 60
"""A wait that operations act on: longer than most people plan for, and as much as a clerk's lunch can make good."""

PROMISES_FROM, PROMISES_TO = 0.77, 0.83
PROMISES_FAR = 0.67
SCORED_MIN = 20
"""Promises are to hold 77 to 83 times in a hundred, and are far off at 67; few of them say nothing but chance."""

AT = "Paihao-At"
"""A header with the instant of the answer: the body is the same as long as nothing has happened."""

_NUMBER = re.compile(r"[0-9]{1,4}")


class Watch(Struct, frozen=True):
    """What is worth a look: a longest wait of so many seconds; a share of promises held outside of its aim.

    Below `promises_far` it is far from the aim; of fewer than `scored_min` nothing is to be said.
    """

    wait_s: int
    promises_from: float
    promises_to: float
    promises_far: float
    scored_min: int


WATCH = Watch(LONG_WAIT_S, PROMISES_FROM, PROMISES_TO, PROMISES_FAR, SCORED_MIN)


class ScreenGone(Struct, frozen=True):
    """A screen that stopped reporting, and when it last displayed current data."""

    name: str
    zone: str | None
    seen_at: Stamp


class HallWatched(Struct, frozen=True, kw_only=True):
    """A hall as it is now.

    `waiting` are in the order of calls, `standby` outside of it; somebody has waited since `longest_since_at`.
    `counters_open` and `at_counters` are null while they are not known here. `scored` first calls kept or broke what
    was promised today, of which `held` kept it.
    """

    id: str
    name: Texts
    time_zone: str
    day: OnDate
    seq: int
    open: bool
    suspended: bool
    opens_at: Stamp | None
    closing_at: Stamp | None
    overtime_until_at: Stamp | None
    waiting: int
    standby: int
    longest_since_at: Stamp | None
    at_counters: int | None
    counters_open: int | None
    counters_planned: int
    scored: int
    held: int
    screens: int
    screens_gone: list[ScreenGone]


class HallsWatched(Struct, frozen=True, kw_only=True):
    """Halls by id, with the warnings of each."""

    items: list[HallWatched]
    watch: Watch
    next_cursor: str | None


class HalfWatched(Struct, frozen=True, kw_only=True):
    """Half an hour of the present day.

    People who came, with and without an appointment, and those still expected. `capacity` is how many people the
    counters that were open could serve in it, from now on those that are planned; `planned` is the plan's alone.
    """

    from_at: Stamp
    to_at: Stamp
    booked: int
    walk_ins: int
    booked_to_come: int
    walk_ins_to_come: int
    capacity: float
    planned: float


class Waited(Struct, frozen=True):
    """The number of waiting people at a time."""

    at: Stamp
    waiting: int


class DayWatched(Struct, frozen=True, kw_only=True):
    """The present day of a hall until now, and the plan for its rest."""

    hall: str
    day: OnDate
    at: Stamp
    opens_at: Stamp | None
    closes_at: Stamp | None
    halves: list[HalfWatched]
    line: list[Waited]
    seq: int


class ScreenForm(Struct, frozen=True, forbid_unknown_fields=True):
    """The zone that a screen displays; the whole hall by default."""

    zone: str | None = None


async def list_(request: web.Request) -> web.Response:
    """List all halls that the caller may watch, by id. A manager sees the halls that they manage."""
    limit, cursor = _limit(request), text_cursor_of(request)
    seen = await halls_allowed(request, (Role.MANAGER, Role.OPS))
    halls = [hall for hall in request.app[HALLS].known() if hall.id > cursor and (seen is None or hall.id in seen)]
    page = halls[:limit]
    now_at = request.app[CLOCK].now_at()
    screens = request.app[SCREENS]
    items = []
    for now in await request.app[OVERVIEW].of(page):
        with isolated("hall_not_watched", now.hall.id):
            items.append(_seen(now, screens.of(now.hall.id), now_at))
    said = HallsWatched(
        items=items,
        watch=WATCH,
        next_cursor=page[-1].id if len(halls) > limit else None,
    )
    body = msgspec.json.encode(said)
    tag = blake2b(body, digest_size=12).hexdigest()
    headers = {"ETag": f'"{tag}"', AT: stamp(now_at), **JSON_HEADERS}
    if any(known.value in {"*", tag} for known in request.if_none_match or ()):
        return web.Response(status=304, headers=headers)
    return web.Response(body=body, headers={"Content-Type": "application/json", **headers})


async def show(request: web.Request) -> web.Response:
    """Show the present day of a hall: arrivals, people still expected, capacity of counters, people waiting."""
    hall = await request.app[HALLS].get(hall_of(request))
    now_at = request.app[CLOCK].now_at()
    day = await request.app[LANES].day(hall.id)
    observer = await request.app[REPORTS].follow(hall.id, day.on)
    plan = observer.day.plan
    return answer(
        DayWatched(
            hall=hall.id,
            day=day.on.isoformat(),
            at=stamp(now_at),
            opens_at=stamp(plan.windows[0].opens_at) if plan.windows else None,
            closes_at=stamp(plan.windows[-1].closes_at) if plan.windows else None,
            halves=[_half(half) for half in half_hours_of(observer, now_at)],
            line=[Waited(stamp(at), waiting) for at, waiting in observer.waiting_history(now_at)],
            seq=observer.seq,
        )
    )


async def screen_seen(request: web.Request) -> web.Response:
    """Report that a screen displays current data. A screen that stops reporting appears in the overview."""
    hall, caller = await request.app[HALLS].get(hall_of(request)), caller_of(request)
    form = await read_body(request, ScreenForm)
    if form.zone is not None and all(zone.id != form.zone for zone in hall.document.zones):
        raise BodyInvalid(("zone", "the hall has no such zone"))
    kind, _, device = caller.credential.partition(":")
    if kind == "device":  # another's screen has no name by which it could be missed
        await request.app[SCREENS].record_report(hall.id, device, form.zone)
    return web.Response(status=204)


def _limit(request: web.Request) -> int:
    said = request.query.get("limit", str(HALLS_MAX))
    if not _NUMBER.fullmatch(said) or not 1 <= int(said) <= HALLS_MAX:
        raise BodyInvalid(("limit", f"a number from 1 to {HALLS_MAX}"))
    return int(said)


def _seen(now: HallStatus, screens: list[Screen], now_at: datetime) -> HallWatched:
    hall: Hall = now.hall
    return HallWatched(
        id=hall.id,
        name=dict(hall.document.name),
        time_zone=hall.document.time_zone,
        day=now.plan.day.isoformat(),
        seq=now.seq,
        open=now.open,
        suspended=now.suspended,
        opens_at=None if now.open else stamp_or_none(now.plan.opens_at(now_at)),
        closing_at=stamp_or_none(now.plan.closing_at(now_at)),
        overtime_until_at=stamp_or_none(now.overtime_until_at),
        waiting=now.waiting,
        standby=now.standby,
        longest_since_at=stamp_or_none(now.longest_since_at),
        at_counters=now.at_counters,
        counters_open=now.counters_open,
        counters_planned=now.counters_planned,
        scored=now.scored,
        held=now.held,
        screens=len(screens),
        screens_gone=[
            ScreenGone(screen.name, screen.zone, stamp(screen.seen_at))
            for screen in screens
            if now.open and screen.is_missing(now_at)
        ],
    )


def _half(half: HalfHour) -> HalfWatched:
    return HalfWatched(
        from_at=stamp(half.from_at),
        to_at=stamp(half.from_at + HALF),
        booked=half.booked,
        walk_ins=half.walk_ins,
        booked_to_come=half.booked_to_come,
        walk_ins_to_come=half.walk_ins_to_come,
        capacity=round(half.capacity, 1),
        planned=round(half.planned, 1),
    )
