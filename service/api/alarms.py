"""Calls about alarms: a silent call for help to all staff, which no screen shows."""

from aiohttp import web

from service.api.answers import AlarmMade, answer
from service.api.auth import Role
from service.api.forms import AlarmForm, Nothing
from service.api.guard import kiosk_of
from service.api.requests import ask, caller, hall_of, read
from service.domain import commands
from service.domain.calendar.times import stamp
from service.domain.events import AlarmRaised
from service.primitives.ids import new_id


async def raise_(request: web.Request) -> web.Response:
    """Call all staff for help, silently; from a kiosk they hear which."""
    hall, who, form = hall_of(request), caller(request), await read(request, AlarmForm)
    kiosk = (await kiosk_of(request)).name if who.role is Role.KIOSK else None
    given = await ask(request, who, hall, commands.RaiseAlarm(new_id(), form.counter, kiosk))
    assert given.done is not None, "an alarm is an event"
    part = given.done.parts[0]
    assert isinstance(part.event, AlarmRaised), "and nothing else"
    seen = AlarmMade(
        id=part.event.alarm,
        counter=part.event.counter,
        kiosk=part.event.kiosk,
        at=stamp(part.at),
        seq=part.seq,
    )
    return answer(seen, 201, Location=f"/v1/halls/{hall}/alarm/{seen.id}")


async def clear(request: web.Request) -> web.Response:
    """Say that help came."""
    await read(request, Nothing)
    await ask(request, caller(request), hall_of(request), commands.ClearAlarm(request.match_info["alarm"].lower()))
    return web.Response(status=204)
