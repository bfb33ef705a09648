"""Notices, suspension, overtime and closing of a hall's day."""

from aiohttp import web

from service.api.access.roles import caller_of
from service.api.app_keys import CLOCK, HALLS, LANES
from service.api.halls.answers import DaySeen, NoticeList, NoticeSeen, OvertimeNow, SuspensionSeen
from service.api.halls.forms import CloseDayForm, NoticeForm, OvertimeForm, SuspensionForm
from service.api.http.body import read_body, to_utc
from service.api.http.json_response import answer
from service.api.http.path_parts import hall_of
from service.api.http.query import id_cursor_of, limit_of
from service.api.shared.execution import execute, execute_only_on
from service.api.shared.form_fields import Nothing
from service.domain import commands
from service.domain.calendar.times import stamp, stamp_or_none
from service.domain.events import NoticePosted, SuspensionBegan
from service.domain.model import Notice, Texts, ZoneId
from service.primitives.ids import new_id


async def post_notice(request: web.Request) -> web.Response:
    """Post a notice on the lobby screens of some zones or of all, until it is removed."""
    hall, caller = hall_of(request), caller_of(request)
    form = await read_body(request, NoticeForm)
    text = _in_languages((await request.app[HALLS].get(hall)).document.languages, form.text)
    notice = Notice(new_id(), text, tuple(ZoneId(zone) for zone in form.zones))
    result = await execute(request, caller, hall, commands.PostNotice(notice))
    assert result.done is not None, "a notice is an event"
    event = result.done.parts[0].event
    assert isinstance(event, NoticePosted), "and nothing else"
    posted = event.notice
    seen = NoticeSeen(id=posted.id, text=posted.text, zones=list(posted.zones), seq=result.seq)
    return answer(seen, 201, Location=f"/v1/halls/{hall}/notices/{posted.id}")


async def list_notices(request: web.Request) -> web.Response:
    """List the notices on the lobby screens, oldest first."""
    hall, limit, cursor = hall_of(request), limit_of(request), id_cursor_of(request)
    day = await request.app[LANES].day(hall)
    found = sorted(notice for notice in day.notices if notice > cursor)  # ids are in the order of time
    items = [
        NoticeSeen(id=notice.id, text=notice.text, zones=list(notice.zones), seq=day.seq)
        for notice in (day.notices[one] for one in found[:limit])
    ]
    return answer(NoticeList(items, items[-1].id if len(found) > limit else None, day.seq))


async def remove_notice(request: web.Request) -> web.Response:
    """Remove a notice from the lobby screens."""
    hall, caller = hall_of(request), caller_of(request)
    await read_body(request, Nothing)
    await execute(request, caller, hall, commands.RemoveNotice(request.match_info["notice"]))
    return web.Response(status=204)


async def suspend(request: web.Request) -> web.Response:
    """Suspend the hall until a time or until lifted, also over midnight. Screens show only the text."""
    hall, caller = hall_of(request), caller_of(request)
    form = await read_body(request, SuspensionForm)
    text = _in_languages((await request.app[HALLS].get(hall)).document.languages, form.text)
    until_at = to_utc("until_at", form.until_at)
    result = await execute(request, caller, hall, commands.Suspend(text, until_at))
    assert result.done is not None, "a suspension is an event"
    part = result.done.parts[0]
    assert isinstance(part.event, SuspensionBegan), "and nothing else"
    text = part.event.text  # of what is asked for again, in the languages that the hall had then
    since_at = stamp(part.at)
    return answer(SuspensionSeen(text=text, since_at=since_at, until_at=stamp_or_none(until_at), seq=result.seq))


async def lift_suspension(request: web.Request) -> web.Response:
    """Lift the suspension."""
    hall, caller = hall_of(request), caller_of(request)
    await read_body(request, Nothing)
    result = await execute(request, caller, hall, commands.LiftSuspension())
    return answer(SuspensionSeen(text=None, since_at=None, until_at=None, seq=result.seq))


async def open_overtime(request: web.Request) -> web.Response:
    """Open overtime until a time. Tickets for it have the admission `overtime`."""
    form = await read_body(request, OvertimeForm)
    until_at = to_utc("until_at", form.until_at)
    assert until_at is not None, "an overtime has an end"
    result = await execute(
        request, caller_of(request), hall_of(request), commands.OpenOvertime(until_at, form.counters)
    )
    return answer(OvertimeNow(until_at=stamp(until_at), counters=form.counters, seq=result.seq))


async def end_overtime(request: web.Request) -> web.Response:
    """End overtime: close at the time in the hall document."""
    await read_body(request, Nothing)
    result = await execute(request, caller_of(request), hall_of(request), commands.EndOvertime())
    return answer(OvertimeNow(until_at=None, counters=None, seq=result.seq))


async def close_day(request: web.Request) -> web.Response:
    """Issue and call no more on `day`, the present one if not said; who still waits leaves as `unserved`.

    They have a right to return. Appointments of the day whose people have not come are cancelled, and do not count as
    missed. It cannot be taken back, so it is done on that day or not at all: `wrong-state` when the day has ended,
    `wrong-day` when it has not begun.
    """
    hall_id, caller = hall_of(request), caller_of(request)
    came_at = request.app[CLOCK].now_at()
    form = await read_body(request, CloseDayForm)
    on = form.day or (await request.app[HALLS].get(hall_id)).day_at(came_at)
    result = await execute_only_on(request, caller, hall_id, commands.CloseDay(on), on)
    return answer(DaySeen(day=result.day.on, closed=True, seq=result.seq))


def _in_languages(languages: list[str], text: str | Texts) -> Texts:
    return dict.fromkeys(languages, text) if isinstance(text, str) else text
