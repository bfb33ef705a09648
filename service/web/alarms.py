"""Calls about alarms: a silent call for help to all staff, which no screen shows."""

from aiohttp import web

from service.domain import commands
from service.domain.events import AlarmRaised
from service.domain.times import stamp
from service.ids import new_id
from service.web.answers import AlarmMade, answer
from service.web.forms import AlarmForm, Nothing
from service.web.requests import ask, caller, hall_of, read


async def raise_(request: web.Request) -> web.Response:
    """Call all staff for help, silently."""
    hall, form = hall_of(request), await read(request, AlarmForm)
    given = await ask(request, caller(request), hall, commands.RaiseAlarm(new_id(), form.counter))
    assert given.done is not None, "an alarm is an event"
    part = given.done.parts[0]
    assert isinstance(part.event, AlarmRaised), "and nothing else"
    seen = AlarmMade(id=part.event.alarm, counter=part.event.counter, at=stamp(part.at), seq=part.seq)
    return answer(seen, 201, Location=f"/v1/halls/{hall}/alarm/{seen.id}")


async def clear(request: web.Request) -> web.Response:
    """Say that help came."""
    await read(request, Nothing)
    await ask(request, caller(request), hall_of(request), commands.ClearAlarm(request.match_info["alarm"].lower()))
    return web.Response(status=204)
