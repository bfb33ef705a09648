"""Handlers of halls: list, show, rules, board and entrance code."""

import asyncio

from aiohttp import web
from msgspec import to_builtins

from display.board import board_of, zone_exists
from service.api.app_keys import CLOCK, ENTRANCE, HALLS, LANES, SETTINGS
from service.api.halls.answers import EntranceSeen, HallList, HallSeen, HoursSeen, RulesSeen
from service.api.halls.hall_view import hall_view
from service.api.http.json_response import answer
from service.api.http.path_parts import hall_of
from service.api.http.query import limit_of, text_cursor_of
from service.api.shared.qr_codes import qr_modules
from service.domain.calendar.plan import DUE_AFTER_DAYS
from service.domain.calendar.times import stamp
from service.domain.day import Day
from service.domain.decide.check_ins import CHECK_IN_BEFORE_S
from service.domain.events import Event, SuspensionBegan
from service.domain.model import MISSED_AFTER_S, RETURN_WITHIN_S, Suspension, ZoneId
from service.domain.refusals import BodyInvalid, Busy
from service.errors import StorageUnavailable
from service.runtime.fault_isolation import isolated
from service.runtime.hall import Hall


async def list_(request: web.Request) -> web.Response:
    """List all halls by id, each in its current state."""
    limit = limit_of(request)
    cursor = text_cursor_of(request)
    halls = [hall for hall in request.app[HALLS].known() if hall.id > cursor]
    page = halls[:limit]
    items = await asyncio.gather(*(_listed(request, hall) for hall in page))
    found = [item for item in items if item is not None]
    return answer(HallList(found, page[-1].id if len(halls) > limit else None))


async def _listed(request: web.Request, hall: Hall) -> HallSeen | None:
    """A hall as an item of a list; `None` if an error in this hall occurs. Raises Busy."""
    with isolated("hall_not_listed", hall.id, reraise=Busy):
        return hall_view(request, hall, await _day_of(request, hall))
    return None


async def _day_of(request: web.Request, hall: Hall) -> Day:
    """A hall's present day: as last known if it cannot be read, or as it would begin if it has not begun."""
    lanes, now_at = request.app[LANES], request.app[CLOCK].now_at()
    on = hall.day_at(now_at)
    goes_on: tuple[Event, ...] = ()
    try:
        day = await lanes.day_if_begun(hall)
        if day is None:
            goes_on = await lanes.carried_over_events(hall.id, on)
    except StorageUnavailable:
        day = lanes.in_memory(hall.id, on)
    if day is None or not day.opened:
        day = Day(hall.id, on)
        day.set_plan(hall.plan(on))
        for event in goes_on:
            if isinstance(event, SuspensionBegan):
                day.suspension = Suspension(event.text, now_at, event.until_at)
    day.advance_to(now_at)
    return day


async def show(request: web.Request) -> web.Response:
    """Show a hall: services with their papers and current waits, zones, and whether it is open."""
    hall_id = hall_of(request)
    hall = await request.app[HALLS].get(hall_id)
    day = await request.app[LANES].day(hall_id)
    return answer(hall_view(request, hall, day))


async def rules(request: web.Request) -> web.Response:
    """Show the rules for the order of calls, and the texts of the codes that visitors see."""
    document = (await request.app[HALLS].get(hall_of(request))).document
    said = document.rules
    codes = (*document.codes.missing, *document.codes.ratings)
    return answer(
        RulesSeen(
            credit_s=to_builtins(said.credit_s),
            early_s=said.early_s,
            check_in_before_s=CHECK_IN_BEFORE_S,
            grace_s=said.grace_s,
            missed_after_s=MISSED_AFTER_S,
            doors_before_s=said.doors_before_s,
            back_within_s=RETURN_WITHIN_S,
            park_penalty_s=said.park_penalty_s,
            returns_within_days=DUE_AFTER_DAYS,
            hours=[HoursSeen(list(one.weekdays), one.from_, one.to) for one in document.hours],
            horizon_days=document.booking.horizon_days,
            per_person=document.booking.per_person,
            admission=document.admission,
            ratings=list(document.codes.ratings),
            words={code: dict(document.texts[code]) for code in codes if code in document.texts},
        )
    )


async def board(request: web.Request) -> web.Response:
    """Show the board of the lobby screens, of one zone or of the whole hall."""
    day = await request.app[LANES].day(hall_of(request))
    said = request.query.get("zone")
    zone = ZoneId(said) if said else None
    if not zone_exists(day, zone):
        raise BodyInvalid(("zone", "the hall has no such zone"))
    return answer(board_of(day, zone, request.app[CLOCK].now_at()))


async def show_entrance(request: web.Request) -> web.Response:
    """Show the entrance code for the screen at the door. It changes every minute."""
    hall = hall_of(request)
    await request.app[HALLS].get(hall)
    entrance, now_at = request.app[ENTRANCE], request.app[CLOCK].now_at()
    code = entrance.code(hall, now_at)
    url = f"{request.app[SETTINGS].public_url}/halls/{hall}?entrance={code}"
    return answer(EntranceSeen(code, url, list(qr_modules(url)), stamp(entrance.shown_until(now_at))))
